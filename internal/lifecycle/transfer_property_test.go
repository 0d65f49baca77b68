package lifecycle_test

import (
	"context"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// Whatever goes wrong while things are handed over: no issue is with nobody, each is with the one who leaves or with the successor, none is in two steps,
// and a restore gives back what was moved.
func TestNoIssueIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(each *rapid.T) {
		who := rapid.SampledFrom([]string{jane, jane, sam, tessa}).Draw(each, "who")
		to := rapid.SampledFrom([]string{maxim, maxim, alex, vera}).Draw(each, "to")
		over, resuming, back := drawTransferTrouble(each, "over"), drawTransferTrouble(each, "resuming"), drawTransferTrouble(each, "back")
		var failed any
		synctest.Test(t, func(t *testing.T) {
			defer func() { failed = recover() }()
			handOverAndBack(checked{each, t}, who, to, over, resuming, back)
		})
		if failed != nil {
			panic(failed)
		}
	})
}

func drawTransferTrouble(t *rapid.T, name string) trouble {
	var tr trouble
	for range rapid.SampledFrom([]int{0, 1, 2}).Draw(t, name+": faults") {
		f := rapid.SampledFrom([]sandbox.Fault{
			{Kind: sandbox.FaultStatus, Status: 500},
			{Kind: sandbox.FaultStatus, Status: 403},
			{Kind: sandbox.FaultUnavailable},
			{Kind: sandbox.FaultRateLimit, RetryAfter: "1"},
			{Kind: sandbox.FaultResetBefore},
			{Kind: sandbox.FaultResetAfter},
			{Kind: sandbox.FaultHTML},
			{Kind: sandbox.FaultDelay, DelayMS: 40_000},
			{Kind: sandbox.FaultHold, Stage: sandbox.StageDuring, DelayMS: 120_000},
		}).Draw(t, name+": fault")
		on := rapid.SampledFrom([]write{assignIssue, assignIssue, leadProject, leadComponent, ownFilter, ownDashboards, {"POST", "/rest/api/3/search/jql"}, patchUser}).Draw(t, name+": on")
		f.Method, f.Path = on.method, on.path
		f.Skip, f.Times = rapid.IntRange(0, 6).Draw(t, name+": after"), rapid.IntRange(1, 3).Draw(t, name+": times")
		tr.faults = append(tr.faults, f)
	}
	if rapid.Bool().Draw(t, name+": is killed") {
		tr.kill, tr.executed = rapid.IntRange(1, 60).Draw(t, name+": kill"), rapid.Bool().Draw(t, name+": executed")
	}
	return tr
}

func handOverAndBack(t checked, who, to string, over, resuming, back trouble) {
	s := newSite(t)
	leaver, heir := s.AccountID(who), s.AccountID(to)
	before := holders(s.Work().Issues)
	check := func(when string) (with int) {
		after := holders(s.Work().Issues)
		if len(after) != len(before) {
			t.Fatalf("%s: %d issues, were %d", when, len(after), len(before))
		}
		for key, holder := range after {
			switch was := before[key]; {
			case was != leaver && holder != was:
				t.Fatalf("%s: %s was not the leaver's, and went from %s to %q", when, key, was, holder)
			case was == leaver && holder != leaver && holder != heir:
				t.Fatalf("%s: %s is with %q", when, key, holder)
			case was == leaver && holder == heir:
				with++
			}
		}
		return with
	}
	id := ""
	s.first.survives(func() {
		_, err := confirmed(s.handingOver(t, who, to), lifecycle.Terms{}, func() { s.strike(t, s.first, over) })
		if err != nil && !s.first.line.isDead() {
			t.Logf("hand over: %v", err)
		}
	})
	s.ClearFaults()
	check("handed over")
	now := s.process(t, s.home)
	if id = now.newest(t); id == "" {
		return
	}
	s.strike(t, now, resuming)
	op := now.finish(t, s.home, id)
	s.ClearFaults()
	if now.line.isDead() {
		now = s.process(t, s.home)
		op = now.finish(t, s.home, id)
	}
	moved := check("finished")
	seen := map[string]bool{}
	for _, g := range groupsOf(t, op) {
		for _, thing := range g.hands {
			if seen[thing] {
				t.Errorf("%s is in two steps", thing)
			}
			seen[thing] = true
		}
	}
	if twice := s.tookEffectTwice(); twice != "" {
		t.Errorf("sent again after it took effect: %s", twice)
	}
	if op.Status == lifecycle.Failed || op.Status == lifecycle.Cancelled {
		if moved > 0 {
			t.Errorf("%d issues were handed over, and it is told as %s", moved, op.Status)
		}
		return
	}
	now.survives(func() {
		s.strike(t, now, back)
		_, err := now.Restore(context.Background(), lifecycle.RestoreRequest{OperationID: id})
		if err != nil && !now.line.isDead() {
			t.Logf("restore: %v", err)
		}
	})
	s.ClearFaults()
	check("given back")
	last := s.process(t, s.home)
	undo := last.newest(t)
	if undo == id {
		return
	}
	if op := last.finish(t, s.home, undo); op.Status == lifecycle.Succeeded && check("given back in the end") > 0 {
		t.Errorf("%d issues are still with %s\n%s", check("given back"), to, sketches(last.people(t, undo, who)))
	}
}
