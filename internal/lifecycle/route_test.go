package lifecycle

import (
	"errors"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// inOrg puts a person into the organization, with all privileges on an account that it owns.
func inOrg(status string, owned bool) func(*directory.Person) {
	return func(p *directory.Person) {
		p.Org = &directory.OrgAccount{AccountID: p.AccountID, Status: status, Managed: owned, Synced: p.SCIM != nil}
		p.Managed = &owned
		if owned {
			p.Control = &directory.Control{May: admin.Permissions{
				admin.MayEnable: {Allowed: true}, admin.MayDelete: {Allowed: true}, admin.MayReadTokens: {Allowed: true}, admin.MayDeleteTokens: {Allowed: true},
			}}
		}
	}
}

func refused(what admin.Privilege, reason admin.Reason) func(*directory.Person) {
	return func(p *directory.Person) { p.Control.May[what] = admin.Permission{Reason: reason} }
}

func orgAdmin(p *directory.Person) { p.Org.Roles = []string{directory.RoleOrgAdmin} }

func holding(tokens ...admin.Token) func(*directory.Person) {
	return func(p *directory.Person) { p.Control.Tokens = tokens }
}

// everything is configured, and the policy lets people be suspended.
var everything = reach{scim: true, org: true, suspend: true}

// TestWayOut is every route by which access can end, by who the person is, what state they are in and what may be done to them.
func TestWayOut(t *testing.T) {
	noSuspension := everything
	noSuspension.suspend = false
	for _, test := range []struct {
		name    string
		person  directory.Person
		reach   reach
		route   route
		suspend bool
		blocker string // a part of it
		why     string // a part of it
	}{
		// Whom SCIM has.
		{name: "a SCIM person of the organization goes by SCIM", person: person(inOrg(admin.StatusActive, true)), reach: everything, route: routeSCIM, why: "SCIM has this person"},
		{name: "a SCIM person without the organization goes by SCIM", person: person(), reach: reach{scim: true, suspend: true}, route: routeSCIM},
		{name: "what GET manage says of a SCIM person does not matter to SCIM", person: person(inOrg(admin.StatusActive, true), refused(admin.MayEnable, admin.ReasonSCIM)), reach: everything, route: routeSCIM},
		{name: "a SCIM person of another domain is suspended besides", person: person(inOrg(admin.StatusActive, false)), reach: everything, route: routeSCIM, suspend: true, why: "suspended as well"},
		{name: "a SCIM person of another domain who is suspended already goes by SCIM", person: person(inOrg(admin.StatusSuspended, false)), reach: everything, route: routeSCIM},
		{name: "a SCIM person of another domain is not suspended against the policy", person: person(inOrg(admin.StatusActive, false)), reach: noSuspension, route: routeSCIM},
		{name: "a SCIM person of another domain whom SCIM has as inactive is still suspended", person: person(inOrg(admin.StatusActive, false), func(p *directory.Person) { p.SCIM.Active = false }), reach: everything, route: routeEnded, suspend: true},
		{name: "a SCIM person who is inactive needs nothing", person: person(inOrg(admin.StatusDeactivated, true), inactive), reach: everything, route: routeEnded},
		{name: "an organization admin in SCIM is a blocker", person: person(inOrg(admin.StatusActive, true), orgAdmin), reach: everything, route: routeSCIM, blocker: "administrator of the organization"},
		// Managed accounts outside of SCIM.
		{name: "a managed account is disabled", person: person(outsideSCIM, inOrg(admin.StatusActive, true)), reach: everything, route: routeDisable, why: "SCIM does not have this person and the organization owns the account"},
		{name: "a managed account is disabled also without SCIM", person: person(outsideSCIM, inOrg(admin.StatusActive, true)), reach: reach{org: true}, route: routeDisable, why: "SCIM is not configured and the organization owns"},
		{name: "a managed account of whom SCIM may have is disabled", person: person(outsideSCIM, inOrg(admin.StatusActive, true), func(p *directory.Person) { p.SCIMUnsure = true }), reach: everything, route: routeDisable, why: "no SCIM user is known for this person and"},
		{name: "somebody else's account is suspended also without SCIM", person: person(outsideSCIM, inOrg(admin.StatusActive, false)), reach: reach{org: true, suspend: true}, route: routeSuspend, why: "SCIM is not configured and"},
		{name: "a managed account that is suspended is still disabled", person: person(outsideSCIM, inOrg(admin.StatusSuspended, true)), reach: everything, route: routeDisable},
		{name: "a managed account in no directory is disabled", person: person(outsideSCIM, inOrg(admin.StatusNotInvited, true)), reach: everything, route: routeDisable},
		{name: "a managed account that is inactive needs nothing", person: person(outsideSCIM, inOrg(admin.StatusDeactivated, true)), reach: everything, route: routeEnded},
		{name: "Jira that still shows a disabled account as active changes nothing", person: person(outsideSCIM, inOrg(admin.StatusDeactivated, true), func(p *directory.Person) { p.Active = true }), reach: everything, route: routeEnded},
		{name: "an account that is marked for deletion needs nothing", person: person(outsideSCIM, inOrg(admin.StatusForDeletion, true)), reach: everything, route: routeEnded, why: "to be deleted"},
		{name: "Google's account is a blocker that says where to go", person: person(outsideSCIM, inOrg(admin.StatusActive, true), refused(admin.MayEnable, admin.ReasonGoogle)), reach: everything, route: routeDisable, blocker: "Google"},
		{name: "an account of another SCIM directory is a blocker", person: person(outsideSCIM, inOrg(admin.StatusActive, true), refused(admin.MayEnable, admin.ReasonSCIM)), reach: everything, route: routeDisable, blocker: "externalDirectory.scim"},
		{name: "an account that is blocked for export control is a blocker", person: person(outsideSCIM, inOrg(admin.StatusActive, true), refused(admin.MayEnable, admin.ReasonExportControl)), reach: everything, route: routeDisable, blocker: "export control"},
		{name: "the key's own administrator is a blocker", person: person(outsideSCIM, inOrg(admin.StatusActive, true), refused(admin.MayEnable, admin.ReasonNotMyself)), reach: everything, route: routeDisable, blocker: "administrative.notMyself"},
		{name: "a reason that nobody knows is told as it came", person: person(outsideSCIM, inOrg(admin.StatusActive, true), refused(admin.MayEnable, "brand.new")), reach: everything, route: routeDisable, blocker: "brand.new"},
		{name: "a refusal does not matter to somebody inactive", person: person(outsideSCIM, inOrg(admin.StatusDeactivated, true), refused(admin.MayEnable, admin.ReasonGoogle)), reach: everything, route: routeEnded},
		{name: "permissions that are not known are a blocker", person: person(outsideSCIM, inOrg(admin.StatusActive, true), func(p *directory.Person) { p.Control = nil }), reach: everything, route: routeDisable, blocker: "could not be asked"},
		{name: "an organization admin is a blocker", person: person(outsideSCIM, inOrg(admin.StatusActive, true), orgAdmin), reach: everything, route: routeDisable, blocker: "administrator of the organization"},
		{name: "an organization admin who is inactive needs nothing", person: person(outsideSCIM, inOrg(admin.StatusDeactivated, true), orgAdmin), reach: everything, route: routeEnded},
		// Other people's accounts.
		{name: "somebody else's account is suspended", person: person(outsideSCIM, inOrg(admin.StatusActive, false)), reach: everything, route: routeSuspend, why: "every app of the organization, on every site"},
		{name: "somebody else's account that is suspended needs nothing", person: person(outsideSCIM, inOrg(admin.StatusSuspended, false)), reach: everything, route: routeEnded},
		{name: "somebody else's account that is inactive needs nothing", person: person(outsideSCIM, inOrg(admin.StatusDeactivated, false)), reach: everything, route: routeEnded},
		{name: "somebody who is in no directory can't be suspended", person: person(outsideSCIM, inOrg(admin.StatusNotInvited, false)), reach: everything, route: routeGroups, why: "nothing to suspend"},
		{name: "the policy keeps people from being suspended", person: person(outsideSCIM, inOrg(admin.StatusActive, false)), reach: noSuspension, route: routeGroups, why: "JIRA_LIFECYCLE_ORGANIZATION_SUSPEND"},
		{name: "an organization admin of another domain is a blocker", person: person(outsideSCIM, inOrg(admin.StatusActive, false), orgAdmin), reach: everything, route: routeSuspend, blocker: "administrator of the organization"},
		{name: "an organization admin whom the policy does not suspend loses groups", person: person(outsideSCIM, inOrg(admin.StatusActive, false), orgAdmin), reach: noSuspension, route: routeGroups},
		// Nobody to ask.
		{name: "whom the organization does not know loses groups", person: person(outsideSCIM), reach: everything, route: routeGroups, why: "does not know this account"},
		{name: "with SCIM alone somebody outside of it loses groups", person: person(outsideSCIM), reach: reach{scim: true}, route: routeGroups, why: "not in the SCIM directory"},
		{name: "with SCIM alone somebody who may be in it loses groups", person: person(outsideSCIM, func(p *directory.Person) { p.SCIMUnsure = true }), reach: reach{scim: true}, route: routeGroups, why: "no SCIM user is known"},
		{name: "with nothing configured only groups can be taken", person: person(outsideSCIM), reach: reach{}, route: routeGroups, why: "Jira itself cannot deactivate anyone"},
		{name: "with nothing configured somebody inactive needs nothing", person: person(outsideSCIM, inactive), reach: reach{}, route: routeEnded},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := wayOut(test.person, test.reach)
			if got.route != test.route || got.suspend != test.suspend {
				t.Errorf("route %s, suspended besides %v; want %s, %v", got.route, got.suspend, test.route, test.suspend)
			}
			if (got.blocker != "") != (test.blocker != "") || !strings.Contains(got.blocker, test.blocker) {
				t.Errorf("blocker %q, want one with %q", got.blocker, test.blocker)
			}
			if got.why == "" || !strings.Contains(got.why, test.why) {
				t.Errorf("it is this route because %q, want %q in it", got.why, test.why)
			}
		})
	}
}

func TestPlanOffboardByTheOrganization(t *testing.T) {
	two := holding(admin.Token{ID: "t-1", Label: "laptop"}, admin.Token{ID: "t-2", Label: "laptop"})
	groups := []string{"remove_from_group via jira jira-software-users", "verify"}
	with := func(first ...string) []string { return append(first, groups...) }
	for _, test := range []struct {
		name    string
		person  directory.Person
		parts   []string
		steps   []string
		blocker string
		follow  string
		undo    string
	}{
		{name: "a managed account loses sign-in, tokens and groups", person: person(outsideSCIM, inOrg(admin.StatusActive, true), two), steps: with("deactivate via organization", "revoke_token via organization laptop (t-1)", "revoke_token via organization laptop (t-2)"), undo: "nothing brings a revoked token back"},
		{name: "somebody inactive still loses tokens", person: person(outsideSCIM, inOrg(admin.StatusDeactivated, true), inactive, two), steps: with("revoke_token via organization laptop (t-1)", "revoke_token via organization laptop (t-2)")},
		{name: "somebody else's account is suspended, and its tokens are for them", person: person(outsideSCIM, inOrg(admin.StatusActive, false)), steps: with("suspend via organization"), follow: "only the person can revoke them", undo: "Suspension"},
		{
			name: "tokens whose list is refused are told with the refusal", steps: with("deactivate via organization"), follow: "could not be listed",
			person: person(outsideSCIM, inOrg(admin.StatusActive, true), func(p *directory.Person) { p.Control.TokensUnread = errors.New("403") }),
		},
		{
			name: "tokens whose list is refused can't be asked for", steps: []string{}, parts: []string{PartRevokeTokens}, blocker: "could not be listed",
			person: person(outsideSCIM, inOrg(admin.StatusActive, true), func(p *directory.Person) { p.Control.TokensUnread = errors.New("403") }),
		},
		{name: "tokens of whom the organization does not know", person: person(outsideSCIM), steps: groups, follow: "the organization that is configured does not know the account"},
		{name: "tokens that may not be listed are told", person: person(outsideSCIM, inOrg(admin.StatusActive, true), refused(admin.MayReadTokens, admin.ReasonNotMyself)), steps: with("deactivate via organization"), follow: "may not list them"},
		{name: "tokens that may not be revoked are told", person: person(outsideSCIM, inOrg(admin.StatusActive, true), two, refused(admin.MayDeleteTokens, admin.ReasonNotMyself)), steps: with("deactivate via organization"), follow: "may not revoke them"},
		{name: "tokens that were asked for and may not be revoked are a blocker", person: person(outsideSCIM, inOrg(admin.StatusActive, true), two, refused(admin.MayDeleteTokens, admin.ReasonNotMyself)), parts: []string{PartRevokeTokens}, steps: []string{}, blocker: "may not revoke them"},
		{name: "tokens of somebody else's account that were asked for are a blocker", person: person(outsideSCIM, inOrg(admin.StatusActive, false)), parts: []string{PartRevokeTokens}, steps: []string{}, blocker: "only the person can revoke them"},
		{name: "without a token there is nothing to revoke", person: person(outsideSCIM, inOrg(admin.StatusActive, true)), parts: []string{PartRevokeTokens}, steps: []string{}},
		{name: "a blocker of one part leaves the others to be asked for", person: person(outsideSCIM, inOrg(admin.StatusActive, true), refused(admin.MayEnable, admin.ReasonGoogle)), parts: []string{PartJiraGroups}, steps: groups},
		{name: "an account that is active although SCIM has it as inactive is deactivated by its organization", person: person(inOrg(admin.StatusActive, true), func(p *directory.Person) { p.SCIM.Active = false }), parts: []string{PartDeactivate}, steps: []string{"deactivate via organization", "verify"}, undo: "activates the account again"},
		{name: "removal from the directory comes last", person: person(outsideSCIM, inOrg(admin.StatusActive, false)), parts: []string{PartDeactivate, PartRemoveFromDirectory}, steps: []string{"suspend via organization", "remove_from_directory via organization", "verify"}, undo: "only a new invitation"},
		{name: "whom SCIM puts into the directory it would put back", person: person(inOrg(admin.StatusActive, true)), parts: []string{PartRemoveFromDirectory}, steps: []string{}, blocker: "its next sync"},
		{name: "an organization admin is not removed", person: person(outsideSCIM, inOrg(admin.StatusActive, true), orgAdmin), parts: []string{PartRemoveFromDirectory}, steps: []string{}, blocker: "administrator of the organization"},
		{name: "deletion stands alone", person: person(outsideSCIM, inOrg(admin.StatusActive, true), two), parts: []string{PartDeleteAccount}, steps: []string{"delete_account via organization", "verify"}, undo: "14 days"},
		{name: "what is marked for deletion is so already", person: person(outsideSCIM, inOrg(admin.StatusForDeletion, true)), parts: []string{PartDeleteAccount}, steps: []string{}},
		{name: "deletion that is not permitted is a blocker", person: person(inOrg(admin.StatusActive, true), refused(admin.MayDelete, admin.ReasonSCIM)), parts: []string{PartDeleteAccount}, steps: []string{}, blocker: "externalDirectory.scim"},
		{name: "somebody else's account is not deleted", person: person(outsideSCIM, inOrg(admin.StatusActive, false)), parts: []string{PartDeleteAccount}, steps: []string{}, blocker: "does not own"},
		{name: "an organization admin is not deleted", person: person(outsideSCIM, inOrg(admin.StatusActive, true), orgAdmin), parts: []string{PartDeleteAccount}, steps: []string{}, blocker: "administrator of the organization"},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan, err := planOffboard(test.person, chosen{parts: test.parts}, everything, "bye")
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(sketch(plan), "\n"); got != strings.Join(test.steps, "\n") {
				t.Errorf("steps\n%s\nwant\n%s", got, strings.Join(test.steps, "\n"))
			}
			if blockers := strings.Join(plan.Blockers, "\n"); (blockers != "") != (test.blocker != "") || !strings.Contains(blockers, test.blocker) {
				t.Errorf("blockers %q, want one with %q", blockers, test.blocker)
			}
			if follow := strings.Join(plan.followUps, "\n"); !strings.Contains(follow, test.follow) {
				t.Errorf("follow-ups\n%s\nwant one with %q", follow, test.follow)
			}
			if undo := strings.Join(plan.Undo, "\n"); !strings.Contains(undo, test.undo) {
				t.Errorf("undo\n%s\nwant %q", undo, test.undo)
			}
		})
	}
}

func TestWhatADeletionIsRefusedFor(t *testing.T) {
	if _, err := planOffboard(person(outsideSCIM, inOrg(admin.StatusActive, true)), chosen{parts: []string{PartDeactivate, PartDeleteAccount}}, everything, ""); err == nil || !strings.Contains(err.Error(), "confirmation of its own") {
		t.Errorf("together with another part: %v", err)
	}
	if _, err := planOffboard(person(), chosen{parts: []string{PartDeleteAccount}}, reach{scim: true}, ""); err == nil || !strings.Contains(err.Error(), "ATLASSIAN_ORG_ID") {
		t.Errorf("without the organization: %v", err)
	}
	if err := (Policy{}).guardDeletion(); err == nil || !strings.Contains(err.Error(), "JIRA_LIFECYCLE_ALLOW_ACCOUNT_DELETION") {
		t.Errorf("against the policy: %v", err)
	}
}

func TestOnlyTheNamedTokensAreRevoked(t *testing.T) {
	tokens := holding(admin.Token{ID: "t-1", Label: "CI"}, admin.Token{ID: "t-2", Label: "laptop"})
	plan, err := planOffboard(person(outsideSCIM, inOrg(admin.StatusActive, true), tokens), chosen{parts: []string{PartRevokeTokens}, tokens: []string{"t-1", "t-9"}}, everything, "")
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, s := range plan.Steps {
		steps = append(steps, string(s.Action)+" "+s.token)
	}
	if got, want := strings.Join(steps, ", "), "revoke_token t-1, verify "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if text := strings.Join(append(plan.Warnings, plan.followUps...), "\n"); !strings.Contains(text, "1 of the API tokens named are none of this account's") || !strings.Contains(text, "1 that were not named stay") {
		t.Errorf("what stays is not told: %s", text)
	}
	if last := plan.Steps[len(plan.Steps)-1].Detail; last != "read back: the API tokens are revoked" {
		t.Errorf("the check is told as %q", last)
	}
	if !goal(plan)(State{Tokens: []admin.Token{{ID: "t-2", Label: "laptop"}}}) {
		t.Error("a token that nobody named keeps the goal from being reached")
	}
}

func TestATokenThatIsMadeMeanwhileIsTold(t *testing.T) {
	plan, err := planOffboard(person(outsideSCIM, inOrg(admin.StatusActive, true), holding(admin.Token{ID: "t-1", Label: "laptop"})), chosen{}, everything, "")
	if err != nil {
		t.Fatal(err)
	}
	state := State{Tokens: []admin.Token{{ID: "t-1", Label: "laptop"}, {ID: "t-2", Label: "new"}}}
	if got := newTokens(plan, state); len(got) != 1 || got[0] != "new" {
		t.Errorf("got %q, want the one that the plan does not know", got)
	}
	if goal(plan)(State{Tokens: state.Tokens[1:]}) {
		t.Error("the goal is told as reached while there is a token")
	}
}

func TestGroupsThatAnIdentityProviderFills(t *testing.T) {
	p := person(outsideSCIM, inOrg(admin.StatusActive, false))
	p.Groups = p.Groups[:1]
	only := reach{org: true, suspend: true, readOnly: map[string]bool{p.Groups[0].ID: true}}
	plan, err := planOffboard(p, chosen{parts: []string{PartJiraGroups}}, only, "")
	if err != nil || plan.writes() || len(plan.Blockers) != 1 || !strings.Contains(plan.Blockers[0], "An identity provider fills these groups") {
		t.Errorf("%q, blockers %q, %v", sketch(plan), plan.Blockers, err)
	}
	groups := []directory.Group{{ID: p.Groups[0].ID, Name: p.Groups[0].Name}}
	if plan := planRemoveFromGroups(p, groups, only.readOnly); len(plan.Blockers) != 1 || !strings.Contains(plan.Blockers[0], "An identity provider fills the group") {
		t.Errorf("remove_user_from_group: blockers %q", plan.Blockers)
	}
	unread := reach{org: true, suspend: true, readOnlyUnread: errors.New("no")}
	if plan, err = planOffboard(p, chosen{}, unread, ""); err != nil || !strings.Contains(strings.Join(plan.Warnings, " "), "fills is not known") {
		t.Errorf("warnings %q, %v", plan.Warnings, err)
	}
}

func TestWhatSCIMEnds(t *testing.T) {
	for owned, want := range map[bool]string{true: "ends every session and sign-in", false: "ends what SCIM gave"} {
		plan, err := planOffboard(person(inOrg(admin.StatusActive, owned)), chosen{}, reach{scim: true, org: true}, "")
		if err != nil || !strings.Contains(plan.Steps[0].Detail, want) {
			t.Errorf("owned %v: %q, %v", owned, plan.Steps[0].Detail, err)
		}
	}
}

func TestADeletionIsNotCalledAnOffboarding(t *testing.T) {
	plan, err := planOffboard(person(outsideSCIM, inOrg(admin.StatusActive, true)), chosen{parts: []string{PartDeleteAccount}}, everything, "")
	if text := result(ConfirmationRequired, plan).Text(); err != nil || !strings.HasPrefix(text, "Plan to delete the account of ") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestTokensThatTheKeyWasRefusedToRevoke(t *testing.T) {
	few := everything
	few.refused = map[Action]string{RevokeToken: "no scope."}
	who := person(outsideSCIM, inOrg(admin.StatusActive, true), holding(admin.Token{ID: "t-1", Label: "CI"}))
	plan, err := planOffboard(who, chosen{}, few, "")
	if err != nil || hasAction(plan.Steps, RevokeToken) || !hasAction(plan.Steps, Deactivate) || !strings.Contains(strings.Join(plan.followUps, "\n"), "refused to revoke any: no scope.") {
		t.Errorf("%q, follow-ups %q, %v", sketch(plan), plan.followUps, err)
	}
	plan, err = planOffboard(who, chosen{parts: []string{PartRevokeTokens}}, few, "")
	if err != nil || len(plan.Blockers) != 1 {
		t.Errorf("asked for by name: blockers %q, %v", plan.Blockers, err)
	}
}
