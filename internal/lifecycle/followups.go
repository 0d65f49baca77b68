package lifecycle

import (
	"cmp"
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// followUpsOf is what no API can do for somebody who leaves: a short list for a person. ended tells by which route the access ends.
func followUpsOf(person directory.Person, p Plan, ended way, r reach) []string {
	var list []string
	if ended.followUp != "" {
		list = append(list, ended.followUp)
	}
	if person.SCIM != nil || person.Org != nil && person.Org.Synced {
		list = append(list, "Change the person at the identity provider too, if one fills this directory: its record is its own.")
	}
	if !p.noTokens {
		list = append(list, "API tokens and app passwords that the person made: "+cmp.Or(p.tokensStay, whyTokensStay(person, r)))
	}
	switch {
	case ended.route == routeSuspend, ended.suspend, ended.route == routeEnded && person.Org != nil && !person.Org.Managed:
		list = append(list, "Atlassian apps outside of the organization (Trello, Bitbucket, another company's site) stay the person's own.")
	case ended.route == routeGroups:
		list = append(list, "Other Atlassian apps (Confluence, Bitbucket, Trello, other sites): look whether the person has access there.")
	}
	return append(list,
		followUpReassign,
		"Look for automation rules that run as the person (Jira settings, System, Automation rules): no API tells whose they are.",
		"Collect devices, and end sessions and keys outside of Atlassian.")
}

// whyTokensStay says why the API tokens of an account are not revoked.
func whyTokensStay(person directory.Person, r reach) string {
	switch {
	case person.Org == nil && person.OrgUnread == nil && r.org:
		return "the organization that is configured does not know the account, so only the person, or the organization that owns it, can revoke them."
	case person.Org == nil && person.OrgUnread == nil:
		return "nothing here can see them (ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY would show those of managed accounts)."
	case person.Org == nil, !person.Org.Managed:
		return "the account is not the organization's own, so only the person can revoke them."
	case person.Control != nil && !person.Control.May.May(admin.MayReadTokens).Allowed:
		return "the organization's key may not list them: " + inWords(person.Control.May.May(admin.MayReadTokens)) + "."
	case person.Control != nil && !person.Control.May.May(admin.MayDeleteTokens).Allowed && len(person.Control.Tokens) > 0:
		return "the organization's key may not revoke them: " + inWords(person.Control.May.May(admin.MayDeleteTokens)) + "."
	case person.Control != nil && person.Control.TokensUnread != nil:
		return "they could not be listed, so revoke them at admin.atlassian.com (the person's page): " + explainText(person.Control.TokensUnread)
	}
	return "revoke them at admin.atlassian.com (the person's page), or call again with the step revoke_tokens."
}

// followUpReassign is what is left to do where nothing is handed over.
const followUpReassign = "Reassign the open issues, filters and dashboards that the person owned (transfer_to hands them over)."

func hasVia(steps []Step, via Via) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return s.Via == via })
}

func hasAction(steps []Step, actions ...Action) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return slices.Contains(actions, s.Action) })
}
