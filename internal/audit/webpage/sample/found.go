package sample

import (
	"fmt"
	"math/rand/v2"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage"
)

// kinds are what is found, but for their counts.
var kinds = []webpage.Kind{
	{
		Code: "active_leaver", Severity: "high", Title: "Left the company, but can still sign in", Owner: "Jira administrator",
		Why:    "The roster says that they left, and their accounts are active: whoever has the password or a token is inside.",
		Advice: "Offboard them today. Ask the manager first only where the date of leaving is in doubt.",
	},
	{
		Code: "scim_jira_mismatch", Severity: "high", Title: "Deactivated by the identity provider, active in Jira", Owner: "Whoever runs the identity provider",
		Why:    "The identity provider ended the account and Atlassian did not follow, so the access that should be over is not.",
		Advice: "Sync the directory again. Where that does not help, deactivate the account here.",
	},
	{
		Code: "admin_not_in_roster", Severity: "high", Title: "Administrators who are not in the roster", Owner: "Organization administrator",
		Why:    "They can change everything, and nobody has said that they should.",
		Advice: "Find out who they are. Take the role away where nobody vouches for it.",
	},
	{
		Code: "dormant", Severity: "medium", Title: "Not active for 90 days, and holding a paid seat", Owner: "Jira administrator",
		Why:    "The seats are paid for and not used.",
		Advice: "Remove them from the groups that grant the product. They keep everything else and can be let back in at any time.",
	},
	{
		Code: "unmanaged_external", Severity: "medium", Title: "People of other companies", Owner: "The manager who invited them",
		Why:    "Their employer does not tell us when they leave, so nothing ends their access by itself.",
		Advice: "Ask whoever invited them whether the work goes on. End the access where nobody answers.",
	},
	{
		Code: "token_old", Severity: "medium", Title: "API tokens older than a year", Owner: "Organization administrator",
		Why:    "A token works without a password and without a second factor.",
		Advice: "Revoke those that were not used for 90 days; ask the owners to renew the others.",
	},
	{
		Code: "never_active", Severity: "low", Title: "Never signed in", Owner: "Jira administrator",
		Why:    "They hold seats that nobody has ever used.",
		Advice: "Ask their managers whether the access is still wanted.",
	},
	{
		Code: "group_sprawl", Severity: "low", Title: "Groups that are empty or never used", Owner: "Jira administrator",
		Why:    "Nobody remembers what they were for, and the next permission goes to the wrong one.",
		Advice: "Delete them after a look at what refers to them.",
	},
	{
		Code: "hidden_email", Severity: "info", Title: "E-mail addresses that Jira hides", Owner: "",
		Why: "Another source knew the address, so nothing is missing here.",
	},
}

// judge makes up what was found about a person.
func judge(rnd *rand.Rand, p *webpage.Person, i int, partner bool) {
	add := func(code, severity, detail string, evidence ...webpage.Fact) {
		p.Findings = append(p.Findings, webpage.Finding{Code: code, Severity: severity, Detail: detail, Evidence: evidence})
	}
	call := func(format string) {
		p.Findings[len(p.Findings)-1].Call = fmt.Sprintf(format, p.AccountID)
	}
	ago := int(At.Sub(p.LastActive).Hours() / 24)
	last := "last active on " + p.LastActive.Format("2 January 2006")
	if p.Type == "app" {
		add("hidden_email", "info", "Jira hides the e-mail; an app has none that matters.", webpage.Fact{Source: "jira", Text: "no e-mail shown"})
		return
	}
	n := rnd.IntN(1000)
	switch {
	case n < 6 && !partner:
		add("active_leaver", "high", fmt.Sprintf("Marked as left on %d October 2026, and the account is active in %d groups.", 1+n*5, len(p.Groups)),
			webpage.Fact{Source: "roster", Text: fmt.Sprintf("left on %d October 2026", 1+n*5)}, webpage.Fact{Source: "jira", Text: "active"},
			webpage.Fact{Source: "organization", Text: last})
		call(`{"tool":"offboard_user","arguments":{"user":%q,"reason":"left the company"}}`)
	case n < 12:
		add("scim_jira_mismatch", "high", "The identity provider deactivated the account, and it is still active in Jira.",
			webpage.Fact{Source: "scim", Text: "inactive"}, webpage.Fact{Source: "jira", Text: "active"})
		call(`{"tool":"offboard_user","arguments":{"user":%q,"steps":["deactivate"]}}`)
	case n == 12:
		p.Roles = []string{"Organization administrator"}
		add("admin_not_in_roster", "high", "Organization administrator, and in no roster.",
			webpage.Fact{Source: "organization", Text: "role: organization administrator"}, webpage.Fact{Source: "roster", Text: "no row with this e-mail or account id"})
	case n < 60:
		p.Active, p.Status, p.Products = false, "deactivated", nil
	case n < 90:
		add("token_old", "medium", fmt.Sprintf("An API token is %d days old.", 366+n*3), webpage.Fact{Source: "organization", Text: fmt.Sprintf("token made %d days before the report, used last week", 366+n*3)})
	case n < 390:
		add("hidden_email", "info", "Jira hides the e-mail; user provisioning knows it.", webpage.Fact{Source: "jira", Text: "no e-mail shown"}, webpage.Fact{Source: "scim", Text: p.Email})
	}
	if !p.Active {
		return
	}
	if partner {
		add("unmanaged_external", "medium", fmt.Sprintf("Of another company, and in %d groups, among them %q.", len(p.Groups), p.Groups[0]),
			webpage.Fact{Source: "organization", Text: "invited, not managed"}, webpage.Fact{Source: "jira", Text: "active"})
	}
	switch {
	case len(p.Products) == 0:
	case p.NeverActive:
		add("never_active", "low", fmt.Sprintf("Has never been active and holds %s.", seats(len(p.Products))), webpage.Fact{Source: "organization", Text: "no activity in any product"})
		call(`{"tool":"remove_user_from_group","arguments":{"user":%q,"groups":["jira-software-users"]}}`)
	case !p.LastActive.IsZero() && ago >= dormant:
		add("dormant", "medium", fmt.Sprintf("Not active for %d days and holds %s.", ago, seats(len(p.Products))),
			webpage.Fact{Source: "organization", Text: last}, webpage.Fact{Source: "jira", Text: "seat of " + p.Products[0]})
		call(`{"tool":"remove_user_from_group","arguments":{"user":%q,"groups":["jira-software-users"]}}`)
	}
}

func seats(n int) string {
	if n == 1 {
		return "a paid seat"
	}
	return fmt.Sprintf("%d paid seats", n)
}
