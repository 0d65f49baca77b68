package tools

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// ListGroupMembersInput names a group.
type ListGroupMembersInput struct {
	Group           string `json:"group" jsonschema:"group id or exact name" maxLength:"255"`
	IncludeInactive bool   `json:"include_inactive,omitempty" jsonschema:"also members whose account is inactive"`
	Limit           int    `json:"limit,omitempty" jsonschema:"members a page, 25 when left out" minimum:"1" maximum:"50"`
	Cursor          string `json:"cursor,omitempty" jsonschema:"next_cursor of the page before, with the same arguments"`
}

// ListGroupMembersOutput is one page of members.
type ListGroupMembersOutput struct {
	Group      directory.Group    `json:"group"`
	Members    []directory.Person `json:"members"`
	Total      int                `json:"total" jsonschema:"how many members there are; -1 when not counted"`
	NextCursor string             `json:"next_cursor" jsonschema:"empty on the last page"`
}

func (d *Deps) listGroupMembersTool() Tool {
	return Define("list_group_members", "List a group's members", ToolsetDirectory,
		"Lists the people in one group. Use it to see who a change to the group would touch, or who holds what it grants; for the groups of one person use lookup_user.",
		reads, d.listGroupMembers)
}

func (d *Deps) listGroupMembers(ctx context.Context, in ListGroupMembersInput) (ListGroupMembersOutput, error) {
	page, err := d.Directory.ListMembers(ctx, in.Group, in.IncludeInactive, cmp.Or(in.Limit, defaultLimit), in.Cursor)
	if err != nil {
		return ListGroupMembersOutput{}, err
	}
	return ListGroupMembersOutput{Group: page.Group, Members: page.Members, Total: page.Total, NextCursor: page.Next}, nil
}

// Text lists the members, a line each.
func (o ListGroupMembersOutput) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (managed by %s): %d members on this page.", o.Group.Name, o.Group.ManagedBy, len(o.Members))
	writePeople(&b, o.Members)
	writeNext(&b, o.NextCursor)
	return b.String()
}
