package tools

import (
	"context"
	"strings"
	"unicode"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// ProvisionUserInput says who shall have access.
type ProvisionUserInput struct {
	Email       string   `json:"email" jsonschema:"work e-mail; it decides the route by its domain" maxLength:"254"`
	GivenName   string   `json:"given_name" jsonschema:"first name" maxLength:"100"`
	FamilyName  string   `json:"family_name" jsonschema:"last name" maxLength:"100"`
	DisplayName string   `json:"display_name,omitempty" jsonschema:"given and family name when left out" maxLength:"200"`
	Title       string   `json:"title,omitempty" jsonschema:"job title; SCIM only" maxLength:"200"`
	Department  string   `json:"department,omitempty" jsonschema:"department; SCIM only" maxLength:"200"`
	Groups      []string `json:"groups,omitempty" jsonschema:"groups to be in: ids or exact names" maxItems:"50" maxLength:"255"`
	Products    []string `json:"products,omitempty" jsonschema:"products that an invitation gives; the server's default when left out" enum:"jira-core,jira-servicedesk,jira-product-discovery,jira-software" maxItems:"4"`
	Route       string   `json:"route,omitempty" jsonschema:"auto (default) takes SCIM for the directory's own domains and a Jira invitation otherwise" enum:"auto,scim,jira"`
	DryRun      bool     `json:"dry_run,omitempty" jsonschema:"return the plan and change nothing"`
}

func (d *Deps) provisionUserTool() Tool {
	return Define("provision_user", "Onboard a person", ToolsetLifecycle,
		"Gives a person access: creates the account through SCIM or invites it through Jira, adds groups, and verifies by reading back. "+
			"Safe to repeat: whoever has the e-mail already is completed, or reactivated, never created twice. An invitation sends a mail. "+
			"For groups of somebody who is already there use add_user_to_group.",
		writes, d.provisionUser)
}

func (d *Deps) provisionUser(ctx context.Context, in ProvisionUserInput) (lifecycle.Result, error) {
	email, err := directory.ParseEmail(in.Email)
	if err != nil {
		return lifecycle.Result{}, err
	}
	who := lifecycle.Newcomer{Email: email, Products: in.Products, Route: in.Route}
	for _, field := range []struct {
		name, text string
		required   bool
		into       *string
	}{
		{"given_name", in.GivenName, true, &who.GivenName},
		{"family_name", in.FamilyName, true, &who.FamilyName},
		{"display_name", in.DisplayName, false, &who.DisplayName},
		{"title", in.Title, false, &who.Title},
		{"department", in.Department, false, &who.Department},
	} {
		if *field.into, err = plainText(field.name, field.text, field.required); err != nil {
			return lifecycle.Result{}, err
		}
	}
	return d.Lifecycle.Provision(ctx, lifecycle.ProvisionRequest{Who: who, Groups: in.Groups, DryRun: in.DryRun})
}

// plainText trims a text that will be stored upstream, and refuses characters that nobody sees.
func plainText(name, text string, required bool) (string, error) {
	value := strings.TrimSpace(text)
	if value == "" && required {
		return "", fault.New(fault.InvalidArgument, "Give it a value.", "The argument %s is empty.", name)
	}
	if strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
	}) {
		return "", fault.New(fault.InvalidArgument, "Type it again without copying.", "The argument %s contains control or invisible characters.", name)
	}
	return value, nil
}
