package tools

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// SearchUsersInput is part of a name or e-mail.
type SearchUsersInput struct {
	Query  string `json:"query" jsonschema:"start of a word of the name, or of a visible e-mail" maxLength:"255"`
	Limit  int    `json:"limit,omitempty" jsonschema:"people a page, 25 when left out" minimum:"1" maximum:"100"`
	Cursor string `json:"cursor,omitempty" jsonschema:"next_cursor of the page before, with the same query"`
}

// SearchUsersOutput is one page of people.
type SearchUsersOutput struct {
	Users      []directory.Person `json:"users"`
	NextCursor string             `json:"next_cursor" jsonschema:"empty on the last page"`
	Truncated  bool               `json:"truncated" jsonschema:"true when Jira's search stopped at its 1,000th match"`
}

func (d *Deps) searchUsersTool() Tool {
	return Define("search_users", "Search people", ToolsetDirectory,
		"Lists active people whose name or visible e-mail begins with the query, without their groups. Use it when you know part of a name; "+
			"use lookup_user for one known person, and audit_active_users for everybody or for inactive people, whom Jira's search leaves out.",
		reads, d.searchUsers)
}

func (d *Deps) searchUsers(ctx context.Context, in SearchUsersInput) (SearchUsersOutput, error) {
	query, err := directory.CheckQuery(in.Query)
	if err != nil {
		return SearchUsersOutput{}, err
	}
	found, err := d.Directory.Search(ctx, query, cmp.Or(in.Limit, defaultLimit), in.Cursor)
	if err != nil {
		return SearchUsersOutput{}, err
	}
	return SearchUsersOutput{Users: found.People, NextCursor: found.Next, Truncated: found.Truncated}, nil
}

// Text lists the people, a line each.
func (o SearchUsersOutput) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d people on this page.", len(o.Users))
	writePeople(&b, o.Users)
	if o.Truncated {
		b.WriteString("\nJira's search stops at 1,000 matches: narrow the query, or use audit_active_users for everybody.")
	}
	writeNext(&b, o.NextCursor)
	return b.String()
}

func writePeople(b *strings.Builder, people []directory.Person) {
	for _, p := range people {
		fmt.Fprintf(b, "\n- %s, %s, %s, account_id %s", p.DisplayName, cmp.Or(p.Email, "e-mail hidden"), activity(p.Active), orNone(p.AccountID))
	}
}

func writeNext(b *strings.Builder, cursor string) {
	if cursor != "" {
		fmt.Fprintf(b, "\nThere is more: call again with cursor %s", cursor)
	}
}
