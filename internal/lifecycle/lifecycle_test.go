package lifecycle_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

const jane = "jane.doe@example.com"

func TestOffboardingPlansThenAppliesThenProves(t *testing.T) {
	s := newSite(t)
	before := s.facts(t)
	plan := s.planOffboard(t, jane)
	if diff := cmp.Diff(before, s.facts(t), cmp.AllowUnexported(fact{})); diff != "" {
		t.Errorf("planning changed something:\n%s", diff)
	}
	if writes := s.writes(); len(writes) != 0 {
		t.Errorf("planning sent %v", writes)
	}
	result, err := s.applyOffboard(t, context.Background(), jane, plan.Confirm.Token)
	if err != nil {
		t.Fatal(err)
	}
	want := "succeeded: deactivate=done remove_from_group=done remove_from_group=done remove_from_group=done remove_from_group=done verify=done"
	if got := outcome(result); got != want {
		t.Errorf("got  %s\nwant %s\n%s", got, want, result.Text())
	}
	if got := s.facts(t)[jane]; got.scimActive || got.jiraActive || len(got.groups) > 0 {
		t.Errorf("the sandbox still has %+v", got)
	}
	if again := s.tookEffectTwice(); again != "" {
		t.Errorf("sent twice: %s", again)
	}
	after := s.facts(t)
	delete(before, jane)
	delete(after, jane)
	if diff := cmp.Diff(before, after, cmp.AllowUnexported(fact{})); diff != "" {
		t.Errorf("somebody else was changed:\n%s", diff)
	}
	again, err := s.service.Offboard(context.Background(), lifecycle.OffboardRequest{Target: target(t, jane)})
	if err != nil || again.Status != lifecycle.Succeeded || again.Operation != nil {
		t.Errorf("a second time: %s, %v", outcome(again), err)
	}
}

func TestDeactivationComesBeforeTheGroups(t *testing.T) {
	s := newSite(t)
	plan := s.planOffboard(t, jane)
	if _, err := s.applyOffboard(t, context.Background(), jane, plan.Confirm.Token); err != nil {
		t.Fatal(err)
	}
	if first := s.writes()[0]; first.Method != "PATCH" || !strings.Contains(first.Path, "/Users/") {
		t.Errorf("the first write was %s %s", first.Method, first.Path)
	}
}

func TestOffboardingByRoute(t *testing.T) {
	for _, test := range []struct {
		name, who string
		parts     []string
		edit      func(*options)
		want      string
		warning   string
		after     fact
	}{
		{
			name: "somebody outside of SCIM loses the groups and stays active", who: "sam.partner@partner.example",
			want:    "succeeded: remove_from_group=done remove_from_group=done verify=done",
			warning: "stays active", after: fact{jiraActive: true, onSite: true},
		},
		{
			name: "a leaver who is inactive already loses the rest", who: "lee.left@example.com",
			want: "succeeded: remove_from_group=done remove_from_group=done verify=done", after: fact{onSite: true},
		},
		{
			name: "an account outside of the directory's domain stays active, and the answer says so", who: "eve.external@contractor.example",
			want:    "partial: deactivate=done remove_from_group=done remove_from_group=done remove_from_group=done verify=unknown",
			warning: "outside of the directory's own domains", after: fact{jiraActive: true, onSite: true},
		},
		{
			name: "removal from the site, when asked", who: "sam.partner@partner.example", parts: []string{"jira_groups", "remove_from_site"},
			want: "succeeded: remove_from_group=done remove_from_group=done remove_from_site=done verify=done",
		},
		{
			name: "a person whose e-mail Jira hides is found through SCIM", who: "petra.private@example.com",
			want: "succeeded: deactivate=done remove_from_group=done remove_from_group=done verify=done", after: fact{onSite: true},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(o *options) {
				if test.edit != nil {
					test.edit(o)
				}
			})
			plan := s.planOffboard(t, test.who, test.parts...)
			if !strings.Contains(strings.Join(plan.Plan.Warnings, "\n"), test.warning) {
				t.Errorf("warnings %q lack %q", plan.Plan.Warnings, test.warning)
			}
			result, err := s.applyOffboard(t, context.Background(), test.who, plan.Confirm.Token, test.parts...)
			if err != nil {
				t.Fatal(err)
			}
			if got := outcome(result); got != test.want {
				t.Errorf("got  %s\nwant %s\n%s", got, test.want, result.Text())
			}
			if diff := cmp.Diff(test.after, s.facts(t)[test.who], cmp.AllowUnexported(fact{})); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAChangeThatDoesNotShowYetIsNoFailure(t *testing.T) {
	s := newSite(t, func(o *options) { o.patience, o.sandbox.Lag = 250*time.Millisecond, time.Hour })
	plan := s.planOffboard(t, jane)
	result, err := s.applyOffboard(t, context.Background(), jane, plan.Confirm.Token)
	if err != nil {
		t.Fatal(err)
	}
	want := "partial: deactivate=done remove_from_group=done remove_from_group=unknown remove_from_group=unknown remove_from_group=unknown verify=unknown"
	if got := outcome(result); got != want {
		t.Errorf("got  %s\nwant %s\n%s", got, want, result.Text())
	}
}

func TestAGroupThatIsAddedMeanwhileIsTold(t *testing.T) {
	s := newSite(t)
	plan := s.planOffboard(t, jane)
	s.fault(t, sandbox.Fault{Kind: sandbox.FaultDelay, Method: "PATCH", Path: "/scim/directory/{d}/Users", DelayMS: 500})
	added := make(chan error)
	elsewhere := s.newService(t, lifecycle.Policy{}) // somebody with another journal, such as the console
	go func() {                                      // as soon as the first write is under way
		for len(s.writes()) == 0 {
			runtime.Gosched()
		}
		_, err := elsewhere.AddToGroups(context.Background(), lifecycle.AddRequest{Target: target(t, jane), Groups: []string{"partners"}})
		added <- err
	}()
	result, err := s.applyOffboard(t, context.Background(), jane, plan.Confirm.Token)
	if err := <-added; err != nil {
		t.Fatal(err)
	}
	if err != nil || result.Status != lifecycle.Partial || !strings.Contains(result.Text(), "added while this ran: partners") {
		t.Errorf("%s, %v\n%s", outcome(result), err, result.Text())
	}
}

func TestTokensOfAPlan(t *testing.T) {
	ctx := context.Background()
	t.Run("works once", func(t *testing.T) {
		s := newSite(t)
		plan := s.planOffboard(t, jane)
		if _, err := s.applyOffboard(t, ctx, jane, plan.Confirm.Token); err != nil {
			t.Fatal(err)
		}
		if _, err := s.applyOffboard(t, ctx, jane, plan.Confirm.Token); !fault.Is(err, fault.ConfirmationInvalid) {
			t.Errorf("second use: %v", err)
		}
	})
	t.Run("of another person", func(t *testing.T) {
		s := newSite(t)
		plan := s.planOffboard(t, jane)
		if _, err := s.applyOffboard(t, ctx, "lee.left@example.com", plan.Confirm.Token); !fault.Is(err, fault.ConfirmationInvalid) {
			t.Errorf("got %v", err)
		}
		if len(s.writes()) != 0 {
			t.Error("something was written")
		}
	})
	t.Run("of another caller", func(t *testing.T) {
		s := newSite(t)
		plan := s.planOffboard(t, jane)
		other := request.With(ctx, request.Info{Caller: "mallory"})
		if _, err := s.applyOffboard(t, other, jane, plan.Confirm.Token); !fault.Is(err, fault.ConfirmationInvalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("for a plan that changed", func(t *testing.T) {
		s := newSite(t)
		plan := s.planOffboard(t, jane)
		if _, err := s.service.AddToGroups(ctx, lifecycle.AddRequest{Target: target(t, jane), Groups: []string{"partners"}}); err != nil {
			t.Fatal(err)
		}
		before := len(s.writes())
		_, err := s.applyOffboard(t, ctx, jane, plan.Confirm.Token)
		if !fault.Is(err, fault.PlanChanged) {
			t.Fatalf("got %v, want plan_changed", err)
		}
		if len(s.writes()) != before {
			t.Error("something was written")
		}
		fresh := errorDetails(t, err).Confirm.Token
		if result, err := s.applyOffboard(t, ctx, jane, fresh); err != nil || result.Status != lifecycle.Succeeded {
			t.Errorf("with the new token: %s, %v", outcome(result), err)
		}
	})
	t.Run("human confirmation refuses a client that can't ask", func(t *testing.T) {
		s := newSite(t, under(lifecycle.Policy{HumanConfirmation: true}))
		ask := lifecycle.OffboardRequest{Target: target(t, jane)}
		if plan, err := s.service.Offboard(ctx, ask); err != nil || plan.Status != lifecycle.ConfirmationRequired || strings.Contains(plan.Text(), "call again") {
			t.Errorf("a client that can't ask: %s, %v\n%s", outcome(plan), err, plan.Text())
		}
		able := request.With(ctx, request.Info{CanAsk: true})
		plan, err := s.service.Offboard(able, ask)
		if err != nil || plan.Confirm == nil {
			t.Fatalf("a client that can ask: %s, %v", outcome(plan), err)
		}
		if _, err := s.applyOffboard(t, able, jane, plan.Confirm.Token); !fault.Is(err, fault.ConfirmationInvalid) {
			t.Errorf("the token without the person: %v", err)
		}
		asked := request.With(ctx, request.Info{CanAsk: true, Asked: true})
		if result, err := s.applyOffboard(t, asked, jane, plan.Confirm.Token); err != nil || result.Status != lifecycle.Succeeded {
			t.Errorf("asked: %s, %v", outcome(result), err)
		}
	})
}

func TestGuardsOverTheWire(t *testing.T) {
	ctx := context.Background()
	offboard := func(s *site, who string) error {
		_, err := s.service.Offboard(ctx, lifecycle.OffboardRequest{Target: target(t, who)})
		return err
	}
	for _, test := range []struct {
		name, who string
		policy    lifecycle.Policy
		code      fault.Code
	}{
		{name: "yourself", who: "admin@example.com", code: fault.Protected},
		{name: "a protected person", who: jane, policy: lifecycle.Policy{ProtectedUsers: []string{jane}}, code: fault.Protected},
		{name: "a member of a protected group", who: jane, policy: lifecycle.Policy{ProtectedGroups: []string{"engineering"}}, code: fault.Protected},
		{name: "a protected domain", who: jane, policy: lifecycle.Policy{ProtectedDomains: []string{"example.com"}}, code: fault.Protected},
		{name: "read-only mode", who: jane, policy: lifecycle.Policy{ReadOnly: true}, code: fault.Protected},
		{name: "the last administrator of a group", who: "dana.admin@example.com", code: fault.Protected},
		{name: "the corrupted record", who: "unknown", code: fault.Protected},
		{name: "nobody", who: "nobody.here@example.com", code: fault.NotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, under(test.policy))
			if err := offboard(s, test.who); !fault.Is(err, test.code) {
				t.Errorf("got %v, want %s", err, test.code)
			}
			if len(s.writes()) != 0 {
				t.Errorf("something was written: %v", s.writes())
			}
		})
	}
	t.Run("one of several administrators passes", func(t *testing.T) {
		if err := offboard(newSite(t), "boris.backup@example.com"); err != nil {
			t.Error(err)
		}
	})
	t.Run("granting administration", func(t *testing.T) {
		s := newSite(t)
		if _, err := s.service.AddToGroups(ctx, lifecycle.AddRequest{Target: target(t, jane), Groups: []string{"site-admins"}}); !fault.Is(err, fault.Protected) {
			t.Errorf("got %v", err)
		}
	})
}

func TestProvisioning(t *testing.T) {
	ctx := context.Background()
	newcomer := lifecycle.Newcomer{Email: "nina.new@example.com", GivenName: "Nina", FamilyName: "New", Title: "Engineer", Department: "R&D"}
	t.Run("through SCIM, with groups of both sides, twice", func(t *testing.T) {
		s := newSite(t)
		ask := lifecycle.ProvisionRequest{Who: newcomer, Groups: []string{"engineering", "jira-software-users"}}
		result, err := s.service.Provision(ctx, ask)
		if err != nil {
			t.Fatal(err)
		}
		if want := "succeeded: create_user=done await_account=done add_to_group=done add_to_group=done verify=done"; outcome(result) != want {
			t.Errorf("got %s\n%s", outcome(result), result.Text())
		}
		want := fact{scimActive: true, jiraActive: true, onSite: true, groups: []string{"engineering", "jira-software-users"}}
		if diff := cmp.Diff(want, s.facts(t)[newcomer.Email], cmp.AllowUnexported(fact{})); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
		again, err := s.service.Provision(ctx, ask)
		if err != nil || again.Status != lifecycle.Succeeded || again.Operation != nil {
			t.Errorf("a second time: %s, %v", outcome(again), err)
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent twice: %s", twice)
		}
	})
	t.Run("a dry run changes nothing", func(t *testing.T) {
		s := newSite(t, under(lifecycle.Policy{ReadOnly: true}))
		result, err := s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: newcomer, Terms: lifecycle.Terms{DryRun: true}})
		if err != nil || result.Status != lifecycle.Planned || len(s.writes()) != 0 {
			t.Errorf("%s, %v, %v", outcome(result), err, s.writes())
		}
	})
	t.Run("an invitation", func(t *testing.T) {
		s := newSite(t)
		result, err := s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: "gast@partner.example", GivenName: "G", FamilyName: "A"}, Groups: []string{"partners"}})
		if err != nil {
			t.Fatal(err)
		}
		if want := "succeeded: invite_user=done await_account=done add_to_group=done verify=done"; outcome(result) != want {
			t.Errorf("got %s\n%s", outcome(result), result.Text())
		}
	})
	t.Run("somebody inactive is reactivated", func(t *testing.T) {
		s := newSite(t)
		result, err := s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: "lee.left@example.com", GivenName: "Lee", FamilyName: "Left"}})
		if err != nil {
			t.Fatal(err)
		}
		if want := "succeeded: reactivate=done verify=done"; outcome(result) != want {
			t.Errorf("got %s\n%s", outcome(result), result.Text())
		}
	})
	t.Run("the invitation quirk is no failure", func(t *testing.T) {
		s := newSite(t)
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultInviteQuirk})
		result, err := s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: "quirk@partner.example", GivenName: "Q", FamilyName: "Q"}})
		if err != nil {
			t.Fatal(err)
		}
		if result.Status != lifecycle.Succeeded {
			t.Errorf("got %s\n%s", outcome(result), result.Text())
		}
	})
	t.Run("an account id that SCIM learns late is found through Jira", func(t *testing.T) {
		s := newSite(t)
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultSCIMAccountLate})
		result, err := s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: newcomer, Groups: []string{"engineering", "jira-software-users"}})
		if err != nil || result.Status != lifecycle.Succeeded {
			t.Errorf("got %s, %v\n%s", outcome(result), err, result.Text())
		}
	})
	t.Run("somebody whose account id SCIM learns late is still SCIM's", func(t *testing.T) {
		s := newSite(t)
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultSCIMAccountLate})
		ask := lifecycle.ProvisionRequest{Who: newcomer, Groups: []string{"engineering", "partners"}}
		if result, err := s.service.Provision(ctx, ask); err != nil || result.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v", outcome(result), err)
		}
		if again, err := s.service.Provision(ctx, ask); err != nil || again.Operation != nil {
			t.Errorf("a second time: %s, %v", outcome(again), err)
		}
		for _, who := range []string{newcomer.Email, s.AccountID(newcomer.Email)} {
			plan := s.planOffboard(t, who)
			if first := plan.Plan.Steps[0]; first.Action != lifecycle.Deactivate {
				t.Errorf("by %s the plan begins with %s", who, first.Detail)
			}
		}
		plan := s.planOffboard(t, newcomer.Email)
		if result, err := s.applyOffboard(t, ctx, newcomer.Email, plan.Confirm.Token); err != nil || result.Status != lifecycle.Succeeded {
			t.Errorf("offboard: %s, %v\n%s", outcome(result), err, result.Text())
		}
	})
	t.Run("creating again while reads lag is in doubt, and no failure", func(t *testing.T) {
		s := newSite(t, func(o *options) { o.patience, o.sandbox.Lag = 250*time.Millisecond, time.Hour })
		for range 2 {
			result, err := s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: newcomer})
			if err != nil || result.Status != lifecycle.Partial || strings.Contains(outcome(result), "=failed") {
				t.Errorf("%s, %v\n%s", outcome(result), err, result.Text())
			}
		}
	})
	t.Run("reads that lag behind are told as accepted, not yet visible", func(t *testing.T) {
		s := newSite(t, func(o *options) { o.patience, o.sandbox.Lag = 250*time.Millisecond, time.Hour })
		result, err := s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: newcomer, Groups: []string{"engineering", "jira-software-users"}})
		if err != nil {
			t.Fatal(err)
		}
		if result.Status != lifecycle.Partial || !strings.Contains(result.Text(), "ccepted, not yet visible") {
			t.Errorf("got %s\n%s", outcome(result), result.Text())
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent twice: %s", twice)
		}
	})
	t.Run("existing outside of the site", func(t *testing.T) {
		s := newSite(t)
		result, err := s.service.Provision(ctx, lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: "olga.outside@partner.example", GivenName: "O", FamilyName: "O"}})
		if err != nil {
			t.Fatal(err)
		}
		if result.Status == lifecycle.Succeeded {
			t.Errorf("told as a success:\n%s", result.Text())
		}
	})
}

func TestMembership(t *testing.T) {
	ctx := context.Background()
	s := newSite(t)
	added, err := s.service.AddToGroups(ctx, lifecycle.AddRequest{Target: target(t, jane), Groups: []string{"finance", "partners", "engineering"}})
	if err != nil || outcome(added) != "succeeded: add_to_group=done add_to_group=done verify=done" {
		t.Fatalf("add: %s, %v\n%s", outcome(added), err, added.Text())
	}
	ask := lifecycle.RemoveRequest{Target: target(t, jane), Groups: []string{"finance", "partners"}}
	plan, err := s.service.RemoveFromGroups(ctx, ask)
	if err != nil || plan.Status != lifecycle.ConfirmationRequired {
		t.Fatalf("plan: %s, %v", outcome(plan), err)
	}
	ask.Confirm = plan.Confirm.Token
	removed, err := s.service.RemoveFromGroups(ctx, ask)
	if err != nil || outcome(removed) != "succeeded: remove_from_group=done remove_from_group=done verify=done" {
		t.Fatalf("remove: %s, %v\n%s", outcome(removed), err, removed.Text())
	}
	for _, test := range []struct {
		groups []string
		code   fault.Code
	}{
		{[]string{"no-such-group"}, fault.NotFound},
		{[]string{"contractors"}, fault.Ambiguous},
		{[]string{""}, fault.InvalidArgument},
	} {
		if _, err := s.service.AddToGroups(ctx, lifecycle.AddRequest{Target: target(t, jane), Groups: test.groups}); !fault.Is(err, test.code) {
			t.Errorf("%q: %v, want %s", test.groups, err, test.code)
		}
	}
}

func TestAdministration(t *testing.T) {
	ctx := context.Background()
	s := newSite(t)
	updated, err := s.service.Update(ctx, lifecycle.UpdateRequest{Target: target(t, jane), Attributes: map[string]string{"title": "Head of Engineering"}})
	if err != nil || outcome(updated) != "succeeded: update_user=done verify=done" {
		t.Errorf("update: %s, %v\n%s", outcome(updated), err, updated.Text())
	}
	if again, err := s.service.Update(ctx, lifecycle.UpdateRequest{Target: target(t, jane), Attributes: map[string]string{"title": "Head of Engineering"}}); err != nil || again.Operation != nil {
		t.Errorf("the same update again: %s, %v", outcome(again), err)
	}
	if got := s.facts(t)[jane]; !got.scimActive || !got.jiraActive {
		t.Errorf("an update changed the state: %+v", got)
	}
	for _, via := range []lifecycle.Via{lifecycle.ViaJira, lifecycle.ViaSCIM} {
		name := "new-in-" + string(via)
		created, err := s.service.CreateGroup(ctx, lifecycle.CreateGroupRequest{Name: name, Via: via})
		if err != nil || outcome(created) != "succeeded: create_group=done verify=done" {
			t.Fatalf("create %s: %s, %v\n%s", name, outcome(created), err, created.Text())
		}
		if again, err := s.service.CreateGroup(ctx, lifecycle.CreateGroupRequest{Name: name, Via: via}); err != nil || again.Operation != nil {
			t.Errorf("create %s again: %s, %v", name, outcome(again), err)
		}
		plan, err := s.service.DeleteGroup(ctx, lifecycle.DeleteGroupRequest{Group: name})
		if err != nil || plan.Confirm == nil {
			t.Fatalf("plan to delete %s: %s, %v", name, outcome(plan), err)
		}
		deleted, err := s.service.DeleteGroup(ctx, lifecycle.DeleteGroupRequest{Group: name, Terms: lifecycle.Terms{Confirm: plan.Confirm.Token}})
		if err != nil || outcome(deleted) != "succeeded: delete_group=done verify=done" {
			t.Errorf("delete %s: %s, %v\n%s", name, outcome(deleted), err, deleted.Text())
		}
	}
	if _, err := s.service.DeleteGroup(ctx, lifecycle.DeleteGroupRequest{Group: "site-admins"}); !fault.Is(err, fault.Protected) {
		t.Errorf("delete an administrators' group: %v", err)
	}
	if _, err := s.service.DeleteUser(ctx, lifecycle.DeleteUserRequest{Target: target(t, jane)}); !fault.Is(err, fault.ManagedExternally) {
		t.Errorf("delete a SCIM person: %v", err)
	}
	sam := target(t, "sam.partner@partner.example")
	plan, err := s.service.DeleteUser(ctx, lifecycle.DeleteUserRequest{Target: sam})
	if err != nil {
		t.Fatal(err)
	}
	deleted, err := s.service.DeleteUser(ctx, lifecycle.DeleteUserRequest{Target: sam, Terms: lifecycle.Terms{Confirm: plan.Confirm.Token}})
	if err != nil || outcome(deleted) != "succeeded: remove_from_site=done verify=done" {
		t.Errorf("delete: %s, %v\n%s", outcome(deleted), err, deleted.Text())
	}
	if s.facts(t)["sam.partner@partner.example"].onSite {
		t.Error("the account is still on the site")
	}
}

func errorDetails(t *testing.T, err error) lifecycle.Result {
	t.Helper()
	var f *fault.Error
	if !asFault(err, &f) {
		t.Fatalf("not a fault: %v", err)
	}
	r, ok := f.Details.(lifecycle.Result)
	if !ok || r.Confirm == nil {
		t.Fatalf("details %T carry no new plan with a token", f.Details)
	}
	return r
}

func asFault(err error, into **fault.Error) bool {
	f, ok := err.(*fault.Error)
	*into = f
	return ok
}

func TestACancelledCallEndsTheStepThatRunsAndBeginsNoOther(t *testing.T) {
	s := newSite(t)
	plan := s.planOffboard(t, jane)
	s.fault(t, sandbox.Fault{Kind: sandbox.FaultDelay, Method: "PATCH", DelayMS: 200})
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	stop := make(chan struct{})
	go func() { // cancels while the first write is under way
		defer close(stop)
		for ctx.Err() == nil {
			if len(s.writes()) > 0 {
				cancel(request.ErrClientCancelled)
			}
			runtime.Gosched()
		}
	}()
	result, err := s.applyOffboard(t, ctx, jane, plan.Confirm.Token)
	<-stop
	if err != nil {
		t.Fatal(err)
	}
	want := "partial: deactivate=done remove_from_group=skipped remove_from_group=skipped remove_from_group=skipped remove_from_group=skipped verify=skipped"
	if got := outcome(result); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := s.facts(t)[jane]; got.scimActive || len(got.groups) != 4 {
		t.Errorf("the sandbox holds %+v", got)
	}
	rest := s.planOffboard(t, jane)
	if result, err := s.applyOffboard(t, context.Background(), jane, rest.Confirm.Token); err != nil || result.Status != lifecycle.Succeeded {
		t.Errorf("calling again to finish: %s, %v", outcome(result), err)
	}
}
