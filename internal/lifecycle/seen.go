package lifecycle

import "github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"

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
	return Plan{tool: tool, Target: subjectOf(p), Warnings: []string{p.Label() + " is left out: " + why + "."}}.seal()
}
