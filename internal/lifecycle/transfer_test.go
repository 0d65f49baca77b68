package lifecycle_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

const (
	tessa = "tessa.twenty@example.com"
	vera  = "vera.viewer@example.com"
)

// holders tells who has each thing of a kind, by the thing's name.
func holders(items []sandbox.WorkItem) map[string]string {
	all := map[string]string{}
	for _, i := range items {
		all[i.Name] = i.Holder
	}
	return all
}

// heldBy names the things that an account has, of the open issues and everything else.
func (s *site) heldBy(who string) []string {
	w := s.Work()
	var names []string
	for _, i := range slices.Concat(w.Issues, w.Projects, w.Components, w.Filters, w.Dashboards) {
		if i.Holder == s.AccountID(who) && !i.Done {
			names = append(names, i.Name)
		}
	}
	slices.Sort(names)
	return names
}

// assign gives an issue to somebody, as another person would.
func (s *site) assign(t tester, key, who string) {
	t.Helper()
	body := fmt.Sprintf(`{"accountId":%q}`, s.AccountID(who))
	r := httptest.NewRequest("PUT", "http://127.0.0.1/rest/api/3/issue/"+key+"/assignee", strings.NewReader(body))
	token := sandbox.Tokens()[sandbox.TokenAdmin]
	r.SetBasicAuth(token.Email, token.Token)
	r.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, r)
	if recorder.Code != http.StatusNoContent {
		t.Fatalf("assign %s to %s: %d %s", key, who, recorder.Code, recorder.Body)
	}
}

func counts(o *lifecycle.Owned) string {
	var parts []string
	for _, n := range []*int{o.IssuesAssigned, o.IssuesReported, o.ProjectsLed, o.ComponentsLed, o.Filters, o.Dashboards} {
		if n == nil {
			parts = append(parts, "?")
		} else {
			parts = append(parts, fmt.Sprint(*n))
		}
	}
	return strings.Join(parts, " ")
}

func TestAPlanCountsWhatIsLeftBehind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		who   string
		edit  func(*options)
		fault sandbox.Fault
		want  string // assigned, reported, projects, components, filters, dashboards; ? is not counted
		note  string
	}{
		{name: "of Jane", who: jane, want: "7 7 1 1 2 1", note: "automation rules"},
		{name: "of Max", who: maxim, want: "4 7 1 1 2 2", note: "private dashboards"},
		{name: "about so many where there are many", who: tessa, want: "132 132 0 0 0 0"},
		{name: "what the credential may not see is not there", who: petra, want: "1 0 1 0 1 0"},
		{name: "without Administer Jira only shared filters, and that is said", who: jane, edit: func(o *options) { o.token = sandbox.TokenViewer }, want: "7 7 1 1 1 1", note: "private filters"},
		{name: "refused issues are not none", who: jane, fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Path: "/rest/api/3/search"}, want: "? ? 1 1 2 1", note: "issues assigned: "},
		{name: "refused projects are not none", who: jane, fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Path: "/rest/api/3/project"}, want: "7 7 ? 1 2 1", note: "projects led: "},
		{name: "refused components are not none", who: jane, fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500, Path: "/rest/api/3/component"}, want: "7 7 1 ? 2 1", note: "components led: "},
		{name: "refused filters are not none", who: jane, fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Path: "/rest/api/3/filter"}, want: "7 7 1 1 ? 1", note: "filters: "},
		{name: "refused dashboards are not none", who: jane, fault: sandbox.Fault{Kind: sandbox.FaultHTML, Path: "/rest/api/3/dashboard"}, want: "7 7 1 1 2 ?", note: "dashboards: "},
		{name: "leads that would have to be asked for one by one are not counted", who: jane, edit: func(o *options) { o.sandbox.Users = 25_000 }, want: "7 7 1 ? 2 1", note: "more than 12 components"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(o *options) {
				if tt.edit != nil {
					tt.edit(o)
				}
			})
			if tt.fault.Kind != "" {
				s.fault(t, tt.fault)
			}
			plan := s.planOffboard(t, tt.who).Plan
			if got := counts(plan.Owned); got != tt.want {
				t.Errorf("counted %s, want %s; %q", got, tt.want, plan.Owned.NotCounted)
			}
			data, err := json.Marshal(plan)
			if err != nil || strings.Contains(tt.want, "?") == !strings.Contains(string(data), `"owned":{"`) && strings.Contains(string(data), `:null,"not_counted"`) {
				t.Errorf("%s, %v", data, err)
			}
			notes := strings.Join(plan.Owned.NotCounted, "\n")
			if !strings.Contains(notes, tt.note) || !strings.Contains(s.planOffboard(t, tt.who).Text(), "Leaves behind: about ") {
				t.Errorf("the notes are %q", notes)
			}
		})
	}
}

// What is counted is no part of what the plan changes, and takes no time of its own.
func TestCountingDoesNotTouchThePlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, func(o *options) { o.sandbox.Latency = 50 * time.Millisecond })
		before := time.Now()
		plan := s.planOffboard(t, jane)
		if took := time.Since(before); took > 160*time.Millisecond { // the very first request waits alone, to learn where the token is taken
			t.Errorf("planning took %s, more than two round trips", took)
		}
		s.assign(t, "WEB-1", maxim)
		r, err := s.applyOffboard(t, context.Background(), jane, plan.Confirm.Token)
		if err != nil || r.Status != lifecycle.Succeeded {
			t.Errorf("with an issue less than when it was confirmed: %s, %v", outcome(r), err)
		}
		for _, w := range s.writes() {
			if strings.HasSuffix(w.Path, "/owner") || strings.Contains(w.Path, "bulk") {
				t.Errorf("handed over without being asked: %s %s", w.Method, w.Path)
			}
		}
	})
}

func TestWhoMayTakeOver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, to := range map[string]string{
		"the one who leaves":      jane,
		"by account id":           s.AccountID(jane),
		"somebody inactive":       lee,
		"somebody not there":      "nobody@example.com",
		"an app":                  botID(t, s),
		"a customer":              s.AccountID("casey.customer@customer.example"),
		"somebody off the site":   "olga.outside@partner.example",
		"the corrupted record":    "unknown",
		"somebody of an other id": "712020:00000000-0000-4000-8000-000000000000",
	} {
		r, err := s.handingOver(t, jane, to)(lifecycle.Terms{})
		if err == nil || !strings.Contains(err.Error(), "transfer_to") {
			t.Errorf("%s: %s, %v", name, outcome(r), err)
		}
	}
	people := []lifecycle.OffboardRequest{{Target: target(t, jane), TransferTo: target(t, maxim)}, {Target: target(t, maxim), TransferTo: target(t, vera)}}
	if _, err := s.service.OffboardMany(context.Background(), people, lifecycle.Rows{}); !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), "who leaves in the same batch") {
		t.Errorf("somebody who leaves too: %v", err)
	}
	if sent := s.writes(); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
}

// botID is the account id of an app.
func botID(t tester, s *site) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "http://127.0.0.1/_sandbox/state", nil))
	var state struct {
		Jira struct {
			Users []struct {
				AccountID   string `json:"accountId"`
				AccountType string `json:"accountType"`
			}
		}
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &state); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(state.Jira.Users, func(u struct {
		AccountID   string `json:"accountId"`
		AccountType string `json:"accountType"`
	},
	) bool {
		return u.AccountType == "app"
	})
	return state.Jira.Users[i].AccountID
}

// Everything goes to the successor after the access has ended, and comes back with a restore, but for what somebody else has by then.
func TestHandingOverAndBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		says := func(r lifecycle.Result, words ...string) {
			for _, want := range words {
				if !strings.Contains(r.Text(), want) {
					t.Errorf("%q is not in\n%s", want, r.Text())
				}
			}
		}
		hers, his := s.heldBy(jane), s.heldBy(maxim)
		ask := func(terms lifecycle.Terms) (lifecycle.Result, error) {
			return s.service.Offboard(context.Background(), lifecycle.OffboardRequest{Target: target(t, jane), TransferTo: target(t, maxim), Terms: terms})
		}
		plan, err := ask(lifecycle.Terms{})
		if err != nil {
			t.Fatal(err)
		}
		says(plan, "Jira gives a dashboard another name where Max Manager", "never the old name back")
		r, err := confirmed(ask, lifecycle.Terms{}, func() {})
		if err != nil || r.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v\n%s", outcome(r), err, r.Text())
		}
		says(r, "1 dashboard is with Max Manager", "“Web team” is called “Copy of Web team” now")
		deactivated, first := -1, -1
		for i, w := range s.writes() {
			switch {
			case w.Method == "PATCH" && deactivated < 0:
				deactivated = i
			case w.Method == "PUT" && first < 0:
				first = i
			case w.Method == "DELETE" && first >= 0:
				t.Errorf("a group was taken after the first hand-over: %s", w.Path)
			}
		}
		if deactivated < 0 || first < deactivated {
			t.Errorf("the access ended with write %d, the first hand-over was write %d", deactivated, first)
		}
		if left := s.heldBy(jane); !cmp.Equal(left, []string{"Notes"}) { // a private dashboard, which nobody sees
			t.Errorf("left with Jane: %v", left)
		}
		if got, want := len(s.heldBy(maxim)), len(his)+len(hers)-1; got != want {
			t.Errorf("Max has %d things, want %d", got, want)
		}
		if slices.ContainsFunc(r.FollowUps, func(text string) bool { return strings.HasPrefix(text, "Reassign the open issues") }) {
			t.Errorf("it is still a follow-up: %q", r.FollowUps)
		}

		s.assign(t, "WEB-2", vera) // by somebody, meanwhile
		back, err := s.service.Restore(context.Background(), lifecycle.RestoreRequest{OperationID: r.Operation.ID})
		if err != nil || back.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v\n%s", outcome(back), err, back.Text())
		}
		says(back, "Jira gives a dashboard another name where Jane Doe", "“Web team” is called “Copy of Web team” now")
		want := slices.DeleteFunc(slices.Clone(hers), func(name string) bool { return name == "WEB-2" || name == "Web team" })
		want = append(want, "Copy of Web team") // the name that Jira gave the dashboard
		slices.Sort(want)
		if diff := cmp.Diff(want, s.heldBy(jane)); diff != "" {
			t.Errorf("what Jane has back (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(his, s.heldBy(maxim)); diff != "" {
			t.Errorf("what Max keeps (-want +got):\n%s", diff)
		}
		if got := holders(s.Work().Issues)["WEB-2"]; got != s.AccountID(vera) {
			t.Errorf("what somebody else has was taken from them: %s", got)
		}
		again, err := s.service.Restore(context.Background(), lifecycle.RestoreRequest{OperationID: r.Operation.ID})
		if err != nil || again.Status != lifecycle.Succeeded {
			t.Errorf("restored a second time: %s, %v\n%s", outcome(again), err, again.Text())
		}
	})
}

// An issue that the successor can't be assigned is told, and the rest is handed over. A resume goes on with what is left.
func TestWhatIsRefusedIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		r, err := confirmed(s.handingOver(t, jane, vera), lifecycle.Terms{}, func() {})
		if err != nil || r.Status != lifecycle.Partial {
			t.Fatalf("%s, %v\n%s", outcome(r), err, r.Text())
		}
		text := r.Text()
		for _, want := range []string{"5 open issues are with Vera Viewer", "2 refused: REL-", "cannot be assigned"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in\n%s", want, text)
			}
		}
		var left []string
		for _, i := range s.Work().Issues {
			if i.Holder == s.AccountID(jane) && !i.Done {
				left = append(left, i.Name)
			}
			if i.Holder == "" {
				t.Errorf("%s is with nobody", i.Name)
			}
		}
		if len(left) != 2 || !strings.HasPrefix(left[0], "REL-") {
			t.Errorf("left with Jane: %v", left)
		}
		for _, key := range left {
			s.assign(t, key, maxim) // by somebody who knows who is in the team
		}
		id := r.Operation.ID
		if _, err := s.service.UpdateOperation(context.Background(), id, lifecycle.ActionResume, ""); err != nil {
			t.Fatal(err)
		}
		if op := s.first.operation(t, id); op.Status != lifecycle.Succeeded {
			t.Errorf("resumed: %s", sketches(s.first.people(t, id, jane)))
		}
		if _, err := s.service.Restore(context.Background(), lifecycle.RestoreRequest{OperationID: id}); err != nil {
			t.Fatal(err)
		}
		for key, holder := range holders(s.Work().Issues) {
			if slices.Contains(left, key) && holder != s.AccountID(maxim) {
				t.Errorf("%s, which was never handed over, was taken from who has it", key)
			}
		}
		if got := len(slices.DeleteFunc(s.heldBy(jane), func(name string) bool { return !strings.HasPrefix(name, "WEB-") && !strings.HasPrefix(name, "OPS-") })); got != 5 {
			t.Errorf("Jane has %d of her issues back, want 5", got)
		}
	})
}

// More than a hundred issues go in several steps, each with its own record of what it moved.
func TestManyIssuesGoInSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		r, err := confirmed(s.handingOver(t, tessa, maxim), lifecycle.Terms{}, func() { s.assign(t, "WEB-30", vera) })
		if err != nil || r.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v\n%s", outcome(r), err, r.Text())
		}
		op := s.first.operation(t, r.Operation.ID)
		var moved []string
		steps := 0
		for _, step := range op.Steps {
			if step.Action != string(lifecycle.TransferIssues) {
				continue
			}
			steps++
			var before struct {
				From []struct{ Name string } `json:"with_from"`
			}
			if err := json.Unmarshal(step.Before, &before); err != nil || len(before.From) > 100 {
				t.Errorf("the snapshot: %d issues, %v", len(before.From), err)
			}
			for _, thing := range before.From {
				moved = append(moved, thing.Name)
			}
		}
		slices.Sort(moved)
		if steps != 2 || len(moved) != 129 || len(slices.Compact(moved)) != 129 || slices.Contains(moved, "WEB-30") {
			t.Errorf("%d steps moved %d issues", steps, len(moved))
		}
		if got := len(s.heldBy(tessa)); got != 0 {
			t.Errorf("%d are left with Tessa", got)
		}
	})
}

// A scheduled offboarding hands over what is there when it is due, and ends the access also where the successor has left by then.
func TestHandingOverAtItsTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile func(*testing.T, *site)
		status    lifecycle.Status
		left      int // open issues with Sam
	}{
		"what is new by then goes along":     {func(t *testing.T, s *site) { s.assign(t, "WEB-1", sam) }, lifecycle.Succeeded, 0},
		"a kind that was not there as well":  {func(t *testing.T, s *site) { s.own(t, 10103, sam) }, lifecycle.Succeeded, 0},
		"also where nothing is left":         {func(t *testing.T, s *site) { s.assignAll(t, sam, maxim) }, lifecycle.Succeeded, 0},
		"the successor has left by then too": {func(t *testing.T, s *site) { s.offboarded(t, alex) }, lifecycle.Partial, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				ask := func(terms lifecycle.Terms) (lifecycle.Result, error) {
					return s.service.Offboard(context.Background(), lifecycle.OffboardRequest{Target: target(t, sam), TransferTo: target(t, alex), Terms: terms})
				}
				r, err := confirmed(ask, lifecycle.Terms{EffectiveAt: s.home.now().Add(time.Hour)}, func() {})
				if err != nil || r.Status != lifecycle.Scheduled {
					t.Fatalf("%s, %v", outcome(r), err)
				}
				test.meanwhile(t, s)
				s.home.move(2 * time.Hour)
				op := s.first.finish(t, s.home, r.Operation.ID)
				if op.Status != test.status {
					t.Errorf("%s, want %s\n%s", op.Status, test.status, sketches(s.first.people(t, op.ID, sam)))
				}
				if got := s.facts(t)[sam]; len(got.groups) > 0 {
					t.Errorf("Sam is still in %v", got.groups)
				}
				left := 0
				for _, name := range s.heldBy(sam) {
					if strings.HasPrefix(name, "WEB-") {
						left++
					}
				}
				if left != test.left {
					t.Errorf("%d issues are with Sam, want %d", left, test.left)
				}
			})
		})
	}
}

// What is handed over when it is due is on record before the first of it is written: another process goes on with just that.
func TestAnotherProcessGoesOnWithWhatWasThereWhenItWasDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		ask := func(terms lifecycle.Terms) (lifecycle.Result, error) {
			return s.service.Offboard(context.Background(), lifecycle.OffboardRequest{Target: target(t, sam), TransferTo: target(t, alex), Terms: terms})
		}
		r, err := confirmed(ask, lifecycle.Terms{EffectiveAt: s.home.now().Add(time.Hour)}, func() {})
		if err != nil || r.Status != lifecycle.Scheduled {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		s.assign(t, "WEB-1", sam) // as many steps as before, and other things
		s.home.move(2 * time.Hour)
		s.first.line.watch = func(r *http.Request, executed bool) bool { return r.Method == http.MethodPut && !executed }
		s.first.finish(t, s.home, r.Operation.ID)
		if !s.first.line.isDead() {
			t.Fatal("it was to be killed")
		}
		next := s.process(t, s.home)
		if op := next.finish(t, s.home, r.Operation.ID); op.Status != lifecycle.Succeeded {
			t.Errorf("%s", sketches(next.people(t, op.ID, sam)))
		}
		if left := s.heldBy(sam); len(left) > 0 {
			t.Errorf("left with Sam: %v", left)
		}
	})
}

// Somebody whose access has ended can still be looked after. Where a part of what they left is refused, that is not as if nothing had been done.
func TestHandingOverAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.offboarded(t, jane)
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Method: "PUT", Path: "/rest/api/3/project"})
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Method: "PUT", Path: "/rest/api/3/component"})
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Method: "PUT", Path: "/rest/api/3/filter"})
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Method: "PUT", Path: "/rest/api/3/dashboard"})
		r, err := confirmed(s.handingOver(t, jane, vera), lifecycle.Terms{}, func() {})
		if err != nil || r.Status != lifecycle.Partial || hasStatus(s.first.people(t, r.Operation.ID, jane), lifecycle.StepDone) {
			t.Fatalf("%s, %v\n%s", outcome(r), err, r.Text())
		}
		if got := len(s.heldBy(vera)); got != 5 {
			t.Errorf("Vera has %d issues, want 5", got)
		}
		s.ClearFaults()
		if back, err := s.service.Restore(context.Background(), lifecycle.RestoreRequest{OperationID: r.Operation.ID}); err != nil || back.Status != lifecycle.Blocked || !strings.Contains(back.Text(), "while the account is inactive") {
			t.Errorf("to an inactive account: %s, %v", outcome(back), err)
		}
	})
}

// What was refused, and came to the successor through somebody else, was not handed over, and is not given back.
func TestOnlyWhatWasMovedIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Method: "PUT", Path: "/rest/api/3/issue/10001"})
		r, err := confirmed(s.handingOver(t, jane, maxim), lifecycle.Terms{}, func() {})
		if err != nil || r.Status != lifecycle.Partial {
			t.Fatalf("%s, %v\n%s", outcome(r), err, r.Text())
		}
		s.ClearFaults()
		s.assign(t, "WEB-1", maxim)
		if _, err := s.service.Restore(context.Background(), lifecycle.RestoreRequest{OperationID: r.Operation.ID}); err != nil {
			t.Fatal(err)
		}
		got := holders(s.Work().Issues)
		if got["WEB-1"] != s.AccountID(maxim) || got["WEB-2"] != s.AccountID(jane) {
			t.Errorf("WEB-1 is with %s, WEB-2 with %s", got["WEB-1"], got["WEB-2"])
		}
	})
}

// own makes somebody the owner of a filter, as an administrator would.
func (s *site) own(t tester, filter int, who string) {
	t.Helper()
	r := httptest.NewRequest("PUT", fmt.Sprintf("http://127.0.0.1/rest/api/3/filter/%d/owner", filter), strings.NewReader(fmt.Sprintf(`{"accountId":%q}`, s.AccountID(who))))
	token := sandbox.Tokens()[sandbox.TokenAdmin]
	r.SetBasicAuth(token.Email, token.Token)
	r.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, r)
	if recorder.Code != http.StatusNoContent {
		t.Fatalf("own %d: %d %s", filter, recorder.Code, recorder.Body)
	}
}

func (s *site) assignAll(t tester, from, to string) {
	t.Helper()
	for _, i := range s.Work().Issues {
		if i.Holder == s.AccountID(from) && !i.Done {
			s.assign(t, i.Name, to)
		}
	}
}

// The plan of an offboarding reads everything in two round trips, also where the first one finds out where the site takes the credential.
func TestTheFirstPlanTakesTwoRoundTrips(t *testing.T) {
	t.Parallel()
	const trip = 100 * time.Millisecond
	for _, who := range []string{jane, maxim, "sam.partner@partner.example"} {
		for _, by := range []string{"e-mail", "id"} {
			inBubble(t, who+" by "+by, func(t *testing.T) {
				s := newSite(t, withOrganization, func(o *options) { o.sandbox.Latency, o.sandbox.Users = trip, 10_000 }) // so many projects, components and SCIM users as aren't told in one page
				named := who
				if by == "id" {
					named = s.AccountID(who)
				}
				began := time.Now()
				s.planOffboard(t, named)
				if took := time.Since(began); took > 2*trip {
					t.Errorf("took %s, want two trips of %s", took, trip)
				}
			})
		}
	}
}
