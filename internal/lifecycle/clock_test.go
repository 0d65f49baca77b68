package lifecycle_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// scheduled has jane's offboarding confirmed for a time, and gives the operation's id.
func (s *site) scheduled(t tester, in time.Duration) (id string, at time.Time) {
	t.Helper()
	at = s.home.now().Add(in).Round(time.Second)
	r, err := confirmed(s.offboarding(t, jane), lifecycle.Terms{EffectiveAt: at}, func() {})
	if err != nil || r.Status != lifecycle.Scheduled || !r.Operation.EffectiveAt.Equal(at) {
		t.Fatalf("%s, %v", outcome(r), err)
	}
	return r.Operation.ID, at
}

// until sets the clock to a second before a time.
func (h *home) until(at time.Time) { h.move(at.Sub(h.now()) - time.Second) }

func TestAScheduledChangeIsMadeAtItsTime(t *testing.T) {
	t.Parallel()
	inBubble(t, "not before, and then at once", func(t *testing.T) {
		s := newSite(t)
		id, at := s.scheduled(t, 36*time.Hour)
		s.home.until(at)
		if ids, err := s.first.sweep(t.Context()); err != nil || len(ids) > 0 {
			t.Errorf("a second early: %v, %v", ids, err)
		}
		if err := s.first.Run(t.Context(), id); err != nil || len(s.writes()) > 0 {
			t.Errorf("run a second early: %v, sent %v", err, s.writes())
		}
		if _, err := s.service.UpdateOperation(t.Context(), id, lifecycle.ActionResume, ""); !fault.Is(err, fault.Conflict) || len(s.writes()) > 0 {
			t.Errorf("resumed before its time: %v", err)
		}
		s.home.move(1001 * time.Millisecond)
		if ids, err := s.first.sweep(t.Context()); err != nil || !slices.Equal(ids, []string{id}) {
			t.Errorf("in time: %v, %v", ids, err)
		}
		if d, err := s.service.Operation(t.Context(), id); err != nil || d.Status != lifecycle.Succeeded || d.Late != "" {
			t.Errorf("%s, late %q, %v", d.Status, d.Late, err)
		}
	})
	inBubble(t, "late, where nothing was running", func(t *testing.T) {
		s := newSite(t)
		id, _ := s.scheduled(t, time.Hour)
		s.home.move(3 * time.Hour)
		next := s.process(t, s.home)
		next.finish(t, s.home, id)
		if d, err := next.Operation(t.Context(), id); err != nil || d.Status != lifecycle.Succeeded || !strings.HasPrefix(d.Late, "2h") {
			t.Errorf("%s, late %q, %v", d.Status, d.Late, err)
		}
	})
	inBubble(t, "once, when the clock goes back after it was handed out", func(t *testing.T) {
		s := newSite(t)
		id, at := s.scheduled(t, time.Hour)
		s.home.move(at.Sub(s.home.now()) + time.Millisecond)
		var handed []string
		if _, err := s.first.store.Sweep(t.Context(), func(_ context.Context, _ journal.Tx, ids []string) error { handed = slices.Clone(ids); return nil }); err != nil || len(handed) != 1 {
			t.Fatalf("%v, %v", handed, err)
		}
		s.home.move(-30 * time.Minute)
		if err := s.first.Run(t.Context(), id); err != nil || len(s.writes()) > 0 {
			t.Errorf("run before its time: %v, sent %v", err, s.writes())
		}
		if ids, err := s.first.sweep(t.Context()); err != nil || len(ids) > 0 {
			t.Errorf("handed out before its time: %v, %v", ids, err)
		}
		if op := s.first.operation(t, id); op.Status != lifecycle.Scheduled {
			t.Errorf("it is %s", op.Status)
		}
		s.home.move(31 * time.Minute)
		if op := s.first.finish(t, s.home, id); op.Status != lifecycle.Succeeded {
			t.Errorf("came out as %s", op.Status)
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent twice: %s", twice)
		}
		checkRecord(t, s.first)
	})
	inBubble(t, "not after the person was restored meanwhile", func(t *testing.T) {
		s := newSite(t)
		earlier := s.offboarded(t, jane)
		if r, err := s.service.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: earlier}); err != nil || r.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		id, _ := s.scheduled(t, time.Hour)
		if op := s.first.operation(t, s.offboarded(t, jane)); op.Status != lifecycle.Succeeded { // somebody does it at once
			t.Fatal(op.Status)
		}
		if r, err := s.service.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: s.first.newest(t)}); err != nil || r.Status != lifecycle.Succeeded { // and takes it back
			t.Fatalf("%s, %v", outcome(r), err)
		}
		sent := len(s.writes())
		s.home.move(time.Hour)
		s.first.finish(t, s.home, id)
		d, err := s.service.Operation(t.Context(), id)
		if err != nil || d.Status != lifecycle.Failed || d.Problem == nil || d.Problem.Code != string(fault.PlanChanged) || !strings.Contains(d.Problem.Message, "restore_user") {
			t.Errorf("%s %+v, %v", d.Status, d.Problem, err)
		}
		if len(s.writes()) != sent {
			t.Errorf("sent %v", s.writes()[sent:])
		}
	})
	inBubble(t, "with what is left to do, and no more", func(t *testing.T) {
		s := newSite(t)
		id, _ := s.scheduled(t, time.Hour)
		elsewhere := s.newService(t, lifecycle.Policy{})
		plan, err := elsewhere.RemoveFromGroups(t.Context(), lifecycle.RemoveRequest{Target: target(t, jane), Groups: []string{"engineering", "release-managers"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := elsewhere.RemoveFromGroups(t.Context(), lifecycle.RemoveRequest{Target: target(t, jane), Groups: []string{"engineering", "release-managers"}, Terms: lifecycle.Terms{Confirm: plan.Confirm.Token}}); err != nil {
			t.Fatal(err)
		}
		s.home.move(time.Hour)
		// The process dies at its first write: what it had planned anew is gone on with.
		s.first.line.watch = killAtWrite
		s.first.finish(t, s.home, id)
		next := s.process(t, s.home)
		op := next.finish(t, s.home, id)
		if op.Status != lifecycle.Succeeded || len(op.Steps) != 4 { // deactivate, two groups, verify
			t.Errorf("%s\n%s", op.Status, sketches(map[string]journal.Operation{jane: op}))
		}
		if r, err := next.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: id}); err != nil || r.Status != lifecycle.Succeeded || strings.Contains(outcome(r), "engineering") {
			t.Errorf("restore: %s, %v", outcome(r), err)
		}
		if in := s.facts(t)[jane].groups; !slices.Equal(in, []string{"confluence-users", "jira-software-users"}) {
			t.Errorf("restored, and in %v", in)
		}
	})
	inBubble(t, "one a person", func(t *testing.T) {
		s := newSite(t)
		id, _ := s.scheduled(t, time.Hour)
		_, err := confirmed(s.offboarding(t, jane), lifecycle.Terms{EffectiveAt: s.home.now().Add(2 * time.Hour).Round(time.Second)}, func() {})
		if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), id) {
			t.Errorf("a second one: %v", err)
		}
	})
}

func TestALeaseIsRenewedAndTakenOverWhenItLapses(t *testing.T) {
	t.Parallel()
	inBubble(t, "renewed for as long as its process works", func(t *testing.T) {
		s := newSite(t, func(o *options) { o.sandbox.Lag, o.patience = 100*time.Second, 3*time.Minute }) // it waits for three leases to see what it did
		other := s.process(t, s.home)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := confirmed(s.offboarding(t, jane), lifecycle.Terms{}, func() {}); err != nil {
				t.Error(err)
			}
		}()
		for range 19 {
			time.Sleep(5 * time.Second)
			if ids, err := other.sweep(t.Context()); err != nil || len(ids) > 0 {
				t.Errorf("taken from a process that works: %v, %v", ids, err)
			}
		}
		<-done
		id := other.newest(t)
		if op, err := other.store.Wait(t.Context(), id); err != nil || op.Status != lifecycle.Succeeded || op.Epoch != 1 {
			t.Errorf("%s in epoch %d, %v", op.Status, op.Epoch, err)
		}
	})
	inBubble(t, "kept when the clock goes back by an hour", func(t *testing.T) {
		s := newSite(t)
		other := s.process(t, s.home)
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageDuring, Method: "PATCH", Path: patchUser.path, Times: 1, DelayMS: 25_000})
		done := make(chan struct{})
		go func() {
			defer close(done)
			if r, err := confirmed(s.offboarding(t, jane), lifecycle.Terms{}, func() {}); err != nil {
				t.Errorf("%s, %v", outcome(r), err)
			}
		}()
		s.held(t)
		s.home.move(-time.Hour)
		for range 4 {
			time.Sleep(5 * time.Second)
			if ids, err := other.sweep(t.Context()); err != nil || len(ids) > 0 {
				t.Errorf("taken from a process that works: %v, %v", ids, err)
			}
		}
		<-done
		if op, err := other.store.Wait(t.Context(), other.newest(t)); err != nil || op.Status != lifecycle.Succeeded || op.Epoch != 1 {
			t.Errorf("%s in epoch %d, %v", op.Status, op.Epoch, err)
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent twice: %s", twice)
		}
	})
	inBubble(t, "at once when its process is gone, also when the clock went back", func(t *testing.T) {
		s := newSite(t)
		s.first.line.watch = killAtWrite
		s.first.survives(func() { confirmed(s.offboarding(t, jane), lifecycle.Terms{}, func() {}) }) //nolint:errcheck // it is killed
		s.home.move(-time.Hour)
		next := s.process(t, s.home)
		var ids []string
		for range 50 { // a program that another test starts has this process's locks for a moment
			var err error
			if ids, err = next.sweep(t.Context()); err != nil || len(ids) > 0 {
				break
			}
			checkRecord(t, next)
		}
		if len(ids) != 1 {
			t.Fatalf("taken over: %v", ids)
		}
		if op := next.operation(t, next.newest(t)); op.Status != lifecycle.Succeeded || op.Epoch != 3 { // the sweep takes it from the dead, the next process has it
			t.Errorf("%s in epoch %d", op.Status, op.Epoch)
		}
	})
	t.Run("after its time from a process of another host", func(t *testing.T) {
		t.Parallel()
		url := pgtest.URL(t)
		synctest.Test(t, func(t *testing.T) {
			s := bareSite(t)
			here, there := newHome(t), newHome(t)
			here.url, there.url = url, url
			first := s.process(t, here)
			s.service = first.Service
			first.line.watch = killAtWrite
			first.survives(func() { confirmed(s.offboarding(t, jane), lifecycle.Terms{}, func() {}) }) //nolint:errcheck // it is killed
			next := s.process(t, there)
			time.Sleep(journal.DefaultLease - time.Second)
			if ids, err := next.sweep(t.Context()); err != nil || len(ids) > 0 {
				t.Errorf("before the lease lapsed: %v, %v", ids, err)
			}
			time.Sleep(2 * time.Second)
			if ids, err := next.sweep(t.Context()); err != nil || len(ids) != 1 {
				t.Errorf("when it lapsed: %v, %v", ids, err)
			}
			if op := next.operation(t, next.newest(t)); op.Status != lifecycle.Succeeded {
				t.Errorf("came out as %s", op.Status)
			}
			checkRecord(t, next)
		})
	})
}

func TestAConfirmationIsGoodForFifteenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		plan := s.planOffboard(t, jane)
		s.home.until(plan.Confirm.ExpiresAt)
		s.home.move(1001 * time.Millisecond)
		if _, err := s.applyOffboard(t, t.Context(), jane, plan.Confirm.Token); !fault.Is(err, fault.ConfirmationInvalid) || !strings.Contains(err.Error(), "expired") || len(s.writes()) > 0 {
			t.Errorf("after fifteen minutes: %v", err)
		}
		plan = s.planOffboard(t, jane)
		s.home.until(plan.Confirm.ExpiresAt)
		if r, err := s.applyOffboard(t, t.Context(), jane, plan.Confirm.Token); err != nil || r.Status != lifecycle.Succeeded {
			t.Errorf("a second before: %s, %v", outcome(r), err)
		}
		for _, back := range []time.Duration{0, -time.Hour, -23 * time.Hour} { // its use is remembered, wherever the clock goes
			s.home.move(back)
			if _, err := s.first.sweep(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := s.applyOffboard(t, t.Context(), jane, plan.Confirm.Token); !fault.Is(err, fault.ConfirmationInvalid) || !strings.Contains(err.Error(), "used already") {
				t.Errorf("a second time, %s back: %v", back, err)
			}
		}
	})
}
