package review_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/mcpserver"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/review"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// worker is the services of one process, on a simulated site.
type worker struct {
	*mcpserver.Services
	*review.Reviewer
	box *sandbox.Sandbox
	url string
}

type user struct {
	EmailAddress string
	Active       bool
}

// users are the accounts of the simulated site.
func (w *worker) users(t *testing.T) []user {
	t.Helper()
	answer, err := http.Get(w.url + "/_sandbox/state")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var state struct{ Jira struct{ Users []user } }
	if err := json.NewDecoder(answer.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	return state.Jira.Users
}

// newWorker starts a site and a worker on it; the roster says that Lee and Max have left.
func newWorker(t *testing.T, plan review.Plan, edits ...func(*config.Config)) *worker {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{Users: 60, Groups: 12})
	if err != nil {
		t.Fatal(err)
	}
	site, err := box.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	lists := t.TempDir()
	roster := "email,name,status\n"
	w := &worker{url: site.URL()}
	for _, u := range w.users(t) {
		if u.EmailAddress != "" {
			status := "active"
			if u.EmailAddress == max {
				status = "terminated"
			}
			roster += u.EmailAddress + ",Somebody," + status + "\n"
		}
	}
	if err := os.WriteFile(filepath.Join(lists, "people.csv"), []byte(roster), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{
		Transport: "stdio", Toolsets: []string{"default"}, StateDir: t.TempDir(), MaxConcurrency: 8, BatchLimit: 25, Wait: time.Minute,
		CSVDir: lists, OrganizationSuspend: true, VerifyTimeout: 10 * time.Second,
	}
	for _, edit := range edits {
		edit(&cfg)
	}
	if err := cfg.UseSandbox(site.Env()); err != nil {
		t.Fatal(err)
	}
	services, err := mcpserver.Wire(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	services.Start(context.Background())
	t.Cleanup(func() {
		if err := services.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &worker{services, services.Reviewer(plan), box, site.URL()}
}

// later moves the clocks of the worker and of its reports ahead.
func (w *worker) later(days int) {
	now := func() time.Time { return time.Now().AddDate(0, 0, days) }
	w.Now, w.Services.Audit.Now = now, now
}

const max = "max.manager@example.com"

// leavers is a rule about whom the roster has as left.
func leavers(edit func(*review.Rule)) review.Plan {
	r := review.Rule{Name: "leavers", Finding: audit.ActiveLeaver, Then: "offboard_user"}
	if edit != nil {
		edit(&r)
	}
	return review.Plan{EveryDays: 30, RosterPath: "people.csv", Rules: []review.Rule{r}}
}

func (w *worker) operations(t *testing.T) []journal.Operation {
	t.Helper()
	page, err := w.Lifecycle.Operations(t.Context(), journal.Filter{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return page.Operations
}

func (w *worker) active(t *testing.T, email string) bool {
	t.Helper()
	users := w.users(t)
	i := slices.IndexFunc(users, func(u user) bool { return u.EmailAddress == email })
	return i >= 0 && users[i].Active
}

func TestARuleProposesAndAPersonApproves(t *testing.T) {
	t.Parallel()
	w := newWorker(t, leavers(nil))
	next, err := w.Once(t.Context())
	if err != nil || time.Until(next) < 29*24*time.Hour {
		t.Fatalf("next %v, %v", next, err)
	}
	ops := w.operations(t)
	if len(ops) != 1 || ops[0].Status != lifecycle.AwaitingApproval || ops[0].Actor.Caller != "rule:leavers" || ops[0].Kind != "offboard_user" {
		t.Fatalf("%+v", ops)
	}
	if !strings.Contains(ops[0].Reason, "active_leaver of audit-") || !w.active(t, max) {
		t.Errorf("reason %q, Max active: %v", ops[0].Reason, w.active(t, max))
	}
	bob := request.With(t.Context(), request.Info{Caller: "bob"})
	d, err := w.Lifecycle.UpdateOperation(bob, ops[0].ID, lifecycle.ActionApprove, "checked")
	if err != nil || d.Status != lifecycle.Succeeded || w.active(t, max) {
		t.Errorf("%s, %v, %+v", d.Status, err, d.People)
	}
}

func TestARuleThatThePolicyTrustsIsApplied(t *testing.T) {
	t.Parallel()
	w := newWorker(t, leavers(func(r *review.Rule) { r.Apply = true }))
	if _, err := w.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	ops := w.operations(t)
	if len(ops) != 1 {
		t.Fatalf("%+v", ops)
	}
	op, err := w.Services.Journal.Wait(t.Context(), ops[0].ID)
	if err != nil || op.Status != lifecycle.Succeeded || op.Confirmation == nil || op.Confirmation.Means != "rule" || w.active(t, max) {
		t.Errorf("%s, %v, %+v", op.Status, err, op.Confirmation)
	}
}

// Where every change needs a second person, a rule is no way around it.
func TestARuleIsNoWayAroundTheSecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorker(t, leavers(func(r *review.Rule) { r.Apply = true }), func(c *config.Config) { c.Confirmation = config.SecondPerson; c.ApprovalTimeout = time.Hour })
	if _, err := w.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ops := w.operations(t); len(ops) != 1 || ops[0].Status != lifecycle.AwaitingApproval || !w.active(t, max) {
		t.Errorf("%+v", ops)
	}
}

func TestWhoIsProtectedIsLeftOutAndNobodyWaitsForThem(t *testing.T) {
	t.Parallel()
	w := newWorker(t, leavers(nil), func(c *config.Config) { c.Protected.Users = []string{max} })
	if _, err := w.Once(t.Context()); err != nil || len(w.operations(t)) != 0 {
		t.Errorf("%v, %+v", err, w.operations(t))
	}
}

func TestNothingIsProposedTwiceNorBeforeItsTime(t *testing.T) {
	t.Parallel()
	w := newWorker(t, leavers(nil))
	for range 2 {
		if _, err := w.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if reports, err := w.Services.Audit.Reports(); err != nil || len(reports) != 1 {
		t.Errorf("before its time: %v, %v", reports, err)
	}
	w.later(31)
	if _, err := w.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if reports, err := w.Services.Audit.Reports(); err != nil || len(reports) != 2 {
		t.Errorf("at its time: %v, %v", reports, err)
	}
	if ops := w.operations(t); len(ops) != 1 {
		t.Errorf("a person who waits for approval was proposed again: %+v", ops)
	}
}

// Whoever waits for approval does not keep those behind them from being proposed.
func TestABatchThatIsFullLeavesTheOthersToTheNext(t *testing.T) {
	t.Parallel()
	rule := review.Rule{Name: "outsiders", Finding: audit.UnmanagedExternal, Then: "remove_user_from_group"}
	w := newWorker(t, review.Plan{EveryDays: 30, Rules: []review.Rule{rule}}, func(c *config.Config) { c.BatchLimit = 1 })
	people := map[string]bool{}
	for round := range 2 {
		w.later(31 * round)
		if _, err := w.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		newest := w.operations(t)[0]
		page, err := w.Lifecycle.Operations(t.Context(), journal.Filter{Parent: newest.ID})
		if err != nil || len(page.Operations) != 1 {
			t.Fatalf("round %d: %+v, %v", round, page.Operations, err)
		}
		for _, child := range page.Operations {
			people[child.AccountID] = true
		}
	}
	if len(people) != 2 {
		t.Errorf("people of two batches: %v", people)
	}
}

func TestAFindingThatHasNotStoodLongEnough(t *testing.T) {
	t.Parallel()
	w := newWorker(t, leavers(func(r *review.Rule) { r.ForDays = 20 }))
	if _, err := w.Once(t.Context()); err != nil || len(w.operations(t)) != 0 {
		t.Fatalf("with the first report: %v, %+v", err, w.operations(t))
	}
	w.later(31)
	if _, err := w.Once(t.Context()); err != nil || len(w.operations(t)) != 1 {
		t.Errorf("31 days later: %v, %+v", err, w.operations(t))
	}
}

// What a report could not find had not ended when it was made; what one could find and did not has.
func TestAFindingStandsOverReportsThatCouldNotHaveIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, between audit.Options
		want           int
	}{
		"an audit in between without a roster":         {audit.Options{Roster: "people.csv"}, audit.Options{}, 1},
		"one by whose roster Max is there":             {audit.Options{Roster: "people.csv"}, audit.Options{Roster: "back.csv"}, 0},
		"one of apps":                                  {audit.Options{Roster: "people.csv"}, audit.Options{Roster: "back.csv", AccountTypes: []string{"app"}}, 1},
		"the old one without a roster":                 {audit.Options{}, audit.Options{Roster: "people.csv"}, 0},
		"nothing but audits that could not find it":    {audit.Options{}, audit.Options{}, 0},
		"the old one has it, and so has the one after": {audit.Options{Roster: "people.csv"}, audit.Options{Roster: "people.csv"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorker(t, leavers(func(r *review.Rule) { r.ForDays = 20 }))
			people, err := os.ReadFile(filepath.Join(string(w.Services.Audit.Files), "people.csv"))
			if err != nil {
				t.Fatal(err)
			}
			back := strings.ReplaceAll(string(people), "terminated", "active")
			if err := os.WriteFile(filepath.Join(string(w.Services.Audit.Files), "back.csv"), []byte(back), 0o600); err != nil {
				t.Fatal(err)
			}
			for i, o := range []audit.Options{test.first, test.between} {
				w.later(12 * i)
				if _, err := w.Services.Audit.Run(t.Context(), o); err != nil {
					t.Fatal(err)
				}
			}
			w.later(31)
			if _, err := w.Once(t.Context()); err != nil || len(w.operations(t)) != test.want {
				t.Errorf("%v, %+v", err, w.operations(t))
			}
		})
	}
}

func TestOfSeveralWorkersOneMakesTheReport(t *testing.T) {
	t.Parallel()
	w := newWorker(t, leavers(nil))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := w.Services.Reviewer(w.Plan).Once(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if reports, err := w.Services.Audit.Reports(); err != nil || len(reports) != 1 {
		t.Errorf("%v, %v", reports, err)
	}
}

// A review that is cut off is made again by the next worker, at once where it was stopped, and when its lease lapses where it was killed.
func TestAReviewThatIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorker(t, leavers(nil))
	if err := w.box.AddFault(sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageBefore, Path: "/rest/api/3/users/search", Times: 1}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := w.Once(ctx); ended <- err }()
	if _, err := w.box.NextHold(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Meanwhile another worker leaves it alone.
	other := w.Services.Reviewer(w.Plan)
	if next, err := other.Once(t.Context()); err != nil || time.Until(next) < time.Minute {
		t.Errorf("while it runs: %v, %v", next, err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("cut off: %v", err)
	}
	w.box.ReleaseAll(false)
	if _, err := other.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if reports, err := w.Services.Audit.Reports(); err != nil || len(reports) != 1 || len(w.operations(t)) != 1 {
		t.Errorf("%v, %v, %+v", reports, err, w.operations(t))
	}
}

// A rule whose group nobody has does nothing, since those whom it excepts might not be, and says so: when the file is checked, and when it runs.
func TestARuleWhoseGroupTheSiteDoesNotHave(t *testing.T) {
	t.Parallel()
	plan := leavers(func(r *review.Rule) {
		r.Except.Groups, r.InGroups = []string{"bord"}, []string{"JIRA-software-users", "partners"}
	})
	other := review.Rule{
		Name: "out", Finding: audit.ActiveLeaver, Then: "remove_user_from_group", InGroups: []string{"Partners"}, Groups: []string{"Partners", "engineering"},
	}
	plan.Rules = append(plan.Rules, other)
	w := newWorker(t, plan)
	var log strings.Builder
	w.Log = slog.New(slog.NewTextHandler(&log, nil))
	if _, err := w.Once(t.Context()); err != nil || len(w.operations(t)) != 0 || !w.active(t, max) {
		t.Errorf("%v, %+v", err, w.operations(t))
	}
	if said := log.String(); !strings.Contains(said, `rule=leavers`) || !strings.Contains(said, `no group \"bord\"`) || !strings.Contains(said, `no group \"Partners\"`) {
		t.Errorf("the log: %s", said)
	}
	path := filepath.Join(t.TempDir(), "review.yaml")
	if err := os.WriteFile(path, []byte("every_days: 30\nrules:\n- {name: a}\n- {name: b}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong, err := plan.CheckGroups(t.Context(), path, w.Services.Audit.Jira)
	if err != nil || wrong == nil || wrong.Error() != path+`: line 3, rule 1: the site has no group "bord"; list_groups shows those that there are
`+path+`: line 4, rule 2: the site has no group "Partners"; list_groups shows those that there are` {
		t.Errorf("%v, %v", wrong, err)
	}
}
