package lifecycle_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// many asks for the offboarding of several people.
func (s *site) many(t tester, how lifecycle.Rows, people ...string) func(lifecycle.Terms) (lifecycle.Result, error) {
	return func(terms lifecycle.Terms) (lifecycle.Result, error) {
		var all []lifecycle.OffboardRequest
		for _, who := range people {
			all = append(all, lifecycle.OffboardRequest{Target: target(t, who)})
		}
		how.Terms = terms
		return s.service.OffboardMany(context.Background(), all, how)
	}
}

func TestABatch(t *testing.T) {
	t.Parallel()
	people := []string{jane, alex, petra, sam, lee}
	inBubble(t, "is planned whole, confirmed once, done, and undone", func(t *testing.T) {
		s := newSite(t)
		s.first.working.Store(true)
		before := map[string]truth{}
		for _, who := range people {
			before[who] = s.truth(t, who)
		}
		r, err := confirmed(s.many(t, lifecycle.Rows{}, people...), lifecycle.Terms{Reason: "site closes"}, func() {
			if len(s.writes()) > 0 {
				t.Errorf("planning sent %v", s.writes())
			}
		})
		if err != nil || r.Status != lifecycle.Succeeded || len(r.Operation.Steps) != len(people) {
			t.Fatalf("%s, %v\n%s", outcome(r), err, r.Text())
		}
		for i, who := range people { // in the order in which they were named
			if !strings.Contains(r.Operation.Steps[i].Target, "") || r.Operation.Steps[i].ID == "" {
				t.Errorf("step %d of %s: %+v", i, who, r.Operation.Steps[i])
			}
			op := s.first.operation(t, r.Operation.Steps[i].ID)
			for _, lie := range lies(t, op, before[who], s.truth(t, who)) {
				t.Error(lie)
			}
			if op.Reason != "site closes" || op.Parent != r.Operation.ID {
				t.Errorf("%s: reason %q, of batch %q", who, op.Reason, op.Parent)
			}
		}
		undo, err := s.service.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: r.Operation.ID})
		if err != nil || undo.Status != lifecycle.Succeeded || len(undo.Operation.Steps) != len(people) {
			t.Fatalf("restore: %s, %v\n%s", outcome(undo), err, undo.Text())
		}
		for who, was := range before {
			if diff := cmp.Diff(was, s.truth(t, who), cmpopts.IgnoreFields(truth{}, "Groups")); diff != "" {
				t.Errorf("%s restored (-before +after):\n%s", who, diff)
			}
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent twice: %s", twice)
		}
		checkRecord(t, s.first)
	})
	inBubble(t, "does not begin while anything is wrong with anybody", func(t *testing.T) {
		s := newSite(t)
		_, err := s.many(t, lifecycle.Rows{Places: []string{"line 2", "line 3", "line 4", "line 5"}}, jane, "nobody.here@example.com", "Jane.Doe@example.com", "dana.admin@example.com")(lifecycle.Terms{})
		if !fault.Is(err, fault.InvalidArgument) {
			t.Fatal(err)
		}
		for _, part := range []string{"3 of 4", "line 3", "line 4: Jane Doe", "same person as in line 2", "line 5"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q lacks %q", err, part)
			}
		}
		if id := s.first.newest(t); id != "" || len(s.writes()) > 0 {
			t.Errorf("operation %q, sent %v", id, s.writes())
		}
	})
	inBubble(t, "keeps to the policy's limit", func(t *testing.T) {
		s := newSite(t, under(lifecycle.Policy{BatchLimit: 2}))
		if _, err := s.many(t, lifecycle.Rows{}, jane, alex, petra)(lifecycle.Terms{}); !fault.Is(err, fault.Protected) {
			t.Errorf("three: %v", err)
		}
		if r, err := s.many(t, lifecycle.Rows{}, jane, alex)(lifecycle.Terms{}); err != nil || r.Confirm == nil {
			t.Errorf("two: %s, %v", outcome(r), err)
		}
		if _, err := s.many(t, lifecycle.Rows{})(lifecycle.Terms{}); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("nobody: %v", err)
		}
	})
	for _, stop := range []bool{false, true} {
		inBubble(t, fmt.Sprintf("with somebody who fails, stopping then %v, and resumed", stop), func(t *testing.T) {
			s := newSite(t)
			r, err := confirmed(s.many(t, lifecycle.Rows{StopOnError: stop}, people...), lifecycle.Terms{}, func() {
				s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Method: "DELETE", Path: leaveGroup.path, Query: s.GroupID("release-managers", false)})
			})
			if err != nil || r.Status != lifecycle.Running { // nobody works yet, and the call does not wait for ever
				t.Fatalf("%s, %v", outcome(r), err)
			}
			for _, step := range r.Operation.Steps { // one after another, in their order
				if err := s.first.Run(t.Context(), step.ID); err != nil {
					t.Error(err)
				}
			}
			id := r.Operation.ID
			if op := s.first.operation(t, id); op.Status != lifecycle.Partial {
				t.Errorf("the batch is %s", op.Status)
			}
			ops := s.first.people(t, id, "")
			for who, op := range ops {
				want := lifecycle.Succeeded
				switch {
				case who == jane:
					want = lifecycle.Partial
				case stop:
					want = lifecycle.Cancelled
				}
				if op.Status != want {
					t.Errorf("%s is %s, want %s", who, op.Status, want)
				}
			}
			s.ClearFaults()
			s.first.working.Store(true)
			d, err := s.service.UpdateOperation(t.Context(), id, lifecycle.ActionResume, "")
			if err != nil || d.Status != lifecycle.Succeeded {
				t.Errorf("resumed: %s, %v\n%s", d.Status, err, sketches(s.first.people(t, id, "")))
			}
			if twice := s.tookEffectTwice(); twice != "" {
				t.Errorf("sent twice: %s", twice)
			}
			checkRecord(t, s.first)
		})
	}
	inBubble(t, "is cancelled: who was begun is finished up to the next step, nobody else is begun", func(t *testing.T) {
		s := newSite(t)
		r, err := confirmed(s.many(t, lifecycle.Rows{}, people...), lifecycle.Terms{}, func() {})
		if err != nil {
			t.Fatal(err)
		}
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageDuring, Method: "PATCH", Path: patchUser.path, Times: 1})
		running := make(chan error, 1)
		go func() { running <- s.first.Run(context.Background(), r.Operation.Steps[0].ID) }()
		held := s.held(t)
		go func() {
			time.Sleep(time.Second)
			s.release(t, held, true)
		}()
		d, err := s.service.UpdateOperation(t.Context(), r.Operation.ID, lifecycle.ActionCancel, "wrong list")
		if err != nil {
			t.Fatal(err)
		}
		if err := <-running; err != nil {
			t.Fatal(err)
		}
		ops := s.first.people(t, r.Operation.ID, "")
		if d.Status != lifecycle.Partial || ops[jane].Status != lifecycle.Partial || ops[alex].Status != lifecycle.Cancelled {
			t.Errorf("%s\n%s", d.Status, sketches(ops))
		}
		if n := len(s.writes()); n != 1 {
			t.Errorf("sent %d writes", n)
		}
	})
	inBubble(t, "at a time, by two processes, each person once", func(t *testing.T) {
		s := newSite(t)
		r, err := confirmed(s.many(t, lifecycle.Rows{}, people...), lifecycle.Terms{EffectiveAt: s.home.now().Add(time.Hour)}, func() {})
		if err != nil || r.Status != lifecycle.Scheduled {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		other := s.process(t, s.home)
		if ids, err := other.sweep(t.Context()); err != nil || len(ids) > 0 {
			t.Errorf("early: %v, %v", ids, err)
		}
		s.home.move(time.Hour)
		swept := make(chan []string, 2)
		for _, p := range []*process{s.first, other} {
			go func() {
				ids, err := p.sweep(context.Background())
				if err != nil {
					t.Error(err)
				}
				swept <- ids
			}()
		}
		all := slices.Concat(<-swept, <-swept)
		slices.Sort(all)
		if len(all) != len(people) || len(slices.Compact(all)) != len(people) {
			t.Errorf("handed out: %v", all)
		}
		if op := other.operation(t, r.Operation.ID); op.Status != lifecycle.Succeeded {
			t.Errorf("%s\n%s", op.Status, sketches(other.people(t, op.ID, "")))
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent twice: %s", twice)
		}
	})
	inBubble(t, "resumed after somebody of it was taken back, leaves them alone", func(t *testing.T) {
		s := newSite(t)
		s.first.working.Store(true)
		r, err := confirmed(s.many(t, lifecycle.Rows{}, sam, jane), lifecycle.Terms{}, func() {
			s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Method: "DELETE", Path: leaveGroup.path, Query: s.GroupID("partners", false)})
		})
		if err != nil || r.Status != lifecycle.Partial {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		s.ClearFaults()
		sams := s.first.people(t, r.Operation.ID, "")[sam]
		if undo, err := s.service.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: sams.ID}); err != nil || undo.Status != lifecycle.Succeeded {
			t.Fatalf("%s, %v", outcome(undo), err)
		}
		is, sent := s.truth(t, sam), len(s.writes())
		d, err := s.service.UpdateOperation(t.Context(), r.Operation.ID, lifecycle.ActionResume, "")
		if err != nil || d.Status != lifecycle.Partial {
			t.Errorf("%s, %v", d.Status, err)
		}
		if diff := cmp.Diff(is, s.truth(t, sam), cmpopts.IgnoreFields(truth{}, "Groups")); diff != "" || len(s.writes()) != sent {
			t.Errorf("changed after all (%v):\n%s", s.writes()[sent:], diff)
		}
	})
}
