package review

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// Reviewer makes the reports that are due and proposes what its rules find.
type Reviewer struct {
	Plan    Plan
	Audit   *audit.Auditor
	Changes *lifecycle.Service
	Journal *journal.Store
	// Site names what is reviewed, so that workers of two sites on one journal don't wait for each other.
	Site string
	// Batch is the most people whom one rule's batch changes.
	Batch int
	Log   *slog.Logger
	Now   func() time.Time // nil = time.Now
}

// most is how many people whom a rule finds are looked at in one review.
const most = 10_000

// lookAgain is how often a worker looks whether another one has died.
const lookAgain = time.Minute

// Run makes each review when it is due, until ctx ends.
func (r *Reviewer) Run(ctx context.Context) {
	for ctx.Err() == nil {
		next, err := r.Once(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.Error("the review of access failed", "error", err, "again", next)
		}
		wait := min(max(next.Sub(r.now()), time.Second), lookAgain)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// Once makes the review that is due, if one is, and tells when to look again.
func (r *Reviewer) Once(ctx context.Context) (next time.Time, err error) {
	turns := r.turns()
	t, err := turns.read(ctx)
	if err != nil {
		return r.now().Add(lookAgain), err
	}
	if due := t.due(r.Plan.Every()); r.now().Before(due) {
		return due, nil
	}
	err = turns.hold(ctx, t, r.review)
	if errors.Is(err, errLost) { // the other one tells of it
		return r.now().Add(lookAgain), nil
	}
	if err != nil {
		return r.now().Add(retryAfter), err
	}
	return r.now().Add(r.Plan.Every()), nil
}

// Due tells when the next report is made, and which was the last. The zero time is when a worker next looks.
func (r *Reviewer) Due(ctx context.Context) (next time.Time, last string, err error) {
	t, err := r.turns().read(ctx)
	return t.due(r.Plan.Every()), t.Report, err
}

func (r *Reviewer) turns() turns {
	return turns{journal: r.Journal, name: "review " + r.Site, owner: rand.Text(), now: r.now}
}

// review makes one report, and what follows from it. After a crash all of it is done again: a person for whom something waits already is left out, so
// nothing is proposed twice.
func (r *Reviewer) review(ctx context.Context) (report string, err error) {
	ctx = request.With(ctx, request.Info{ID: "review-" + rand.Text()[:8], Caller: "worker"})
	result, err := r.Audit.Run(ctx, audit.Options{
		InactiveDays: r.Plan.InactiveDays, Export: r.Plan.ExportPath, Roster: r.Plan.RosterPath, ConfirmRoster: r.Plan.ConfirmRoster, Limit: 1,
	})
	if err != nil {
		return "", err
	}
	report = result.Report.ID
	r.Log.InfoContext(ctx, "access reviewed", "report", report, "accounts", result.Counts.Total, "findings", result.Report.Findings)
	strange, err := r.Plan.strangeGroups(ctx, r.Audit.Jira)
	if err != nil {
		return report, err
	}
	var errs []error
	for i, rule := range r.Plan.Rules {
		if len(strange[i]) > 0 {
			r.Log.ErrorContext(ctx, "a rule does nothing until its groups are mended", "rule", rule.Name, "why", noSuchGroups(strange[i]))
			continue
		}
		if err := r.apply(ctx, rule, report); err != nil {
			errs = append(errs, fmt.Errorf("rule %s: %w", rule.Name, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return report, err
	}
	return report, r.prune(ctx)
}

// apply proposes what a rule finds in a report.
func (r *Reviewer) apply(ctx context.Context, rule Rule, report string) error {
	stood, err := r.stood(ctx, rule, report)
	if err != nil {
		return err
	}
	people, others, more, err := rule.choose(r.Audit.Found(report, rule.Finding), stood, most)
	if err != nil {
		return err
	}
	if others > 0 {
		r.Log.InfoContext(ctx, "a rule leaves out people whose finding advises something else; the report has them", "rule", rule.Name, "people", others)
	}
	if more {
		r.Log.WarnContext(ctx, "a rule finds more people than it looks at in one review", "rule", rule.Name, "people", most)
	}
	proposal := lifecycle.Proposal{Rule: rule.Name, Reason: fmt.Sprintf("Rule %s, finding %s of %s", rule.Name, rule.Finding, report), Agreed: rule.Apply}
	var out lifecycle.Proposed
	switch offboardings, removals := rule.offboardings(people), rule.removals(people); {
	case rule.Then == thenOffboard && len(offboardings) > 0:
		out, err = r.Changes.ProposeOffboarding(ctx, offboardings, proposal)
	case rule.Then == thenRemove && len(removals) > 0:
		out, err = r.Changes.ProposeRemoval(ctx, removals, proposal)
	}
	if err != nil {
		return err
	}
	if out.Next > 0 {
		r.Log.InfoContext(ctx, "a batch is full; the others come with the next review", "rule", rule.Name, "others", out.Next)
	}
	for _, p := range out.LeftOut {
		r.Log.InfoContext(ctx, "a rule leaves somebody out", "rule", rule.Name, "person", p.Person, "why", p.Problem)
	}
	if out.OperationID != "" {
		r.Log.InfoContext(ctx, "a rule has prepared a change", "rule", rule.Name, "operation", out.OperationID, "status", out.Status, "people", out.People)
	}
	return nil
}

// prune removes the reports that are no longer kept.
func (r *Reviewer) prune(ctx context.Context) error {
	if r.Plan.KeepDays == 0 {
		return nil
	}
	removed, err := r.Audit.Prune(audit.Retention{Keep: 1, MaxAge: time.Duration(r.Plan.KeepDays) * 24 * time.Hour})
	if len(removed) > 0 {
		r.Log.InfoContext(ctx, "old reports removed", "reports", len(removed))
	}
	return err
}

func (r *Reviewer) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}
