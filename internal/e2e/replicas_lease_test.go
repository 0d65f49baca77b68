//go:build unix

package e2e

import (
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// leaseCase is a test that has to wait until a lease lapses, which is 30 s after it was last renewed.
type leaseCase struct {
	name string
	run  func(t *testing.T)
}

// TestWhatALeaseIsFor has leases lapse. All cases wait at the same time, however few tests may run side by side: they do little else.
func TestWhatALeaseIsFor(t *testing.T) {
	t.Parallel()
	var cases []leaseCase
	for _, i := range interruptions {
		cases = append(cases, leaseCase{"a replica that sleeps past its lease, " + i.name, i.asleep})
		if !i.late {
			cases = append(cases, leaseCase{"a replica that is killed, " + i.name, i.killed})
		}
	}
	for _, o := range outages {
		cases = append(cases, leaseCase{"a journal that fails in the middle, " + o.name, o.inTheMiddle})
	}
	cases = append(cases, leaseCase{"PostgreSQL is stopped", postgreSQLIsStopped})
	var all sync.WaitGroup
	for _, c := range cases {
		all.Go(func() { t.Run(c.name, c.run) })
	}
	all.Wait()
}

// interruption is a moment at which a replica is disturbed: while a request of jane's offboarding is held.
type interruption struct {
	name, method, path string
	stage              string
	late               bool // what was held takes effect at the very end, after everything else
}

var interruptions = []interruption{
	{name: "the first write took effect", method: http.MethodPatch, path: scimUserPath, stage: sandbox.StageDuring},
	{name: "the first write comes late", method: http.MethodPatch, path: scimUserPath, stage: sandbox.StageBefore, late: true},
	{name: "a membership never goes", method: http.MethodDelete, path: membershipPath, stage: sandbox.StageBefore},
	{name: "a membership goes late", method: http.MethodDelete, path: membershipPath, stage: sandbox.StageBefore, late: true},
}

// reach begins jane's offboarding at the first replica, with a plan of the second, and waits until its request is held.
func (i interruption) reach(t *testing.T, p pair) (id string, held sandbox.Held, answered later) {
	t.Helper()
	agreed := p.b.plan(t, "offboard_user", args{"user": jane})
	// A hold of two minutes outlives a lease.
	p.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Method: i.method, Path: i.path, Stage: i.stage, Times: 1, DelayMS: 120_000})
	t.Cleanup(func() { p.ReleaseAll(false) })
	answered = p.a.begin(t, "offboard_user", agreed)
	held = p.site.held(t)
	return p.operations(t)[0].ID, held, answered
}

// wantTakenOver checks that an operation was ended by the second worker, and that each of its steps was written once.
func (i interruption) wantTakenOver(t *testing.T, p pair, op journal.Operation) {
	t.Helper()
	p.wantSucceeded(t, op)
	var claims []int64
	for _, e := range p.events(t, op.ID) {
		if e.Kind == "claimed" {
			claims = append(claims, e.Epoch)
		}
	}
	if len(claims) != 1 || claims[0] != op.Epoch {
		t.Errorf("the operation was claimed in epochs %v and ended in %d", claims, op.Epoch)
	}
	p.want(t, jane, facts{OnSite: true, InSCIM: true})
	if !i.late {
		p.wantNothingTwice(t)
	}
	p.wantSoundRecord(t)
	wantVerified(t, p.b.env)
}

// killed has the other replica end the operation of one that is gone, when the lease has lapsed: nothing else tells one host of another's end.
func (i interruption) killed(t *testing.T) {
	p := replicas(t, newSite(t))
	id, held, _ := i.reach(t, p)
	p.a.kill(t)
	_ = p.Release(held.ID, false)
	now := p.b.operation(t, id)
	now.wants(t, map[string]any{"operation.status": "running"})
	if until := p.lease(t, id); time.Until(until) < 15*time.Second {
		t.Errorf("the lease ends at %s", until)
	}
	op := p.over(t, id)
	i.wantTakenOver(t, p, op)
	p.b.operation(t, id).wants(t, map[string]any{"operation.status": "succeeded"})
}

// lease is until when an operation belongs to its worker.
func (s *crashSite) lease(t *testing.T, id string) time.Time {
	t.Helper()
	op, err := s.record.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return op.Due
}

// asleep stops a replica while a request is under way, and wakes it when the other one has ended its operation. It sends nothing more, what it brings is
// refused and kept, and its caller is told.
func (i interruption) asleep(t *testing.T) {
	p := replicas(t, newSite(t), "JIRA_LIFECYCLE_WAIT", "5m")
	id, held, answered := i.reach(t, p)
	p.a.signal(t, syscall.SIGSTOP)
	t.Cleanup(func() { _ = p.a.child.Process.Signal(syscall.SIGCONT) }) // stopped, it would not end
	op := p.over(t, id)
	i.wantTakenOver(t, p, op)
	sent := len(p.writes())

	_ = p.Release(held.ID, i.late)
	p.a.signal(t, syscall.SIGCONT)
	got := answered.get(t)
	got.wants(t, map[string]any{"code": "conflict"})
	got.says(t, id, "taken over by another worker")
	until(t, "the end of all requests", func() bool { return p.idle(t) })
	if now := p.writes(); len(now) != sent {
		t.Errorf("the late worker sent %v", now[sent:])
	}
	i.wantTakenOver(t, p, p.over(t, id))
	if after, err := p.record.Get(t.Context(), id); err != nil || cmp.Diff(op, after) != "" {
		t.Errorf("the operation was changed by the late worker: %v\n%s", err, cmp.Diff(op, after))
	}
	var kinds []string
	for _, e := range p.events(t, id) {
		if e.Kind == "refused" && e.Epoch != 1 {
			t.Errorf("refused in epoch %d", e.Epoch)
		}
		kinds = append(kinds, e.Kind)
	}
	if !slices.Contains(kinds, "refused") {
		t.Errorf("the record does not tell of the late worker: %v", kinds)
	}
	p.a.operation(t, id).wants(t, map[string]any{"operation.status": "succeeded"})
	p.a.change(t, "offboard_user", args{"user": alex}).wants(t, map[string]any{"status": "succeeded"})
}

func (r *replica) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := r.child.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}
