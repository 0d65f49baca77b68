package review

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// parts are the parts of an offboarding that a rule may name. Deleting an account is for a person alone to ask for.
var parts = slices.DeleteFunc(slices.Clone(lifecycle.OffboardParts), func(p string) bool { return p == lifecycle.PartDeleteAccount })

// chosen is one person whom a rule is about.
type chosen struct {
	target directory.Target
	fix    audit.Call
	reason string
}

// matches tells whether the rule is about what was found. stood tells whether the finding on an account has stood long enough.
func (r Rule) matches(f audit.Found, stood func(accountID string) bool) bool {
	row := f.Row
	switch {
	case row == nil || row.AccountType != directory.AccountTypePerson: // only a person whom Jira lists is changed without having been named
		return false
	case len(r.InGroups) > 0 && !share(r.InGroups, row.Groups),
		share(r.Except.Groups, row.Groups),
		has(r.Except.People, row.AccountID), r.Except.email(emailsOf(row)):
		return false
	}
	return stood(row.AccountID)
}

// emailsOf gives every address that a source has of somebody.
func emailsOf(row *audit.Row) []string {
	if row.Email == "" {
		return row.OtherEmails
	}
	return append([]string{row.Email}, row.OtherEmails...)
}

// email reports whether one of somebody's addresses, or its domain, is excepted. Whoever's addresses are all hidden may be one of the excepted.
func (e Except) email(all []string) bool {
	if len(all) == 0 {
		return len(e.Domains) > 0 || slices.ContainsFunc(e.People, func(p string) bool { return strings.Contains(p, "@") })
	}
	return slices.ContainsFunc(all, func(email string) bool { return has(e.People, email) || has(e.Domains, directory.Domain(email)) })
}

// advised tells whether what the rule does is what the finding advises for this person, or that with groups of the rule's own.
func (r Rule) advised(f audit.Found) bool {
	return f.Fix != nil && (f.Fix.Tool == r.Then || len(r.Groups) > 0 && audit.Mends(f.Code, r.Then, true))
}

// choose gives whom the rule is about, each once, most of them at the most, and how many it leaves out since their finding advises something else.
func (r Rule) choose(found iter.Seq2[audit.Found, error], stood func(string) bool, most int) (people []chosen, others int, more bool, err error) {
	seen := map[string]bool{}
	for f, err := range found {
		if err != nil {
			return nil, 0, false, err
		}
		if !r.matches(f, stood) || seen[f.AccountID] {
			continue
		}
		if len(people) == most {
			return people, others, true, nil
		}
		seen[f.AccountID] = true
		if !r.advised(f) {
			others++
			continue
		}
		target, err := directory.ParseExactTarget(f.AccountID)
		if err != nil {
			continue // an id that can't be named in a call can't be changed either
		}
		c := chosen{target: target, fix: *f.Fix}
		c.reason = cmp.Or(c.fix.Arguments.Reason, f.Detail)
		people = append(people, c)
	}
	return people, others, false, nil
}

// offboardings are the requests of a rule that offboards.
func (r Rule) offboardings(people []chosen) []lifecycle.OffboardRequest {
	var list []lifecycle.OffboardRequest
	for _, p := range people {
		steps := r.Steps
		if len(steps) == 0 && p.fix.Tool == thenOffboard {
			steps = p.fix.Arguments.Steps
		}
		list = append(list, lifecycle.OffboardRequest{Target: p.target, Parts: steps, Terms: lifecycle.Terms{Reason: p.reason}})
	}
	return list
}

// removals are the requests of a rule that takes people out of groups: out of its own, or those of the finding.
func (r Rule) removals(people []chosen) []lifecycle.RemoveRequest {
	var list []lifecycle.RemoveRequest
	for _, p := range people {
		groups := r.Groups
		if len(groups) == 0 && p.fix.Tool == thenRemove {
			groups = p.fix.Arguments.Groups
		}
		list = append(list, lifecycle.RemoveRequest{Target: p.target, Groups: groups, Terms: lifecycle.Terms{Reason: p.reason}})
	}
	return list
}

// String says in a line what the rule does.
func (r Rule) String() string {
	what := "offboards"
	if r.Then == thenRemove {
		what = "takes out of groups"
	}
	how := "after a person's approval"
	if r.Apply {
		how = "without asking anybody"
	}
	since := ""
	if r.ForDays > 0 {
		since = fmt.Sprintf(" that has stood for %d days", r.ForDays)
	}
	return fmt.Sprintf("%s: %s whoever has the finding %s%s, %s", r.Name, what, r.Finding, since, how)
}

func has(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), text) })
}

func share(a, b []string) bool {
	return slices.ContainsFunc(b, func(s string) bool { return has(a, s) })
}
