package tools

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// ListGroupsInput chooses groups.
type ListGroupsInput struct {
	Query      string `json:"query,omitempty" jsonschema:"part of the group name; every group when left out" maxLength:"255"`
	AccessType string `json:"access_type,omitempty" jsonschema:"only groups that grant this access; not together with query" enum:"site-admin,admin,user"`
	Limit      int    `json:"limit,omitempty" jsonschema:"groups a page, 25 when left out" minimum:"1" maximum:"200"`
	Cursor     string `json:"cursor,omitempty" jsonschema:"next_cursor of the page before, with the same arguments"`
}

// ListGroupsOutput is one page of groups.
type ListGroupsOutput struct {
	Groups     []directory.Group `json:"groups"`
	Total      int               `json:"total" jsonschema:"how many groups there are; -1 when not counted"`
	NextCursor string            `json:"next_cursor" jsonschema:"empty on the last page"`
}

func (d *Deps) listGroupsTool() Tool {
	return Define("list_groups", "List groups", ToolsetDirectory,
		"Lists the site's groups with their ids and the side (Jira or SCIM) that may change each. Use it to find the exact name or id that the write tools take, "+
			"or with access_type the groups that make administrators. For who is in a group use list_group_members.",
		reads, d.listGroups)
}

func (d *Deps) listGroups(ctx context.Context, in ListGroupsInput) (ListGroupsOutput, error) {
	query := strings.TrimSpace(in.Query)
	if query != "" {
		if in.AccessType != "" {
			return ListGroupsOutput{}, fault.New(fault.InvalidArgument, "Leave one of them out.", "The arguments query and access_type can't be combined.")
		}
		var err error
		if query, err = directory.CheckGroup(query); err != nil {
			return ListGroupsOutput{}, err
		}
	}
	page, err := d.Directory.ListGroups(ctx, query, in.AccessType, cmp.Or(in.Limit, defaultLimit), in.Cursor)
	if err != nil {
		return ListGroupsOutput{}, err
	}
	return ListGroupsOutput{Groups: page.Groups, Total: page.Total, NextCursor: page.Next}, nil
}

// Text lists the groups, a line each.
func (o ListGroupsOutput) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d groups on this page.", len(o.Groups))
	for _, g := range o.Groups {
		fmt.Fprintf(&b, "\n- %s, group_id %s, managed by %s", g.Name, g.ID, g.ManagedBy)
	}
	writeNext(&b, o.NextCursor)
	return b.String()
}
