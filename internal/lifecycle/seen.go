package lifecycle

import (
	"fmt"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
)

// Seen is what a report said of somebody when it found them. Who is otherwise by now is left out of what follows from it.
type Seen struct {
	Active bool `json:"active"`
	// LastActive is the day of the last activity, or "never"; "" where the finding is not about that.
	LastActive string `json:"last_active,omitempty"`
}

// outdated says in what the person is no longer as the report said, "" where they are.
func (s *Seen) outdated(p directory.Person) string {
	switch {
	case s == nil:
	case p.Active && !s.Active:
		return "the account is active again since the report"
	case !p.Active && s.Active:
		return "the account has become inactive since the report"
	case s.LastActive != "" && p.LastActive != nil && (s.LastActive == "never" || *p.LastActive > s.LastActive+"\xff"):
		return "the person was active on " + *p.LastActive + ", after what the report knew"
	}
	return ""
}

// leftOut is the plan for somebody for whom nothing is done.
func leftOut(tool string, p directory.Person, why string) Plan {
	warnings := []string{p.Label() + " is left out: " + why + "."}
	if !p.Active && len(p.Groups) > 0 {
		warnings[0] += fmt.Sprintf(" The account still is in %d groups: name the person (user) to have these taken away.", len(p.Groups))
	}
	return Plan{tool: tool, Target: subjectOf(p), Warnings: warnings, left: 1}.seal()
}

// fromReport tells whether somebody was named by a report, and not by the caller.
func fromReport(in intent) bool {
	switch in := in.(type) {
	case OffboardRequest:
		return in.Seen != nil
	case RemoveRequest:
		return in.Seen != nil
	}
	return false
}

// leaveOut leaves those of a report out for whom nothing can be done as asked: whoever hands a finding over can't leave them out themselves. A service that
// does not answer for now leaves nobody out, and where nobody is left the reasons are the answer.
func (b batch) leaveOut(plans []Plan, errs []error) {
	why := make([]string, len(plans))
	open := 0
	for i := range plans {
		f := explain.Fault(errs[i])
		switch {
		case !fromReport(b.items[i]), f != nil && f.Retryable:
		case f != nil:
			why[i] = f.Message
		default:
			why[i] = strings.Join(plans[i].Blockers, " ")
		}
		if why[i] == "" {
			open++
		}
	}
	for i, reason := range why {
		if reason == "" || open == 0 {
			continue
		}
		target := plans[i].Target
		if target.key() == (Subject{}).key() {
			target = Subject{AccountID: whom(b.items[i]), Label: whom(b.items[i])}
		}
		plans[i], errs[i] = Plan{tool: b.kind(), Target: target, Warnings: []string{target.Label + " is left out: " + strings.TrimRight(reason, ".") + "."}, left: 1}.seal(), nil
	}
}
