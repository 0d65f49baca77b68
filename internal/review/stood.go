package review

import (
	"context"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
)

// stood gives a test for whether a finding on an account has stood in the reports for as long as the rule wants. A report that could not have had the finding, as one
// that was made without the roster, says nothing of it.
func (r *Reviewer) stood(ctx context.Context, rule Rule, report string) (func(account string) bool, error) {
	if rule.ForDays == 0 {
		return func(string) bool { return true }, nil
	}
	ids, err := r.Audit.Reports() // the newest first
	if err != nil {
		return nil, err
	}
	now, err := r.Audit.Summary(report)
	if err != nil {
		return nil, err
	}
	open, err := r.onPeople(report, rule.Finding) // those of whom it is not known yet
	if err != nil {
		return nil, err
	}
	long, stood, blind := r.now().Add(-time.Duration(rule.ForDays)*24*time.Hour), map[string]bool{}, 0
	for _, id := range ids {
		if id >= report || len(open) == 0 {
			continue
		}
		old, err := r.Audit.Summary(id)
		if err != nil {
			return nil, err
		}
		here, err := r.onPeople(id, rule.Finding)
		if err != nil {
			return nil, err
		}
		could, passed := audit.CouldFind(old, now), false
		made, ok := audit.Made(id)
		for account, f := range open {
			_, found := here[account]
			switch {
			case found && ok && !made.After(long):
				stood[account] = true
				delete(open, account)
			case found:
			case could(f):
				delete(open, account)
			default:
				passed = true
			}
		}
		if passed {
			blind++
		}
	}
	if blind > 0 {
		r.Log.InfoContext(ctx, "a rule passes over reports that could not have had its finding", "rule", rule.Name, "reports", blind)
	}
	return func(account string) bool { return stood[account] }, nil
}

// onPeople gives the findings of a kind by account, with no more than what tells which reports could have them.
func (r *Reviewer) onPeople(report string, code audit.Code) (map[string]audit.Finding, error) {
	all := map[string]audit.Finding{}
	for f, err := range r.Audit.FindingsOf(report) {
		if err != nil {
			return nil, err
		}
		if f.Code != code || f.AccountID == "" {
			continue
		}
		lean := audit.Finding{Code: f.Code}
		for _, e := range f.Evidence {
			lean.Evidence = append(lean.Evidence, audit.Evidence{Source: e.Source})
		}
		all[f.AccountID] = lean
	}
	return all, nil
}
