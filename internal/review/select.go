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
		has(r.Except.People, row.AccountID), row.Email != "" && has(r.Except.People, row.Email),
		row.Email != "" && has(r.Except.Domains, directory.Domain(row.Email)):
		return false
	// Whoever's e-mail is hidden may be one of the excepted.
	case row.Email == "" && (len(r.Except.Domains) > 0 || slices.ContainsFunc(r.Except.People, func(p string) bool { return strings.Contains(p, "@") })):
		return false
	}
	return stood(row.AccountID)
}

// choose gives whom the rule is about, each once, most of them at the most.
func (r Rule) choose(found iter.Seq2[audit.Found, error], stood func(string) bool, most int) (people []chosen, more bool, err error) {
	seen := map[string]bool{}
	for f, err := range found {
		if err != nil {
			return nil, false, err
		}
		if !r.matches(f, stood) || seen[f.AccountID] {
			continue
		}
		if len(people) == most {
			return people, true, nil
		}
		seen[f.AccountID] = true
		target, err := directory.ParseExactTarget(f.AccountID)
		if err != nil {
			continue // an id that can't be named in a call can't be changed either
		}
		c := chosen{target: target}
		if f.Fix != nil {
			c.fix = *f.Fix
		}
		c.reason = cmp.Or(c.fix.Arguments.Reason, f.Detail)
		people = append(people, c)
	}
	return people, false, nil
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

// removals are the requests of a rule that takes people out of groups. Whoever's finding names no group is left out.
func (r Rule) removals(people []chosen) []lifecycle.RemoveRequest {
	var list []lifecycle.RemoveRequest
	for _, p := range people {
		groups := r.Groups
		if len(groups) == 0 && p.fix.Tool == thenRemove {
			groups = p.fix.Arguments.Groups
		}
		if len(groups) > 0 {
			list = append(list, lifecycle.RemoveRequest{Target: p.target, Groups: groups, Terms: lifecycle.Terms{Reason: p.reason}})
		}
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
