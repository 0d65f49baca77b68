package tools

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// UpdateUserInput says which attributes of a person change.
type UpdateUserInput struct {
	User        string `json:"user" jsonschema:"account id or exact e-mail; a name is refused" maxLength:"255"`
	GivenName   string `json:"given_name,omitempty" jsonschema:"new first name" maxLength:"100"`
	FamilyName  string `json:"family_name,omitempty" jsonschema:"new last name" maxLength:"100"`
	DisplayName string `json:"display_name,omitempty" jsonschema:"new display name" maxLength:"200"`
	Title       string `json:"title,omitempty" jsonschema:"new job title" maxLength:"200"`
	Department  string `json:"department,omitempty" jsonschema:"new department" maxLength:"200"`
}

func (d *Deps) updateUserTool() Tool {
	return Define("update_user", "Change a person's attributes", ToolsetAdmin,
		"Changes SCIM attributes (names, title, department) of a SCIM-managed person and verifies. It never changes whether the account is active, nor the e-mail. "+
			"People outside of SCIM change their own profile.",
		writes, d.updateUser)
}

func (d *Deps) updateUser(ctx context.Context, in UpdateUserInput) (lifecycle.Result, error) {
	target, err := directory.ParseExactTarget(in.User)
	if err != nil {
		return lifecycle.Result{}, err
	}
	attrs := map[string]string{}
	for _, field := range []struct{ argument, attribute, text string }{
		{"given_name", "name.givenName", in.GivenName},
		{"family_name", "name.familyName", in.FamilyName},
		{"display_name", "displayName", in.DisplayName},
		{"title", "title", in.Title},
		{"department", "department", in.Department},
	} {
		value, err := plainText(field.argument, field.text, false)
		if err != nil {
			return lifecycle.Result{}, err
		}
		if value != "" {
			attrs[field.attribute] = value
		}
	}
	if len(attrs) == 0 {
		return lifecycle.Result{}, fault.New(fault.InvalidArgument, "Give at least one of given_name, family_name, display_name, title and department.", "There is nothing to change.")
	}
	return d.Lifecycle.Update(ctx, lifecycle.UpdateRequest{Target: target, Attributes: attrs})
}
