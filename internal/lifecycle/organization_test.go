package lifecycle_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

const (
	max  = "max.manager@example.com"
	gina = "gina.google@example.com"
	uma  = "uma.unverified@example.com"
	susi = "susi.suspended@partner.example"
	dora = "dora.deletion@example.com"
	neo  = "neo.notinvited@example.com"
	bill = "bill.billing@example.com"
)

func withOrganization(o *options) { o.orgKey = sandbox.OrgKeyFull }

// withStranger configures id and key of an organization that isn't the site's.
func withStranger(o *options) { o.org, o.orgKey = sandbox.OtherOrgID, sandbox.OrgKeyForeign }

func withKey(name string) func(*options) { return func(o *options) { o.orgKey = name } }

// orgFact is what the sandbox's organization holds of a person.
type orgFact struct {
	Status string
	Tokens int
}

// orgFacts reads the organization's own state of everybody, by e-mail.
func (s *site) orgFacts(t tester) map[string]orgFact {
	t.Helper()
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "http://127.0.0.1/_sandbox/state", nil))
	var state struct {
		Organization struct {
			Users []struct {
				Email, Status, DeletionOn string
				Tokens                    []string
			}
		}
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &state); err != nil {
		t.Fatal(err)
	}
	all := map[string]orgFact{}
	for _, u := range state.Organization.Users {
		all[strings.ToLower(u.Email)] = orgFact{u.Status, len(u.Tokens)}
	}
	return all
}

// TestRoutes takes people of every kind out by the route that is theirs, looks at what the organization then holds, and brings them back.
func TestRoutes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		who     string
		parts   []string
		policy  lifecycle.Policy
		key     string // "" = full
		prepare func(t *testing.T, s *site)
		outcome string // of the plan where nothing is applied
		blocker string
		says    string
		saysNot string // when it is over
		noSCIM  bool
		after   orgFact
		restore string // what a restore came to; "" = not tried
		back    orgFact
	}{
		{
			name: "a SCIM person goes by SCIM", who: jane, outcome: "succeeded: deactivate=done remove_from_group=done remove_from_group=done remove_from_group=done remove_from_group=done verify=done",
			after:   orgFact{Status: "deactivated"},
			restore: "succeeded: reactivate=done add_to_group=done add_to_group=done add_to_group=done add_to_group=done verify=done", back: orgFact{Status: "active"},
		},
		{
			name: "a managed account is disabled and loses its tokens for good", who: max,
			outcome: "succeeded: deactivate=done revoke_token=done revoke_token=done remove_from_group=done remove_from_group=done remove_from_group=done verify=done",
			after:   orgFact{Status: "deactivated"},
			restore: "succeeded: reactivate=done add_to_group=done add_to_group=done add_to_group=done verify=done", back: orgFact{Status: "active"},
		},
		{
			name: "somebody else's account is suspended", who: sam, outcome: "succeeded: suspend=done remove_from_group=done remove_from_group=done verify=done",
			after: orgFact{Status: "suspended"}, restore: "succeeded: restore_access=done add_to_group=done add_to_group=done verify=done", back: orgFact{Status: "active"},
		},
		{
			name: "a SCIM person of another domain is suspended besides", who: sam,
			prepare: func(t *testing.T, s *site) {
				r, err := s.service.Provision(t.Context(), lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: sam, GivenName: "S", FamilyName: "P", Route: lifecycle.RouteSCIM}})
				if err != nil || r.Status != lifecycle.Succeeded {
					t.Fatalf("%s, %v", outcome(r), err)
				}
			},
			outcome: "succeeded: deactivate=done suspend=done remove_from_group=done remove_from_group=done verify=done",
			after:   orgFact{Status: "suspended"}, restore: "succeeded: reactivate=done restore_access=done add_to_group=done add_to_group=done verify=done", back: orgFact{Status: "active"},
		},
		{
			name: "the policy suspends nobody", who: sam, policy: lifecycle.Policy{NoSuspension: true}, outcome: "succeeded: remove_from_group=done remove_from_group=done verify=done", after: orgFact{Status: "active"},
		},
		{name: "whom Google manages", who: gina, outcome: "blocked", blocker: "Google Workspace", after: orgFact{Status: "active"}},
		{name: "whom Google manages, but for the groups", who: gina, parts: []string{lifecycle.PartJiraGroups}, outcome: "succeeded: remove_from_group=done verify=done", after: orgFact{Status: "active"}},
		{name: "whose address was never verified", who: uma, outcome: "blocked", blocker: "never verified", after: orgFact{Status: "active"}},
		{name: "who is suspended already loses groups alone", who: susi, outcome: "succeeded: remove_from_group=done remove_from_group=done verify=done", after: orgFact{Status: "suspended"}},
		{name: "who left still loses the token that was forgotten", who: lee, outcome: "succeeded: revoke_token=done remove_from_group=done remove_from_group=done verify=done", after: orgFact{Status: "deactivated"}},
		{name: "who is on no site", who: neo, outcome: "succeeded: deactivate=done verify=done", after: orgFact{Status: "deactivated"}, restore: "succeeded: reactivate=done verify=done", back: orgFact{Status: "not_invited"}},
		{
			name: "a managed account is removed from the directory too", who: max, parts: []string{lifecycle.PartDeactivate, lifecycle.PartJiraGroups, lifecycle.PartRemoveFromDirectory},
			outcome: "succeeded: deactivate=done remove_from_group=done remove_from_group=done remove_from_group=done remove_from_directory=done verify=done", after: orgFact{"deactivated", 2},
			restore: "succeeded: reactivate=done verify=done", back: orgFact{"not_invited", 2},
		},
		{
			name: "removed from the directory", who: sam, parts: []string{lifecycle.PartDeactivate, lifecycle.PartRemoveFromDirectory},
			outcome: "succeeded: suspend=done remove_from_directory=done verify=done", after: orgFact{},
		},
		{name: "tokens alone", who: max, parts: []string{lifecycle.PartRevokeTokens}, outcome: "succeeded: revoke_token=done revoke_token=done verify=done", after: orgFact{Status: "active"}, restore: "blocked"},
		{
			name: "an account is deleted", who: max, parts: []string{lifecycle.PartDeleteAccount}, policy: lifecycle.Policy{AllowAccountDeletion: true},
			outcome: "succeeded: delete_account=done verify=done", after: orgFact{Status: "for_deletion", Tokens: 2},
			restore: "succeeded: cancel_account_deletion=done verify=done", back: orgFact{Status: "active", Tokens: 2},
		},
		{
			name: "an account that can't be deleted", who: bill, parts: []string{lifecycle.PartDeleteAccount}, policy: lifecycle.Policy{AllowAccountDeletion: true},
			outcome: "failed: delete_account=failed verify=failed", after: orgFact{Status: "active"}, says: "Failed: could not delete the account of", saysNot: "14 days",
		},
		{
			name: "groups that an identity provider fills stay, where SCIM is not configured", who: "eve.external@contractor.example", noSCIM: true,
			outcome: "succeeded: suspend=done remove_from_group=done verify=done", after: orgFact{Status: "suspended"}, says: "Take the person out of contractors, engineering at the identity provider",
		},
		{name: "an account that is being deleted", who: dora, parts: []string{lifecycle.PartDeleteAccount}, policy: lifecycle.Policy{AllowAccountDeletion: true}, outcome: "succeeded", says: "is marked for deletion already", after: orgFact{Status: "for_deletion"}},
		{name: "an account that is not the organization's to delete", who: sam, parts: []string{lifecycle.PartDeleteAccount}, policy: lifecycle.Policy{AllowAccountDeletion: true}, outcome: "blocked", blocker: "does not own", says: "Blocked: can't delete the account of", saysNot: "offboard Sam", after: orgFact{Status: "active"}},
		{name: "a key that may not ask what it may", who: max, key: sandbox.OrgKeyNarrow, outcome: "blocked", blocker: "a key without scopes", after: orgFact{Status: "active", Tokens: 2}},
		{name: "a key that may only read", who: max, key: sandbox.OrgKeyReader, outcome: "failed: deactivate=failed revoke_token=skipped revoke_token=skipped remove_from_group=skipped remove_from_group=skipped remove_from_group=skipped verify=skipped", after: orgFact{Status: "active", Tokens: 2}},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			s := newSite(t, under(test.policy), func(o *options) {
				o.noSCIM = test.noSCIM
				if o.orgKey = sandbox.OrgKeyFull; test.key != "" {
					o.orgKey = test.key
				}
			})
			if test.prepare != nil {
				test.prepare(t, s)
			}
			ask := s.offboarding(t, test.who, test.parts...)
			r, err := confirmed(ask, lifecycle.Terms{Reason: "left"}, func() {})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.outcome, outcome(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, r.Text())
			}
			if test.who == bill && !strings.Contains(r.Text(), "illing") {
				t.Errorf("why it can't be deleted is not told:\n%s", r.Text())
			}
			if test.blocker != "" && !strings.Contains(strings.Join(r.Plan.Blockers, " "), test.blocker) {
				t.Errorf("blockers %q, want %q", r.Plan.Blockers, test.blocker)
			}
			if !strings.Contains(r.Text(), test.says) {
				t.Errorf("%q is not told:\n%s", test.says, r.Text())
			}
			if test.saysNot != "" && strings.Contains(r.Text(), test.saysNot) {
				t.Errorf("%q is told:\n%s", test.saysNot, r.Text())
			}
			time.Sleep(time.Second) // what is queued
			if diff := cmp.Diff(test.after, s.orgFacts(t)[test.who]); diff != "" {
				t.Errorf("the organization holds (-want +got):\n%s", diff)
			}
			if test.restore == "" {
				return
			}
			back, err := s.service.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: r.Operation.ID})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.restore, outcome(back)); diff != "" {
				t.Errorf("restored (-want +got):\n%s\n%s", diff, back.Text())
			}
			if test.restore == "blocked" {
				return
			}
			for _, was := range []string{directory.WarnSuspended, directory.WarnForDeletion, directory.WarnNotOnSite} {
				if test.back.Status == "active" && strings.Contains(back.Text(), was) {
					t.Errorf("the result tells the state of before, %q:\n%s", was, back.Text())
				}
			}
			if diff := cmp.Diff(test.back, s.orgFacts(t)[test.who]); diff != "" {
				t.Errorf("restored, the organization holds (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutTheOrganizationsAnswerNothingIsPlanned(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit  func(*options)
		fault *sandbox.Fault
		code  fault.Code
	}{
		"an expired key":                {edit: withKey(sandbox.OrgKeyExpired), code: fault.Unauthenticated},
		"a key of another organization": {edit: withKey(sandbox.OrgKeyForeign), code: fault.NotConfigured},
		"another organization":          {edit: withStranger, code: fault.NotConfigured},
		"a search that fails":           {edit: withOrganization, fault: &sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500, Path: "/admin/v2/orgs/{o}/directories/{d}/users/search"}, code: fault.UpstreamUnavailable},
		"manage that fails":             {edit: withOrganization, fault: &sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500, Path: "/users/{a}/manage$"}, code: fault.UpstreamUnavailable},
	} {
		inBubble(t, name, func(t *testing.T) {
			s := newSite(t, test.edit)
			if test.fault != nil {
				s.fault(t, *test.fault)
			}
			_, err := s.service.Offboard(context.Background(), lifecycle.OffboardRequest{Target: target(t, max)})
			if !fault.Is(err, test.code) || !strings.Contains(err.Error(), "scim_groups, jira_groups") {
				t.Errorf("got %v, want %s that says how to do without", err, test.code)
			}
			r, err := s.service.Offboard(context.Background(), lifecycle.OffboardRequest{Target: target(t, max), Parts: []string{lifecycle.PartJiraGroups}})
			if err != nil || r.Status != lifecycle.ConfirmationRequired {
				t.Errorf("without the organization: %s, %v", r.Status, err)
			}
		})
	}
}

// TestAnOrganizationThatIsNotTheSitesInvitesNobody: it would take the invitation for one of its own.
func TestAnOrganizationThatIsNotTheSitesInvitesNobody(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		s := newSite(t, withStranger)
		for _, email := range []string{"ann@elsewhere.example", sam} {
			r, err := s.service.Provision(t.Context(), lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: email, GivenName: "A", FamilyName: "B"}})
			if !fault.Is(err, fault.NotConfigured) || !strings.Contains(err.Error(), "doesn't know the owner") || !strings.Contains(err.Error(), "route scim or jira") || len(s.writes()) > 0 {
				t.Errorf("%s: %s, %v; want why not and how to do without", email, outcome(r), err)
			}
		}
		r, err := s.service.Provision(t.Context(), lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: "ann@elsewhere.example", Route: lifecycle.RouteJira}})
		if err != nil || r.Status != lifecycle.Succeeded {
			t.Errorf("by the route jira: %s, %v", outcome(r), err)
		}
	})
}

// TestAPlanWithTheOrganizationCostsAtMostOneRoundTripMore counts round trips by the time that they take, since the test's clock stands still otherwise.
func TestAPlanWithTheOrganizationCostsAtMostOneRoundTripMore(t *testing.T) {
	t.Parallel()
	const trip = 100 * time.Millisecond
	for _, test := range []struct {
		who  string
		byID bool
		more int // round trips that the organization costs
	}{
		{who: jane}, {who: max}, {who: sam}, {who: petra}, {who: jane, byID: true, more: 1}, {who: max, byID: true, more: 1}, {who: sam, byID: true},
	} {
		name := test.who
		if test.byID {
			name += " by account id"
		}
		inBubble(t, name, func(t *testing.T) {
			took := func(edits ...func(*options)) int {
				s := newSite(t, append(edits, func(o *options) { o.sandbox.Latency = trip })...)
				who := test.who
				if test.byID {
					who = s.AccountID(who)
				}
				began := time.Now()
				s.planOffboard(t, who)
				return int((time.Since(began) + trip/2) / trip)
			}
			without, with := took(), took(withOrganization)
			if with-without > test.more {
				t.Errorf("%d round trips with the organization, %d without", with, without)
			}
		})
	}
}

// TestATokenThatSomebodyElseRevokesMeanwhile: two administrators at once are no failure of either.
func TestATokenThatSomebodyElseRevokesMeanwhile(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"before its step": disableAccount.path, "at its step": revokeToken.path} {
		inBubble(t, name, func(t *testing.T) {
			s := newSite(t, withOrganization)
			plan := s.planOffboard(t, max)
			s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageBefore, Path: path, Times: 1})
			done := make(chan lifecycle.Result, 1)
			go func() {
				r, err := s.applyOffboard(t, context.Background(), max, plan.Confirm.Token)
				if err != nil {
					t.Error(err)
				}
				done <- r
			}()
			held, err := s.NextHold(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			account, _ := s.OrgAccount(max)
			for _, token := range account.Tokens {
				req := httptest.NewRequest("DELETE", "http://127.0.0.1/users/"+s.AccountID(max)+"/manage/api-tokens/"+token, nil)
				req.Header.Set("Authorization", "Bearer "+sandbox.OrgKeys()[sandbox.OrgKeyFull].Key)
				s.Handler().ServeHTTP(httptest.NewRecorder(), req)
			}
			if err := s.Release(held.ID, true); err != nil {
				t.Fatal(err)
			}
			r := <-done
			if r.Status != lifecycle.Succeeded || !strings.Contains(outcome(r), "revoke_token=already") || s.orgFacts(t)[max].Tokens != 0 {
				t.Errorf("%s, want a success whose tokens were revoked already\n%s", outcome(r), r.Text())
			}
		})
	}
}

// TestSomebodyInSeveralDirectories is removed from all of them, and the plan names each; another directory since then makes another plan of it.
func TestSomebodyInSeveralDirectories(t *testing.T) {
	t.Parallel()
	const emil = "emil.empty@partner.example"
	parts := []string{lifecycle.PartDeactivate, lifecycle.PartRemoveFromDirectory}
	remove := func(t *testing.T, s *site, directory string) {
		req := httptest.NewRequest("DELETE", "http://127.0.0.1/admin/v2/orgs/"+sandbox.OrgID+"/directories/"+directory+"/users/"+s.AccountID(emil), nil)
		req.Header.Set("Authorization", "Bearer "+sandbox.OrgKeys()[sandbox.OrgKeyFull].Key)
		s.Handler().ServeHTTP(httptest.NewRecorder(), req)
		time.Sleep(time.Second) // it is queued
	}
	says := func(t *testing.T, r lifecycle.Result, words string) {
		t.Helper()
		if !strings.Contains(r.Text(), words) {
			t.Errorf("it does not say %q:\n%s", words, r.Text())
		}
	}
	inBubble(t, "is found once, and leaves all", func(t *testing.T) {
		s := newSite(t, withOrganization)
		if err := s.SetOrganization(sandbox.OrgKnobs{RowPerDirectory: true}); err != nil {
			t.Fatal(err)
		}
		plan := s.planOffboard(t, emil, parts...)
		says(t, plan, "remove from the directories “Example (local)” and “Example (partners)”")
		r, err := s.applyOffboard(t, t.Context(), emil, plan.Confirm.Token, parts...)
		if err != nil || outcome(r) != "succeeded: suspend=done remove_from_directory=done verify=done" {
			t.Errorf("%s, %v", outcome(r), err)
		}
		if left := s.orgFacts(t)[emil]; left != (orgFact{}) {
			t.Errorf("left %+v", left)
		}
	})
	inBubble(t, "is in one directory by the time of the confirmation", func(t *testing.T) {
		s := newSite(t, withOrganization)
		plan := s.planOffboard(t, emil, parts...)
		remove(t, s, sandbox.LocalID)
		if _, err := s.applyOffboard(t, t.Context(), emil, plan.Confirm.Token, parts...); !fault.Is(err, fault.PlanChanged) {
			t.Errorf("got %v, want plan_changed", err)
		}
		says(t, s.planOffboard(t, emil, parts...), "remove from the directory “Example (partners)”")
	})
	inBubble(t, "whom SCIM put into one stays a blocker that names it", func(t *testing.T) {
		s := newSite(t, withOrganization)
		r, err := s.service.Offboard(t.Context(), lifecycle.OffboardRequest{Target: target(t, jane), Parts: parts})
		if err != nil || r.Status != lifecycle.Blocked {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		says(t, r, "into the directory “Example (identity provider)”")
	})
}

// A deletion that no operation of this server began is cancelled by whose account it is, after a person has agreed.
func TestADeletionThatSomebodyElseBegan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, who, key string
		outcome, says  string
		code           fault.Code
		after          string
	}{
		{name: "is cancelled", who: dora, outcome: "succeeded: cancel_account_deletion=done verify=done", says: "Done and verified: no deletion of the account of Dora", after: "active"},
		{name: "is not there: nothing to do", who: max, outcome: "succeeded", says: "Nothing to do: no deletion of the account of Max Manager (max.manager@example.com) is pending.", after: "active"},
		{name: "is not there, and the account is suspended", who: susi, outcome: "blocked", says: "not marked for deletion: the organization has it as suspended", after: "suspended"},
		{name: "may not be cancelled by this key", who: dora, key: sandbox.OrgKeyNarrow, outcome: "blocked", says: "admin.atlassian.com", after: "for_deletion"},
		{name: "without the organization", who: dora, key: "none", code: fault.NotConfigured, after: "for_deletion"},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			s := newSite(t, withOrganization, func(o *options) {
				switch test.key {
				case "":
				case "none":
					o.orgKey = ""
				default:
					o.orgKey = test.key
				}
			})
			r, err := confirmed(func(terms lifecycle.Terms) (lifecycle.Result, error) {
				return s.service.Restore(context.Background(), lifecycle.RestoreRequest{Target: target(t, test.who), Terms: terms})
			}, lifecycle.Terms{}, func() {
				if len(s.writes()) > 0 {
					t.Errorf("planning sent %v", s.writes())
				}
			})
			if test.code != "" {
				if !fault.Is(err, test.code) {
					t.Errorf("got %v, want %s", err, test.code)
				}
			} else if err != nil || outcome(r) != test.outcome || !strings.Contains(r.Text(), test.says) {
				t.Errorf("%s, %v, want %s saying %q\n%s", outcome(r), err, test.outcome, test.says, r.Text())
			}
			if got := s.orgFacts(t)[test.who].Status; got != test.after {
				t.Errorf("the account is %s, want %s", got, test.after)
			}
		})
	}
	inBubble(t, "needs a person's agreement, and tells what it gives", func(t *testing.T) {
		s := newSite(t, withOrganization)
		plan, err := s.service.Restore(t.Context(), lifecycle.RestoreRequest{Target: target(t, dora)})
		if err != nil || plan.Status != lifecycle.ConfirmationRequired || !strings.Contains(plan.Text(), "signed in to as soon as this is done") || len(s.writes()) > 0 {
			t.Errorf("%s, %v, sent %v\n%s", outcome(plan), err, s.writes(), plan.Text())
		}
	})
}

func TestWhomTheDirectoryLostIsInvitedAgain(t *testing.T) {
	inBubble(t, "somebody in no other directory", func(t *testing.T) {
		s := newSite(t, withOrganization)
		r, err := confirmed(s.offboarding(t, "nils.null@partner.example", lifecycle.PartRemoveFromDirectory), lifecycle.Terms{}, func() {})
		if err != nil || r.Operation == nil {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		time.Sleep(time.Minute)
		back, err := s.service.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: r.Operation.ID})
		if err == nil || !strings.Contains(err.Error(), "provision_user") {
			t.Errorf("%v\n%s", err, back.Text())
		}
	})
}

func TestAnInvitationNamesProducts(t *testing.T) {
	inBubble(t, "by the organization", func(t *testing.T) {
		s := newSite(t, withOrganization)
		r, err := s.service.Provision(t.Context(), lifecycle.ProvisionRequest{
			Who: lifecycle.Newcomer{Email: "new.one@partner.example", GivenName: "N", FamilyName: "O", Route: lifecycle.RouteOrganization}, Terms: lifecycle.Terms{DryRun: true},
		})
		if text := r.Text(); err != nil || strings.Contains(text, "ari:") || !strings.Contains(text, "with access to jira-software on this site") {
			t.Errorf("%v\n%s", err, text)
		}
	})
}
