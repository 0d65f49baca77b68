package lifecycle_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// The people whom the properties are about: of SCIM, of Jira alone, inactive, with a hidden address, of another organization.
var anybody = []string{
	jane, alex, "alex.kim2@example.com", petra, lee, "tessa.twenty@example.com", "eve.external@contractor.example",
	sam, "max.manager@example.com", "nils.null@partner.example", "ingo.idle@partner.example",
}

// trouble is what goes wrong in one phase: faults, and a kill at some request.
type trouble struct {
	faults   []sandbox.Fault
	kill     int // the how-manieth request kills the process; 0 = none
	executed bool
}

func (tr trouble) quiet() bool { return len(tr.faults) == 0 && tr.kill == 0 }

func (tr trouble) String() string {
	return fmt.Sprintf("%d faults, kill %d %v", len(tr.faults), tr.kill, tr.executed)
}

func drawTrouble(t *rapid.T, name string) trouble {
	var tr trouble
	for range rapid.SampledFrom([]int{0, 0, 1, 1, 2}).Draw(t, name+": faults") {
		f := rapid.SampledFrom([]sandbox.Fault{
			{Kind: sandbox.FaultStatus, Status: 500},
			{Kind: sandbox.FaultStatus, Status: 403},
			{Kind: sandbox.FaultStatus, Status: 404},
			{Kind: sandbox.FaultUnavailable},
			{Kind: sandbox.FaultRateLimit, RetryAfter: "1"},
			{Kind: sandbox.FaultResetBefore},
			{Kind: sandbox.FaultResetAfter},
			{Kind: sandbox.FaultCutJSON},
			{Kind: sandbox.FaultHTML},
			{Kind: sandbox.FaultDelay, DelayMS: 40_000},
		}).Draw(t, name+": fault")
		on := rapid.SampledFrom([]write{{}, {"GET", ""}, patchUser, patchGroup, joinGroup, leaveGroup}).Draw(t, name+": on")
		f.Method, f.Path = on.method, on.path
		if f.Status == 404 && (on.method == "" || on.method == "GET") { // a service that does not know who is there can't be told from one that is right
			f.Status = 403
		}
		f.Skip, f.Times = rapid.IntRange(0, 6).Draw(t, name+": after"), rapid.IntRange(1, 3).Draw(t, name+": times")
		tr.faults = append(tr.faults, f)
	}
	if rapid.Bool().Draw(t, name+": is killed") {
		tr.kill, tr.executed = rapid.IntRange(1, 30).Draw(t, name+": kill"), rapid.Bool().Draw(t, name+": executed")
	}
	return tr
}

// strike lets the trouble begin for a process.
func (s *site) strike(t tester, p *process, tr trouble) {
	for _, f := range tr.faults {
		s.fault(t, f)
	}
	n := make(chan int, 1) // counts
	n <- 0
	p.line.watch = func(_ *http.Request, executed bool) bool {
		if executed != tr.executed || tr.kill == 0 {
			return false
		}
		i := <-n + 1
		n <- i
		return i == tr.kill
	}
}

// scenario is a random person, and the trouble of each phase. It is drawn before anything begins.
type scenario struct {
	who                              string
	active                           bool
	groups                           []int  // which of the site's
	key                              string // of the organization; "" = it is not configured
	offboarding, resuming, restoring trouble
}

func drawScenario(t *rapid.T) scenario {
	return scenario{
		key: rapid.SampledFrom([]string{"", sandbox.OrgKeyFull}).Draw(t, "key"),
		who: rapid.SampledFrom(anybody).Draw(t, "who"), active: rapid.SampledFrom([]bool{true, true, false}).Draw(t, "active"),
		groups:      rapid.SliceOfNDistinct(rapid.IntRange(3, 23), 0, 5, rapid.ID).Draw(t, "groups"), // the first three make administrators
		offboarding: drawTrouble(t, "offboarding"), resuming: drawTrouble(t, "resuming"), restoring: drawTrouble(t, "restoring"),
	}
}

// settle makes the person what the scenario wants: in those groups that can take them, and active or not.
func (s *site) settle(t checked, sc scenario) truth {
	who := sc.who
	d := s.people(t, s.to)
	site, err := d.Jira()
	if err != nil {
		t.Fatal(err)
	}
	scim, err := d.SCIM()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	is := s.truth(t, who)
	all := s.everything(t)
	scimOf := map[string]string{}
	for _, g := range all.SCIM.Groups {
		scimOf[s.GroupID(g.DisplayName, true)] = g.ID
	}
	do := func(err error) {
		if err != nil {
			t.Fatalf("settle %s: %v", who, err)
		}
	}
	if is.SCIMID != "" && strings.HasSuffix(who, "@example.com") {
		_, err := scim.SetActive(ctx, is.SCIMID, sc.active)
		do(err)
	}
	for i, g := range all.Jira.Groups {
		in, want := slices.Contains(is.In, g.GroupID), slices.Contains(sc.groups, i)
		through := scimOf[g.GroupID]
		switch {
		case in == want, want && through != "" && is.SCIMID == "":
		case want && through != "":
			do(scim.AddMember(ctx, through, is.SCIMID))
		case want:
			do(site.AddMember(ctx, g.GroupID, is.AccountID))
		case through != "":
			do(scim.RemoveMember(ctx, through, is.SCIMID))
		default:
			do(site.RemoveMember(ctx, g.GroupID, is.AccountID))
		}
	}
	return s.truth(t, who)
}

// phase is one change of somebody, from its plan to its end, whatever happens.
type phase struct {
	*site
	home *home
	who  string
	kind string
	ask  func(p *process, terms lifecycle.Terms) (lifecycle.Result, error)
}

// through goes through trouble, twice, and then to the end without any, and gives the operation's id: "" where nothing was to be done.
// At each halt what was said and what is so agree.
func (ph phase) through(t checked, p *process, troubles ...trouble) (id string, last *process) {
	t.Helper()
	ctx := context.Background()
	before, sent := ph.truth(t, ph.who), len(ph.writes())
	call := func(p *process, terms lifecycle.Terms) (lifecycle.Result, error) {
		var told lifecycle.Result
		var failed error
		if !p.survives(func() { told, failed = ph.ask(p, terms) }) {
			return lifecycle.Result{}, errKilled
		}
		return told, failed
	}
	began := ph.home.now()
	plan, err := call(p, lifecycle.Terms{})
	terms := lifecycle.Terms{}
	if err == nil && plan.Status == lifecycle.ConfirmationRequired {
		terms.Confirm = plan.Confirm.Token
	} else if err == nil {
		if plan.Operation == nil {
			t.Logf("nothing to be done: %s", plan.Text())
			return "", p
		}
		id = plan.Operation.ID
	}
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	for _, tr := range append(troubles, trouble{}) {
		if p.line.isDead() {
			p = ph.process(t, ph.home)
		}
		ph.strike(t, p, tr)
		switch {
		case id != "" && p.operation(t, id).Status.Ended(): // trouble for whoever asks for the rest
			if p.operation(t, id).Status != lifecycle.Succeeded {
				var err error
				if p.survives(func() { _, err = p.UpdateOperation(ctx, id, lifecycle.ActionResume, "") }) && err != nil && tr.quiet() {
					t.Fatalf("resume: %v", err)
				}
			}
		case id == "":
			if terms.Confirm == "" { // the first call was confirmed by nobody: it was done, or failed as a whole
				break
			}
			_, err := call(p, terms)
			if err != nil && !p.line.isDead() {
				if fault.Is(err, fault.ConfirmationInvalid) || fault.Is(err, fault.PlanChanged) {
					t.Fatalf("confirm: %v", err)
				}
				t.Logf("confirm under %v: %v", tr, err)
			}
		}
		ph.ClearFaults()
		watcher := p
		if p.line.isDead() {
			watcher = ph.process(t, ph.home)
		}
		if id == "" {
			page, err := watcher.store.List(ctx, journal.Filter{Kind: ph.kind, Since: began})
			if err != nil || len(page.Operations) > 1 {
				t.Fatalf("%d operations, %v", len(page.Operations), err)
			}
			if len(page.Operations) == 1 {
				id = page.Operations[0].ID
			}
		}
		if id == "" {
			if diff := cmp.Diff(before, ph.truth(t, ph.who), cmpopts.IgnoreFields(truth{}, "Groups")); diff != "" {
				t.Fatalf("no operation tells of a change (-before +after):\n%s", diff)
			}
			continue
		}
		if p.line.isDead() {
			p = watcher
		}
		p.line.watch = nil
		op := p.finish(t, ph.home, id)
		for _, lie := range lies(t, op, before, ph.truth(t, ph.who)) {
			t.Errorf("after %v: %s", tr, lie)
		}
		if twice := ph.tookEffectTwice(sent); twice != "" {
			t.Errorf("after %v: a write that took effect was sent again: %s", tr, twice)
		}
		checkRecord(t, p)
	}
	if id == "" {
		t.Fatalf("it was never begun")
	}
	return id, p
}

// TestRestoringAnOffboardingGivesBackWhatItTook holds the three properties of a change, for random people, faults and kills: restore(offboard(x)) = x but
// for what the plan said; doing it again changes nothing; and no step goes backwards. What was said is so at every halt.
func TestRestoringAnOffboardingGivesBackWhatItTook(t *testing.T) {
	t.Parallel()
	property := func(url string) func(checked, scenario) {
		var checks atomic.Int64
		return func(t checked, sc scenario) {
			ctx := context.Background()
			s := bareSite(t, func(o *options) { o.sandbox.Groups, o.orgKey = 24, sc.key })
			who := sc.who
			before := s.settle(t, sc)
			home := newHome(t)
			home.url = url
			home.move(time.Duration(checks.Add(1)) * 30 * 24 * time.Hour) // in one database no two checks happen at the same time
			p := s.process(t, home)
			whom := directory.Target{Kind: directory.ByAccountID, Value: before.AccountID}
			offboard := phase{site: s, home: home, who: who, kind: "offboard_user", ask: func(p *process, terms lifecycle.Terms) (lifecycle.Result, error) {
				return p.Offboard(ctx, lifecycle.OffboardRequest{Target: whom, Terms: terms})
			}}
			id, p := offboard.through(t, p, sc.offboarding, sc.resuming)
			if id == "" {
				if len(before.In) > 0 || before.SCIMActive {
					t.Fatalf("nothing to do for %+v", before.In)
				}
				return
			}
			sent := len(s.writes())
			if err := p.Run(ctx, id); err != nil {
				t.Errorf("run it again: %v", err)
			}
			again, err := p.Offboard(ctx, lifecycle.OffboardRequest{Target: whom})
			left := again.Status == lifecycle.Succeeded || again.Status == lifecycle.Blocked && before.SCIMID == "" // whom nothing here can deactivate
			if err != nil || again.Operation != nil || !left {
				t.Errorf("offboard again: %s, %v\n%s", outcome(again), err, again.Text())
			}
			if len(s.writes()) > sent {
				t.Errorf("doing it again sent %v", s.writes()[sent:])
			}
			if len(before.In) == 0 && !before.JiraActive && !before.SCIMActive { // it took tokens alone, and nothing brings those back
				return
			}
			restore := phase{site: s, home: home, who: who, kind: "restore_user", ask: func(p *process, terms lifecycle.Terms) (lifecycle.Result, error) {
				return p.Restore(ctx, lifecycle.RestoreRequest{OperationID: id, Terms: terms})
			}}
			undo, p := restore.through(t, p, sc.restoring)
			if diff := cmp.Diff(before, s.truth(t, who), cmpopts.IgnoreFields(truth{}, "Groups", "Tokens")); diff != "" { // tokens are gone for good, as the plan said
				t.Errorf("restored (-before +after):\n%s", diff)
			}
			if op := p.operation(t, undo); op.Status != lifecycle.Succeeded {
				t.Errorf("restored, and told as %s", op.Status)
			}
			sent = len(s.writes())
			again, err = p.Restore(ctx, lifecycle.RestoreRequest{OperationID: id})
			if err != nil || again.Status != lifecycle.Succeeded || strings.Contains(outcome(again), "person=done") || len(s.writes()) > sent {
				t.Errorf("restore again: %s, %v, sent %v", outcome(again), err, s.writes()[sent:])
			}
			for _, step := range again.Operation.Steps {
				if step.Status != lifecycle.StepAlready && step.Action != lifecycle.Verify {
					t.Errorf("restored again: %s %s is %s", step.Action, step.Target, step.Status)
				}
			}
		}
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		check(t, property(""))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		check(t, property(pgtest.URL(t)))
	})
}

// checked is one check of a property, on a clock of its own.
type checked struct {
	*rapid.T
	bubble *testing.T
}

func (c checked) Cleanup(f func())         { c.bubble.Cleanup(f) }
func (c checked) Context() context.Context { return c.bubble.Context() }

// check checks a property. Whatever a check starts ends with it.
func check(t *testing.T, property func(checked, scenario)) {
	rapid.Check(t, func(each *rapid.T) {
		sc := drawScenario(each)
		var failed any
		synctest.Test(t, func(t *testing.T) {
			defer func() { failed = recover() }()
			property(checked{each, t}, sc)
		})
		if failed != nil {
			panic(failed)
		}
	})
}
