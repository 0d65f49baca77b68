package tools

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// ProvisionUserInput says who shall have access: one person, or one of People and CSVPath.
type ProvisionUserInput struct {
	Email       string           `json:"email,omitempty" jsonschema:"work e-mail; it decides the route by its domain" maxLength:"254"`
	GivenName   string           `json:"given_name,omitempty" jsonschema:"first name; needed with email" maxLength:"100"`
	FamilyName  string           `json:"family_name,omitempty" jsonschema:"last name; needed with email" maxLength:"100"`
	DisplayName string           `json:"display_name,omitempty" jsonschema:"given and family name when left out" maxLength:"200"`
	Title       string           `json:"title,omitempty" jsonschema:"job title; SCIM only" maxLength:"200"`
	Department  string           `json:"department,omitempty" jsonschema:"department; SCIM only" maxLength:"200"`
	People      []NewPersonInput `json:"people,omitempty" jsonschema:"several people instead of email and names" minItems:"1" maxItems:"1000"`
	CSVPath     string           `json:"csv_path,omitempty" jsonschema:"file in the server's CSV folder instead of people; columns as in people, groups with ;" maxLength:"1000"`
	StopOnError bool             `json:"stop_on_error,omitempty" jsonschema:"of several people: begin no more when one fails"`
	Groups      []string         `json:"groups,omitempty" jsonschema:"groups to be in: ids or exact names; of several people: for all" maxItems:"50" maxLength:"255"`
	Products    []string         `json:"products,omitempty" jsonschema:"products that an invitation gives; the server's default when left out" enum:"jira-core,jira-servicedesk,jira-product-discovery,jira-software" maxItems:"4"`
	Route       string           `json:"route,omitempty" jsonschema:"auto (default) takes SCIM for the directory's own domains, else an invitation" enum:"auto,scim,organization,jira"`
	EffectiveAt string           `json:"effective_at,omitempty" jsonschema:"when, instead of now: RFC 3339 with an offset or a zone" maxLength:"100"`
	Reason      string           `json:"reason,omitempty" jsonschema:"why, for the record" maxLength:"500"`
	Confirm     string           `json:"confirm,omitempty" jsonschema:"of several people: token of the plan that a person has agreed to" maxLength:"4096"`
	DryRun      bool             `json:"dry_run,omitempty" jsonschema:"return the plan and change nothing"`
}

// NewPersonInput is one person of several.
type NewPersonInput struct {
	Email       string   `json:"email" jsonschema:"work e-mail" maxLength:"254"`
	GivenName   string   `json:"given_name" jsonschema:"first name" maxLength:"100"`
	FamilyName  string   `json:"family_name" jsonschema:"last name" maxLength:"100"`
	DisplayName string   `json:"display_name,omitempty" jsonschema:"full name" maxLength:"200"`
	Title       string   `json:"title,omitempty" jsonschema:"job title" maxLength:"200"`
	Department  string   `json:"department,omitempty" jsonschema:"department; SCIM only" maxLength:"200"`
	Groups      []string `json:"groups,omitempty" jsonschema:"groups beside those for all" maxItems:"50" maxLength:"255"`
}

func (d *Deps) provisionUserTool() Tool {
	return Define("provision_user", "Onboard people", ToolsetLifecycle,
		"Gives one or several people access: creates the account through SCIM or invites it, adds groups, and verifies by reading back. "+
			"One person is done at once; several need confirm: the first call returns the plan. Safe to repeat: whoever has the e-mail already is completed, or reactivated, never created twice. An invitation sends a mail. "+
			"For groups of somebody who is already there use add_user_to_group; to undo an offboarding use restore_user.",
		writes, d.provisionUser)
}

func (d *Deps) provisionUser(ctx context.Context, in ProvisionUserInput) (Confirmable, error) {
	at, err := effectiveAt(in.EffectiveAt)
	if err != nil {
		return Confirmable{}, err
	}
	terms := lifecycle.Terms{Reason: in.Reason, EffectiveAt: at, Confirm: in.Confirm, DryRun: in.DryRun}
	switch which, err := oneOf(given{"email", in.Email != ""}, given{"people", len(in.People) > 0}, given{"csv_path", in.CSVPath != ""}); {
	case err != nil:
		return Confirmable{}, err
	case which == "email":
		request, err := in.request(NewPersonInput{
			Email: in.Email, GivenName: in.GivenName, FamilyName: in.FamilyName, DisplayName: in.DisplayName, Title: in.Title, Department: in.Department,
		})
		if err != nil {
			return Confirmable{}, err
		}
		request.Terms = terms
		return confirmable(d.Lifecycle.Provision(ctx, request))
	}
	people, err := d.newcomers(in)
	if err != nil {
		return Confirmable{}, err
	}
	return confirmable(d.Lifecycle.ProvisionMany(ctx, people.values, lifecycle.Rows{Places: people.places, Problems: people.problems, StopOnError: in.StopOnError, Terms: terms}))
}

// newcomers reads who the people of a batch are, and lists everything that is wrong with them.
func (d *Deps) newcomers(in ProvisionUserInput) (rows[lifecycle.ProvisionRequest], error) {
	var list rows[lifecycle.ProvisionRequest]
	if err := d.limit(len(in.People)); err != nil {
		return list, err
	}
	for i, person := range in.People {
		request, err := in.request(person)
		list.add(fmt.Sprintf("people[%d]", i), person.Email, request, err)
	}
	if in.CSVPath != "" {
		file, problems, err := d.CSV.Newcomers(in.CSVPath)
		if err != nil {
			return list, err
		}
		list.fromCSV(problems)
		for _, row := range file {
			request, err := in.request(NewPersonInput{
				Email: row.Email, GivenName: row.GivenName, FamilyName: row.FamilyName, DisplayName: row.DisplayName,
				Title: row.Title, Department: row.Department, Groups: row.Groups,
			})
			if len(row.Products) > 0 {
				request.Who.Products = row.Products
			}
			if row.Route != "" {
				request.Who.Route = row.Route
			}
			list.add(place(row.Line), row.Email, request, err)
		}
	}
	return list, nil
}

// request checks what is said of one person, and joins it with what is said for all.
func (in ProvisionUserInput) request(person NewPersonInput) (lifecycle.ProvisionRequest, error) {
	email, err := directory.ParseEmail(person.Email)
	if err != nil {
		return lifecycle.ProvisionRequest{}, err
	}
	who := lifecycle.Newcomer{Email: email, Products: in.Products, Route: in.Route}
	for _, field := range []struct {
		name, text string
		required   bool
		into       *string
	}{
		{"given_name", person.GivenName, true, &who.GivenName},
		{"family_name", person.FamilyName, true, &who.FamilyName},
		{"display_name", person.DisplayName, false, &who.DisplayName},
		{"title", person.Title, false, &who.Title},
		{"department", person.Department, false, &who.Department},
	} {
		if *field.into, err = plainText(field.name, field.text, field.required); err != nil {
			return lifecycle.ProvisionRequest{}, err
		}
	}
	return lifecycle.ProvisionRequest{Who: who, Groups: append(append([]string{}, in.Groups...), person.Groups...)}, nil
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
