package tools

import (
	"context"
	"fmt"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
)

// LookupUserInput names one person.
type LookupUserInput struct {
	User    string   `json:"user" jsonschema:"account id, exact e-mail, or a display name that only one person has" maxLength:"255"`
	Include []string `json:"include,omitempty" jsonschema:"parts to return; groups and scim are returned when it is left out" enum:"groups,scim" maxItems:"2"`
}

// LookupUserOutput is the person.
type LookupUserOutput struct {
	Person directory.Person `json:"person"`
}

func (d *Deps) lookupUserTool() Tool {
	return Define("lookup_user", "Look up a person", ToolsetDirectory,
		"Returns one person joined from Jira, SCIM and the organization: account id, state, groups with the side that manages each, and where every fact came from. "+
			"Start here before any change, to be sure of the person. An exact e-mail also finds people whose e-mail Jira hides and inactive SCIM people. "+
			"For several people or part of a name use search_users.",
		reads, d.lookupUser)
}

func (d *Deps) lookupUser(ctx context.Context, in LookupUserInput) (LookupUserOutput, error) {
	target, err := directory.ParseTarget(in.User)
	if err != nil {
		return LookupUserOutput{}, err
	}
	person, err := d.Directory.Resolve(ctx, target)
	if err != nil {
		return LookupUserOutput{}, err
	}
	d.Directory.RecallActivity(ctx, &person)
	if err := d.Directory.CheckOrganization(); err != nil {
		person.Warnings = append(person.Warnings, "The organization was not asked: "+explain.Fault(err).Error())
	}
	if len(in.Include) > 0 {
		kept := strings.Join(in.Include, ",")
		if !strings.Contains(kept, "groups") {
			person.Groups = []directory.GroupRef{}
		}
		if !strings.Contains(kept, "scim") {
			person.SCIM = nil
		}
	}
	return LookupUserOutput{Person: person}, nil
}

// Text tells the person in a few lines.
func (o LookupUserOutput) Text() string {
	var b strings.Builder
	p := o.Person
	fmt.Fprintf(&b, "%s: %s, %s account.\n", p.Label(), activity(p.Active), p.AccountType)
	fmt.Fprintf(&b, "Account id: %s\n", orNone(p.AccountID))
	fmt.Fprintf(&b, "E-mail: %s (%s)\n", orNone(p.Email), p.EmailSource)
	switch {
	case p.SCIM != nil:
		fmt.Fprintf(&b, "SCIM: %s, %s, id %s\n", p.SCIM.UserName, activity(p.SCIM.Active), p.SCIM.ID)
	default:
		b.WriteString("SCIM: no user linked\n")
	}
	if o := p.Org; o != nil {
		fmt.Fprintf(&b, "Organization: %s, %s%s\n", o.Status, map[bool]string{true: "managed", false: "not managed"}[p.Managed != nil && *p.Managed], roles(o.Roles))
	}
	switch {
	case p.LastActive != nil:
		fmt.Fprintf(&b, "Last active here: %s\n", *p.LastActive)
	case p.LastActiveNote != "":
		fmt.Fprintf(&b, "Last active here: not known; %s\n", p.LastActiveNote)
	}
	fmt.Fprintf(&b, "Groups (%d):", len(p.Groups))
	for i, g := range p.Groups {
		if i == 50 {
			fmt.Fprintf(&b, " and %d more", len(p.Groups)-i)
			break
		}
		fmt.Fprintf(&b, "\n- %s (managed by %s)", g.Name, g.ManagedBy)
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "\nNote: %s", w)
	}
	return b.String()
}

func roles(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return ", roles " + strings.Join(names, ", ")
}

func activity(active bool) string {
	if active {
		return "active"
	}
	return "inactive"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
