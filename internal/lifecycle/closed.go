package lifecycle

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// closedGroups are the groups among those asked for that an identity provider fills, so that nothing here may change who is in them.
type closedGroups struct {
	ids    map[string]bool
	unread error // why the organization did not tell, where it was asked
}

func (s *Service) closedAmong(ctx context.Context, asked []string) (c closedGroups) {
	c.ids, c.unread = s.directory.ReadOnlyAmong(ctx, asked)
	return c
}

// blocks plans a blocker for each of the groups that an identity provider fills, and gives the others.
func (c closedGroups) blocks(p *Plan, groups []directory.Group) []directory.Group {
	var open []directory.Group
	for _, g := range groups {
		if g.SCIMID == "" && c.ids[g.ID] {
			p.Blockers = append(p.Blockers, "An identity provider fills the group "+g.Name+", so neither Jira nor the organization may put anybody into it: do that there, or set ATLASSIAN_SCIM_DIRECTORY_ID and ATLASSIAN_SCIM_TOKEN so that it can be done here.")
			continue
		}
		open = append(open, g)
	}
	if c.unread != nil && len(open) > 0 {
		p.Warnings = append(p.Warnings, filledUnknown+explainText(c.unread))
	}
	return open
}

const filledUnknown = "Which of the groups an identity provider fills is not known, and Jira refuses to change those (400): "
