package journal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	done   = Step{Action: "suspend", Target: "a", Status: StepDone}
	failed = Step{Action: "suspend", Target: "a", Status: StepFailed}
	by     = Actor{Caller: "local:1"}
)

func sweep(t *testing.T, s *Store) []string {
	t.Helper()
	swept, err := s.Sweep(t.Context(), noEnqueue)
	if err != nil {
		t.Fatal(err)
	}
	return swept.IDs
}

func claim(t *testing.T, s *Store, id string) *Lease {
	t.Helper()
	l, err := s.Claim(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func isOver(l *Lease) bool {
	select {
	case <-l.Done():
		return true
	default:
		return false
	}
}

// kinds lists the records of an operation.
func kinds(t *testing.T, s *Store, id string) (all []string) {
	t.Helper()
	if err := s.Events(t.Context(), ExportFilter{OperationID: id}, func(e Event) error { all = append(all, e.Kind); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestALateWorkerIsRefusedAndRecorded(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		first, second := open(c.use), open(c.use)
		late := begin(t, first, operation())
		if ids := sweep(t, second); len(ids) != 0 {
			t.Errorf("a lease that holds was swept: %v", ids)
		}
		if _, err := second.Claim(t.Context(), late.id); !errors.Is(err, ErrHeld) {
			t.Errorf("claim of what is held: %v", err)
		}
		c.add(DefaultLease + time.Second)
		if diff := cmp.Diff([]string{late.id}, sweep(t, second)); diff != "" {
			t.Error(diff)
		}
		l := claim(t, second, late.id)
		if op := l.Operation(); op.Epoch != 3 || op.Status != Running {
			t.Errorf("taken over: %+v", op)
		}
		err := late.Record(t.Context(), Update{Event: "ended", Steps: map[int]Step{0: done}, Status: Succeeded})
		if !errors.Is(err, ErrLost) || !isOver(late) || late.Fresh() {
			t.Errorf("the late one: %v", err)
		}
		if err := late.Release(t.Context(), 0); !errors.Is(err, ErrLost) {
			t.Errorf("the late one gives it back: %v", err)
		}
		if op := get(t, second, l.id); op.Status != Running || op.Steps[0].Status != StepPending || op.Owner != second.worker.name() {
			t.Errorf("changed by the late one: %+v", op)
		}
		record(t, l, Update{Event: "ended", Status: Partial})
		if diff := cmp.Diff([]string{"begun", "lapsed", "claimed", "refused", "ended"}, kinds(t, first, l.id)); diff != "" {
			t.Error(diff)
		}
		var refused Event
		_ = first.Events(t.Context(), ExportFilter{}, func(e Event) error {
			if e.Kind == "refused" {
				refused = e
			}
			return nil
		})
		var brought updateEvent
		if err := json.Unmarshal(refused.Data, &brought); err != nil || brought.Steps[0].Status != StepDone || refused.Epoch != 1 || refused.Actor != late.owner || refused.State != "" {
			t.Errorf("the record: %+v %v", refused, err)
		}
		if v := verify(t, second, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}

func TestALeaseIsRenewedWhileItIsHeldAndLapsesWithoutRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first, second := New(Options{Dir: dir}), New(Options{Dir: dir})
		l := begin(t, first, operation())
		for range 20 {
			time.Sleep(17 * time.Second)
			if ids := sweep(t, second); len(ids) != 0 || !l.Fresh() {
				t.Fatalf("lapsed although it is renewed: %v, %v", ids, l.Fresh())
			}
		}
		// The database is locked by somebody, soon after a renewal: nothing can be renewed.
		time.Sleep(5 * time.Second)
		second.patience = time.Millisecond
		db, err := second.SQLite(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		if !l.Fresh() {
			t.Error("a lease is given up after one renewal that failed")
		}
		time.Sleep(21 * time.Second)
		if l.Fresh() || isOver(l) {
			t.Errorf("after 36 s without renewal: fresh %v, over %v", l.Fresh(), isOver(l))
		}
		if err := held.Rollback(); err != nil {
			t.Fatal(err)
		}
		// Nobody took it, so it is ours again.
		time.Sleep(15 * time.Second)
		if !l.Fresh() || isOver(l) {
			t.Errorf("after the outage: fresh %v, over %v", l.Fresh(), isOver(l))
		}
		// Somebody takes it: the next renewal finds out.
		tamper(t, second, `UPDATE journal_operations SET due = 1`)
		if ids := sweep(t, second); len(ids) != 1 {
			t.Fatalf("swept %v", ids)
		}
		time.Sleep(11 * time.Second)
		if l.Fresh() || !isOver(l) {
			t.Errorf("after it was lost: fresh %v, over %v", l.Fresh(), isOver(l))
		}
		if err := errors.Join(first.Close(), second.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestAnAbandonedLeaseLapses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first, second := New(Options{Dir: dir}), New(Options{Dir: dir})
		kept, l := begin(t, first, operation()), begin(t, first, operation())
		time.Sleep(15 * time.Second)
		l.Abandon()
		if !isOver(l) || l.Fresh() {
			t.Errorf("over %v, fresh %v", isOver(l), l.Fresh())
		}
		time.Sleep(20 * time.Second)
		if ids := sweep(t, second); len(ids) != 0 {
			t.Errorf("swept %v before the lease ended", ids)
		}
		time.Sleep(6 * time.Second)
		if diff := cmp.Diff([]string{l.id}, sweep(t, second)); diff != "" {
			t.Error(diff)
		}
		if !kept.Fresh() {
			t.Error("the other lease of the same process is no longer renewed")
		}
		if err := errors.Join(first.Close(), second.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestAnAbandonedLeaseEndsWithItsOwnStoresNextSweep(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		first, second := open(), open()
		l, taken := begin(t, first, operation()), begin(t, first, operation())
		l.Abandon()
		if ids := sweep(t, second); len(ids) != 0 {
			t.Errorf("another store swept %v: it can't know", ids)
		}
		if diff := cmp.Diff([]string{l.id}, sweep(t, first)); diff != "" {
			t.Error(diff)
		}
		taken.Abandon()
		sweep(t, first)
		again := claim(t, second, taken.id)
		if ids := sweep(t, first); len(ids) != 0 || !again.Fresh() {
			t.Errorf("swept %v, which another store has", ids)
		}
	})
}

func TestTheClockGoesBack(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		first, second := open(c.use), open(c.use)
		l := begin(t, first, operation())
		noted := l.Operation().Due
		c.add(-time.Hour)
		if ids := sweep(t, second); len(ids) != 0 {
			t.Errorf("swept %v", ids)
		}
		// The next renewal brings the end of the lease back to the new time.
		if err := first.renew(map[string]*Lease{l.id: l}); err != nil {
			t.Fatal(err)
		}
		if due := get(t, second, l.id).Due; !due.Before(noted.Add(-50 * time.Minute)) {
			t.Errorf("due %v, was %v", due, noted)
		}
		record(t, l, Update{Event: "outcome", Steps: map[int]Step{0: done}})
		c.add(DefaultLease + time.Second)
		if ids := sweep(t, second); len(ids) != 1 {
			t.Errorf("swept %v", ids)
		}
		// A process that has gone is seen at once, whatever the clock says.
		c.add(-time.Hour)
		gone := open(c.use)
		other := begin(t, gone, operation())
		c.add(-time.Hour)
		if err := gone.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{other.id}, sweep(t, second)); diff != "" {
			t.Error(diff)
		}
		if v := verify(t, second, ""); v.Problem != nil {
			t.Error(v.Problem)
		}
	})
}

func TestAnOwnerThatIsGoneIsFollowedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		first, second, third := open(), open(), open()
		a, b := begin(t, first, operation()), begin(t, first, operation())
		record(t, b, Update{Event: "ended", Status: Succeeded})
		if ids := sweep(t, second); len(ids) != 0 {
			t.Errorf("swept %v while its owner lives", ids)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		// Whoever asks for the operation itself need not wait for a sweep.
		l := claim(t, third, a.id)
		if op := l.Operation(); op.Owner != third.worker.name() || op.Epoch != 2 {
			t.Errorf("claimed: %+v", op)
		}
		if err := third.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{a.id}, sweep(t, second)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"begun", "claimed", "lapsed"}, kinds(t, second, a.id)); diff != "" {
			t.Error(diff)
		}
		claim(t, second, a.id)
		// The files of those that are gone are removed.
		entries, err := os.ReadDir(filepath.Join(second.o.Dir, workersFolder))
		if err != nil || len(entries) != 1 || entries[0].Name() != second.worker.name() {
			t.Errorf("workers: %v, %v", entries, err)
		}
	})
}

// TestOwner is run by the test below in a process of its own: it begins an operation, says so, and waits to be killed.
func TestOwner(t *testing.T) {
	dir := os.Getenv("JOURNAL_TEST_OWNER")
	if dir == "" {
		t.Skip("is run by another test")
	}
	l := begin(t, New(Options{Dir: dir, URL: os.Getenv("JOURNAL_TEST_URL")}), operation())
	_, _ = os.Stdout.WriteString("began " + l.id + "\n")
	select {}
}

func TestAKilledProcessIsFollowedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		cmd := exec.Command(os.Args[0], "-test.run=^TestOwner$", "-test.timeout=1m")
		cmd.Env = append(os.Environ(), "JOURNAL_TEST_OWNER="+s.o.Dir, "JOURNAL_TEST_URL="+s.o.URL)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		id := ""
		for lines := bufio.NewScanner(out); id == "" && lines.Scan(); {
			id, _ = strings.CutPrefix(lines.Text(), "began ")
		}
		if ids := sweep(t, s); len(ids) != 0 {
			t.Errorf("swept %v while its owner lives", ids)
		}
		if _, err := s.Claim(t.Context(), id); !errors.Is(err, ErrHeld) {
			t.Errorf("claim of %q: %v", id, err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if diff := cmp.Diff([]string{id}, sweep(t, s)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestReleaseGivesTheOperationToTheNext(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		s, other := open(c.use), open(c.use)
		l := begin(t, s, operation())
		record(t, l, Update{Event: "outcome", Steps: map[int]Step{0: done}})
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Release(cancelled, 0); err != nil || !isOver(l) {
			t.Fatal(err, isOver(l))
		}
		if op := get(t, s, l.id); op.Status != Queued || op.Owner != "" {
			t.Errorf("released: %+v", op)
		}
		if err := l.Record(t.Context(), Update{Event: "outcome"}); !errors.Is(err, ErrLost) {
			t.Errorf("record after release: %v", err)
		}
		if ids := sweep(t, other); len(ids) != 1 {
			t.Errorf("swept %v", ids)
		}
		l = claim(t, other, l.id)
		if op := l.Operation(); op.Steps[0].Status != StepDone || op.Epoch != 2 {
			t.Errorf("claimed: %+v", op)
		}
		if err := l.Release(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if ids := sweep(t, s); len(ids) != 0 {
			t.Errorf("swept %v too early", ids)
		}
		c.add(time.Minute)
		if ids := sweep(t, s); len(ids) != 1 {
			t.Errorf("swept %v", ids)
		}
	})
}

func TestRecordKeepsWhatHasHappened(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		l := begin(t, s, operation(func(o *Operation) { o.AccountID, o.Key = "", "email:x@example.com" }))
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Record(cancelled, Update{
			Event: "learned", AccountID: "42", Key: "account:42", Plan: json.RawMessage(` { "a" : 1 } `), PlanID: "other",
			AllSteps: []Step{done, {Action: "x", Status: StepPending}, {Action: "y", Status: StepPending}},
		}); err != nil {
			t.Fatalf("a caller that has gone keeps its outcome from being recorded: %v", err)
		}
		want := l.Operation()
		if want.AccountID != "42" || want.Key != "account:42" || string(want.Plan) != `{"a":1}` || want.PlanID != "other" || len(want.Steps) != 3 {
			t.Errorf("the lease: %+v", want)
		}
		got := get(t, s, l.id)
		got.Due = want.Due
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for _, bad := range []Update{{Event: "x", Status: Queued}, {Event: "x", Steps: map[int]Step{3: done}}, {Event: "x", Steps: map[int]Step{-1: done}}, {Event: "x", Plan: json.RawMessage(`{`)}} {
			if err := l.Record(t.Context(), bad); err == nil {
				t.Errorf("recorded %+v", bad)
			}
		}
		// A key that somebody else has.
		other := begin(t, s, operation())
		var busy *BusyError
		if err := other.Record(t.Context(), Update{Event: "learned", Key: "account:42"}); !errors.As(err, &busy) || busy.OperationID != l.id {
			t.Errorf("learned a key that is taken: %v", err)
		}
		record(t, l, Update{Event: "ended", Status: Failed, Problem: json.RawMessage(`{"code":"internal"}`)})
		// Whose answer was lost may be tried again.
		record(t, l, Update{Event: "ended", Status: Failed, Problem: json.RawMessage(`{"code":"internal"}`)})
		if err := l.Record(t.Context(), Update{Event: "outcome", Steps: map[int]Step{1: done}}); !errors.Is(err, ErrLost) {
			t.Errorf("record after the end: %v", err)
		}
		if diff := cmp.Diff([]string{"begun", "learned", "ended", "refused"}, kinds(t, s, l.id)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAStepThatHasEndedIsNotBegunAgainUnderOneLease(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		l := begin(t, s, operation())
		set := func(status StepStatus) error {
			return l.Record(t.Context(), Update{Event: "step", Steps: map[int]Step{0: {Action: "suspend", Target: "a", Status: status}}})
		}
		for _, status := range []StepStatus{StepRunning, StepPending, StepRunning, StepUnknown, StepDone, StepFailed} {
			if err := set(status); err != nil {
				t.Errorf("to %s: %v", status, err)
			}
		}
		for _, status := range []StepStatus{StepRunning, StepPending} {
			if err := set(status); err == nil {
				t.Errorf("back to %s", status)
			}
		}
		if err := l.Record(t.Context(), Update{Event: "replanned", AllSteps: []Step{{Action: "other", Status: StepPending}}}); err == nil {
			t.Error("a step that has ended was replaced")
		}
		record(t, l, Update{Event: "replanned", AllSteps: []Step{failed, {Action: "other", Status: StepPending}, {Action: "third", Status: StepPending}}})
		record(t, l, Update{Event: "ended", Status: Partial})
		l, err := s.Reopen(t.Context(), l.id, by, map[int]Step{0: {Action: "suspend", Target: "a", Status: StepPending}})
		if err != nil {
			t.Fatal(err)
		}
		if op := l.Operation(); op.Status != Running || op.Epoch != 2 || !op.EndedAt.IsZero() || op.Steps[0].Status != StepPending || len(op.Steps) != 3 {
			t.Errorf("reopened: %+v", op)
		}
		if err := set(StepRunning); err != nil {
			t.Errorf("under a new lease: %v", err)
		}
		if _, err := s.Reopen(t.Context(), l.id, by, nil); !errors.Is(err, ErrHeld) {
			t.Errorf("reopen of one that runs: %v", err)
		}
		record(t, l, Update{Event: "ended", Status: Succeeded})
		if _, err := s.Reopen(t.Context(), l.id, by, nil); !errors.Is(err, ErrEnded) {
			t.Errorf("reopen of one that succeeded: %v", err)
		}
		if _, err := s.Reopen(t.Context(), "op-nothing", by, nil); !errors.Is(err, ErrNotFound) {
			t.Errorf("reopen of nothing: %v", err)
		}
	})
}

func TestWaitHearsOfAnEndAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s, other := New(Options{Dir: dir}), New(Options{Dir: dir})
		l := begin(t, s, operation())
		start := time.Now()
		local, remote := make(chan time.Duration, 1), make(chan time.Duration, 1)
		for store, c := range map[*Store]chan time.Duration{s: local, other: remote} {
			go func() {
				if op, err := store.Wait(t.Context(), l.id); err != nil || op.Status != Succeeded {
					t.Errorf("wait: %v %v", op.Status, err)
				}
				c <- time.Since(start)
			}()
		}
		time.Sleep(1100 * time.Millisecond)
		record(t, l, Update{Event: "ended", Status: Succeeded})
		if d := <-local; d != 1100*time.Millisecond {
			t.Errorf("in this process after %v", d)
		}
		if d := <-remote; d > 1100*time.Millisecond+waitPoll {
			t.Errorf("in another process after %v", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		l = begin(t, s, operation())
		if _, err := s.Wait(ctx, l.id); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a wait that ends: %v", err)
		}
		if _, err := s.Wait(t.Context(), "op-nothing"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a wait for nothing: %v", err)
		}
		if err := errors.Join(s.Close(), other.Close()); err != nil {
			t.Error(err)
		}
	})
}
