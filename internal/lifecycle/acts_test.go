package lifecycle_test

import (
	"context"
	"slices"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// act is one write tool at work. run plans and applies; arm is called between, so that a fault strikes what changes things. Where the call waited for
// the end, run gives its answer; where it was done later, it gives the operation's id alone.
type act struct {
	name string
	who  string
	run  func(t tester, s *site, arm func()) (id string, answer *lifecycle.Result, err error)
	// writes are the requests that the act sends, each hit by each fault in turn.
	writes []write
	// site is what the site is like, beside the usual.
	site []func(*options)
}

type write struct{ method, path string }

var (
	patchUser       = write{"PATCH", "/scim/directory/{d}/Users/{id}$"}
	createUser      = write{"POST", "/scim/directory/{d}/Users$"}
	patchGroup      = write{"PATCH", "/scim/directory/{d}/Groups/{id}$"}
	createSCIMGroup = write{"POST", "/scim/directory/{d}/Groups$"}
	deleteSCIMGroup = write{"DELETE", "/scim/directory/{d}/Groups/{id}$"}
	joinGroup       = write{"POST", "/rest/api/3/group/user$"}
	leaveGroup      = write{"DELETE", "/rest/api/3/group/user$"}
	inviteUser      = write{"POST", "/rest/api/3/user$"}
	deleteUser      = write{"DELETE", "/rest/api/3/user$"}
	createGroup     = write{"POST", "/rest/api/3/group$"}
	deleteGroup     = write{"DELETE", "/rest/api/3/group$"}

	disableAccount = write{"POST", "/users/{a}/manage/lifecycle/disable$"}
	enableAccount  = write{"POST", "/users/{a}/manage/lifecycle/enable$"}
	deleteAccount  = write{"POST", "/users/{a}/manage/lifecycle/delete$"}
	cancelDeletion = write{"POST", "/users/{a}/manage/lifecycle/cancel-delete$"}
	revokeToken    = write{"DELETE", "/users/{a}/manage/api-tokens/{t}$"}
	suspendUser    = write{"POST", "/admin/v2/orgs/{o}/directories/{d}/users/{a}/suspend$"}
	restoreUser    = write{"POST", "/admin/v2/orgs/{o}/directories/{d}/users/{a}/restore$"}
	leaveDirectory = write{"DELETE", "/admin/v2/orgs/{o}/directories/{d}/users/{a}$"}
	inviteByOrg    = write{"POST", "/admin/v2/orgs/{o}/users/invite$"}

	assignIssue   = write{"PUT", "/rest/api/3/issue/{key}/assignee$"}
	leadProject   = write{"PUT", "/rest/api/3/project/{key}$"}
	leadComponent = write{"PUT", "/rest/api/3/component/{id}$"}
	ownFilter     = write{"PUT", "/rest/api/3/filter/{id}/owner$"}
	ownDashboards = write{"PUT", "/rest/api/3/dashboard/bulk/edit$"}
)

// repeatable tells whether the HTTP core may send a request again after any doubt.
func (w write) repeatable() bool { return w.method == "DELETE" }

// looksAgain tells whether the step itself looks at a thing whose answer was lost, and sends it once more where it did not take effect.
func (w write) looksAgain() bool { return w.method == "PUT" }

const (
	alex  = "alex.kim@example.com"
	petra = "petra.private@example.com"
	sam   = "sam.partner@partner.example"
	lee   = "lee.left@example.com"
	nina  = "nina.new@example.com"
	gast  = "gast@partner.example"
	maxim = "max.manager@example.com" // who takes over
)

// told gives what a call answered.
func told(r lifecycle.Result, err error) (string, *lifecycle.Result, error) {
	if err != nil || r.Operation == nil {
		return "", &r, err
	}
	return r.Operation.ID, &r, nil
}

// confirmed plans, arms, and confirms.
func confirmed(ask func(lifecycle.Terms) (lifecycle.Result, error), terms lifecycle.Terms, arm func()) (lifecycle.Result, error) {
	plan, err := ask(terms)
	if err != nil || plan.Confirm == nil {
		return plan, err
	}
	arm()
	terms.Confirm = plan.Confirm.Token
	return ask(terms)
}

func (s *site) offboarding(t tester, who string, parts ...string) func(lifecycle.Terms) (lifecycle.Result, error) {
	return func(terms lifecycle.Terms) (lifecycle.Result, error) {
		return s.service.Offboard(context.Background(), lifecycle.OffboardRequest{Target: target(t, who), Parts: parts, Terms: terms})
	}
}

// handingOver offboards somebody as far as SCIM goes, and hands over what they leave behind.
func (s *site) handingOver(t tester, who, to string) func(lifecycle.Terms) (lifecycle.Result, error) {
	return func(terms lifecycle.Terms) (lifecycle.Result, error) {
		return s.service.Offboard(context.Background(), lifecycle.OffboardRequest{
			Target: target(t, who), Parts: []string{lifecycle.PartDeactivate}, TransferTo: target(t, to), Terms: terms,
		})
	}
}

// offboarded offboards somebody, and gives the operation's id.
func (s *site) offboarded(t tester, who string, parts ...string) string {
	t.Helper()
	r, err := confirmed(s.offboarding(t, who, parts...), lifecycle.Terms{}, func() {})
	if err != nil || r.Status != lifecycle.Succeeded {
		t.Fatalf("offboard %s first: %s, %v\n%s", who, outcome(r), err, r.Text())
	}
	return r.Operation.ID
}

func acts() []act {
	ctx := context.Background()
	batchOf := func(t tester, people ...string) []lifecycle.OffboardRequest {
		var all []lifecycle.OffboardRequest
		for _, who := range people {
			all = append(all, lifecycle.OffboardRequest{Target: target(t, who)})
		}
		return all
	}
	return append(orgActs(), []act{
		{name: "offboard", who: jane, writes: []write{patchUser, patchGroup, leaveGroup}, run: func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			return told(confirmed(s.offboarding(t, jane), lifecycle.Terms{}, arm))
		}},
		{name: "hand over", who: jane, writes: []write{assignIssue, leadProject, leadComponent, ownFilter, ownDashboards}, run: func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			return told(confirmed(s.handingOver(t, jane, maxim), lifecycle.Terms{}, arm))
		}},
		{name: "offboard off the site", who: sam, writes: []write{leaveGroup, deleteUser}, run: func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			return told(confirmed(s.offboarding(t, sam, lifecycle.PartJiraGroups, lifecycle.PartRemoveFromSite), lifecycle.Terms{}, arm))
		}},
		{name: "offboard at a time", who: jane, writes: []write{patchUser, patchGroup, leaveGroup}, run: func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			r, err := confirmed(s.offboarding(t, jane), lifecycle.Terms{EffectiveAt: s.home.now().Add(time.Hour)}, func() {})
			if err != nil || r.Status != lifecycle.Scheduled {
				return told(r, err)
			}
			s.home.move(time.Hour)
			arm()
			s.first.finish(t, s.home, r.Operation.ID)
			return r.Operation.ID, nil, nil
		}},
		{name: "offboard three", who: jane, writes: []write{patchUser, patchGroup, leaveGroup}, run: func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			s.first.working.Store(true)
			return told(confirmed(func(terms lifecycle.Terms) (lifecycle.Result, error) {
				return s.service.OffboardMany(ctx, batchOf(t, jane, alex, petra), lifecycle.Rows{Terms: terms})
			}, lifecycle.Terms{}, arm))
		}},
		{name: "provision three", who: nina, writes: []write{createUser, joinGroup}, run: func(_ tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			s.first.working.Store(true)
			var people []lifecycle.ProvisionRequest
			for _, email := range []string{nina, "noah.new@example.com", "nora.new@example.com"} {
				people = append(people, lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: email, GivenName: "N", FamilyName: "N"}, Groups: []string{"partners"}})
			}
			return told(confirmed(func(terms lifecycle.Terms) (lifecycle.Result, error) {
				return s.service.ProvisionMany(ctx, people, lifecycle.Rows{Terms: terms})
			}, lifecycle.Terms{}, arm))
		}},
		{name: "restore", who: jane, writes: []write{patchUser, patchGroup, joinGroup}, run: func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			id := s.offboarded(t, jane)
			arm()
			return told(s.service.Restore(ctx, lifecycle.RestoreRequest{OperationID: id}))
		}},
		{name: "provision by SCIM", who: nina, writes: []write{createUser, patchGroup, joinGroup}, run: func(_ tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			arm()
			return told(s.service.Provision(ctx, lifecycle.ProvisionRequest{
				Who: lifecycle.Newcomer{Email: nina, GivenName: "N", FamilyName: "N"}, Groups: []string{"engineering", "partners"},
			}))
		}},
		{name: "provision by invitation", who: gast, writes: []write{inviteUser, joinGroup}, run: func(_ tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			arm()
			return told(s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: gast, GivenName: "G", FamilyName: "A"}, Groups: []string{"partners"}}))
		}},
		{name: "reactivate", who: lee, writes: []write{patchUser}, run: func(_ tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			arm()
			return told(s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: lee, GivenName: "L", FamilyName: "L"}}))
		}},
		{name: "add to groups", who: jane, writes: []write{patchGroup, joinGroup}, run: func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			arm()
			return told(s.service.AddToGroups(ctx, lifecycle.AddRequest{Target: target(t, jane), Groups: []string{"finance", "partners"}}))
		}},
		{name: "remove from groups", who: jane, writes: []write{patchGroup, leaveGroup}, run: func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			return told(confirmed(func(terms lifecycle.Terms) (lifecycle.Result, error) {
				return s.service.RemoveFromGroups(ctx, lifecycle.RemoveRequest{Target: target(t, jane), Groups: []string{"engineering", "release-managers"}, Terms: terms})
			}, lifecycle.Terms{}, arm))
		}},
		{name: "delete user", who: sam, writes: []write{deleteUser}, run: func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			return told(confirmed(func(terms lifecycle.Terms) (lifecycle.Result, error) {
				return s.service.DeleteUser(ctx, lifecycle.DeleteUserRequest{Target: target(t, sam), Terms: terms})
			}, lifecycle.Terms{}, arm))
		}},
		{name: "update user", who: jane, writes: []write{patchUser}, run: func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			arm()
			return told(s.service.Update(ctx, lifecycle.UpdateRequest{Target: target(t, jane), Attributes: map[string]string{"title": "Head"}}))
		}},
		{name: "create group", writes: []write{createGroup}, run: func(_ tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			arm()
			return told(s.service.CreateGroup(ctx, lifecycle.CreateGroupRequest{Name: "brand-new", Via: lifecycle.ViaJira}))
		}},
		{name: "create SCIM group", writes: []write{createSCIMGroup}, run: func(_ tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			arm()
			return told(s.service.CreateGroup(ctx, lifecycle.CreateGroupRequest{Name: "brand-new", Via: lifecycle.ViaSCIM}))
		}},
		{name: "delete group", writes: []write{deleteGroup}, run: func(_ tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			return told(confirmed(func(terms lifecycle.Terms) (lifecycle.Result, error) {
				return s.service.DeleteGroup(ctx, lifecycle.DeleteGroupRequest{Group: "partners", Terms: terms})
			}, lifecycle.Terms{}, arm))
		}},
		{name: "delete SCIM group", writes: []write{deleteSCIMGroup}, run: func(_ tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			return told(confirmed(func(terms lifecycle.Terms) (lifecycle.Result, error) {
				return s.service.DeleteGroup(ctx, lifecycle.DeleteGroupRequest{Group: "finance", Terms: terms})
			}, lifecycle.Terms{}, arm))
		}},
	}...)
}

// orgActs are acts on an organization.
func orgActs() []act {
	organization := []func(*options){withOrganization}
	mayDelete := append(organization, func(o *options) { o.policy.AllowAccountDeletion = true })
	offboard := func(who string, parts ...string) func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
		return func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			return told(confirmed(s.offboarding(t, who, parts...), lifecycle.Terms{}, arm))
		}
	}
	restore := func(who string, parts ...string) func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
		return func(t tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			id := s.offboarded(t, who, parts...)
			arm()
			return told(s.service.Restore(context.Background(), lifecycle.RestoreRequest{OperationID: id}))
		}
	}
	return []act{
		{name: "offboard a managed account", who: max, site: organization, writes: []write{disableAccount, revokeToken}, run: offboard(max)},
		{name: "offboard somebody else's account", who: sam, site: organization, writes: []write{suspendUser}, run: offboard(sam)},
		{name: "remove from the directory", who: sam, site: organization, writes: []write{leaveDirectory}, run: offboard(sam, lifecycle.PartRemoveFromDirectory)},
		{name: "delete an account", who: max, site: mayDelete, writes: []write{deleteAccount}, run: offboard(max, lifecycle.PartDeleteAccount)},
		{name: "restore a managed account", who: max, site: organization, writes: []write{enableAccount}, run: restore(max)},
		{name: "restore access", who: sam, site: organization, writes: []write{restoreUser}, run: restore(sam)},
		{name: "cancel a deletion", who: max, site: mayDelete, writes: []write{cancelDeletion}, run: restore(max, lifecycle.PartDeleteAccount)},
		{name: "invite by the organization", who: gast, site: organization, writes: []write{inviteByOrg}, run: func(_ tester, s *site, arm func()) (string, *lifecycle.Result, error) {
			arm()
			return told(s.service.Provision(context.Background(), lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: gast, GivenName: "G", FamilyName: "A"}, Groups: []string{"partners"}}))
		}},
	}
}

func hasStatus(ops map[string]journal.Operation, status lifecycle.StepStatus) bool {
	for _, op := range ops {
		if slices.ContainsFunc(op.Steps, func(s journal.Step) bool { return s.Status == status }) {
			return true
		}
	}
	return false
}
