package lifecycle_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// inBubble runs a test on a clock of its own, beside others.
func inBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
}

// killAt makes the process end at its n-th request from now: before it is sent, or when it was executed and before the answer is there.
func (p *process) killAt(n int, executed bool) {
	turn := make(chan int, 1)
	turn <- 0
	p.line.watch = func(_ *http.Request, after bool) bool {
		if after != executed {
			return false
		}
		i := <-turn + 1
		turn <- i
		return i == n
	}
}

// newest is the operation that was made last, "" when there is none.
func (p *process) newest(t tester) string {
	t.Helper()
	page, err := p.store.List(context.Background(), journal.Filter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Operations) == 0 {
		return ""
	}
	return page.Operations[0].ID
}

// countsOnly tells whether a request looks at what somebody leaves behind.
func countsOnly(r sandbox.Request) bool {
	return r.Reads() && slices.ContainsFunc([]string{"/search/", "/project/", "/component", "/filter/", "/dashboard/"}, func(part string) bool {
		return strings.HasPrefix(r.Path, "/rest/api/3"+part)
	})
}

// TestAKilledProcessIsGoneOnWith kills the process at each request of an act, before it is sent and after it was executed. The next process brings the
// operation to its end, and nothing that took effect is sent again.
func TestAKilledProcessIsGoneOnWith(t *testing.T) {
	t.Parallel()
	turn := 0
	for _, act := range acts() {
		if !slices.Contains([]string{
			"offboard", "offboard at a time", "offboard three", "hand over", "provision by SCIM", "provision by invitation", "restore", "update user", "delete SCIM group",
			"offboard a managed account", "offboard somebody else's account", "delete an account", "restore a managed account", "invite by the organization",
		}, act.name) {
			continue
		}
		// How many requests there are, and which of them write.
		var requests []sandbox.Request
		t.Run(act.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, act.site...)
				var before int
				if _, _, err := act.run(t, s, func() { before = len(s.Requests()) }); err != nil {
					t.Fatal(err)
				}
				requests = s.Requests()[before:]
			})
		})
		for n, r := range requests {
			for _, executed := range []bool{false, true} {
				if executed && r.Reads() {
					continue
				}
				if countsOnly(r) && n%4 != 0 { // what is left behind is counted for the plan: there are many such reads, and one is like the other
					continue
				}
				if turn++; underRace && turn%raceShare != 0 {
					continue
				}
				inBubble(t, fmt.Sprintf("%s/request %d, executed %v", act.name, n+1, executed), func(t *testing.T) {
					s := newSite(t, act.site...)
					var was truth
					var sent int
					var earlier string
					s.first.survives(func() {
						_, _, err := act.run(t, s, func() {
							was, sent, earlier = s.truth(t, act.who), len(s.writes()), s.first.newest(t)
							s.first.killAt(n+1, executed)
						})
						if err != nil && !s.first.line.isDead() {
							t.Error(err)
						}
					})
					if !s.first.line.isDead() {
						return // what runs side by side came in another order, and needed fewer requests
					}
					next := s.process(t, s.home)
					id := next.newest(t)
					if id == earlier && act.name != "offboard at a time" { // it ended before it was begun
						if diff := cmp.Diff(was, s.truth(t, act.who), cmpopts.IgnoreFields(truth{}, "Groups")); diff != "" {
							t.Errorf("no operation tells of a change (-before +after):\n%s", diff)
						}
						return
					}
					op := next.finish(t, s.home, id)
					if op.Status != lifecycle.Succeeded {
						t.Errorf("came out as %s\n%s", op.Status, sketches(next.people(t, id, act.who)))
					}
					for who, op := range next.people(t, id, act.who) {
						before := was
						if who != act.who {
							before = truth{}
						}
						for _, lie := range lies(t, op, before, s.truth(t, who)) {
							t.Error(lie)
						}
					}
					if twice := s.tookEffectTwice(sent); twice != "" {
						t.Errorf("sent again: %s", twice)
					}
					checkRecord(t, next)
					sent = len(s.writes())
					if err := next.Run(context.Background(), id); err != nil || len(s.writes()) != sent {
						t.Errorf("run again: %v, sent %v", err, s.writes()[sent:])
					}
				})
			}
		}
	}
}

// TestAJournalThatFailsEndsNothing: when the record can't be written nothing more is sent, the operation is given up, and whoever comes next ends it.
func TestAJournalThatFailsEndsNothing(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]string{
		"at the first record":  `NEW.kind = 'intent'`,
		"at the second record": `NEW.kind = 'intent' AND EXISTS (SELECT 1 FROM journal_events WHERE kind = 'intent')`,
		"at the last record":   `NEW.kind = 'ended'`,
	} {
		inBubble(t, name, func(t *testing.T) {
			s := newSite(t)
			db, err := s.first.store.SQLite(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			was := s.truth(t, jane)
			var sent int
			_, err = confirmed(s.offboarding(t, jane), lifecycle.Terms{}, func() {
				if _, err := db.ExecContext(t.Context(), `CREATE TRIGGER full BEFORE INSERT ON journal_events WHEN `+when+` BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`); err != nil {
					t.Fatal(err)
				}
			})
			id := s.first.newest(t)
			if err == nil || !strings.Contains(err.Error(), id) {
				t.Fatalf("got %v, want an error that names %s", err, id)
			}
			sent = len(s.writes())
			time.Sleep(10 * time.Minute) // while nobody works on it
			if len(s.writes()) != sent {
				t.Errorf("sent without a record: %v", s.writes()[sent:])
			}
			if _, err := db.ExecContext(t.Context(), `DROP TRIGGER full`); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Minute) // a lease that is still renewed would never lapse
			if ids, err := s.first.sweep(t.Context()); err != nil || !slices.Contains(ids, id) {
				t.Fatalf("it was not given up: %v, %v", ids, err)
			}
			op := s.first.operation(t, id)
			if op.Status != lifecycle.Succeeded {
				t.Errorf("%s\n%s", op.Status, sketches(map[string]journal.Operation{jane: op}))
			}
			for _, lie := range lies(t, op, was, s.truth(t, jane)) {
				t.Error(lie)
			}
			if twice := s.tookEffectTwice(); twice != "" {
				t.Errorf("sent again: %s", twice)
			}
			checkRecord(t, s.first)
		})
	}
}

// held waits until the sandbox holds a request.
func (s *site) held(t tester) sandbox.Held {
	t.Helper()
	held, err := s.NextHold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func (s *site) release(t tester, held sandbox.Held, execute bool) {
	t.Helper()
	if err := s.Release(held.ID, execute); err != nil {
		t.Fatal(err)
	}
}

// TestALateWorkerIsRefused: a process that was paused past its lease wakes when another one has the operation. It sends nothing more, what it brings
// is not taken but kept, and the call says what happened.
func TestALateWorkerIsRefused(t *testing.T) {
	t.Parallel()
	inBubble(t, "in a step", func(t *testing.T) {
		s := newSite(t)
		var err error
		done := make(chan struct{})
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageDuring, Method: "PATCH", Path: patchUser.path, Times: 1})
		go func() {
			defer close(done)
			_, err = confirmed(s.offboarding(t, jane), lifecycle.Terms{}, func() {})
		}()
		held := s.held(t)
		s.home.move(time.Hour) // the lease lapses
		other := s.process(t, s.home)
		id := other.newest(t)
		if _, err := other.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if op := other.operation(t, id); op.Status != lifecycle.Succeeded || op.Epoch < 2 {
			t.Errorf("the other process: %s\n%s", op.Status, sketches(map[string]journal.Operation{jane: op}))
		}
		sent := len(s.writes())
		s.release(t, held, true)
		<-done
		if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "taken over by another worker") {
			t.Errorf("the late worker's call: %v", err)
		}
		if len(s.writes()) != sent {
			t.Errorf("the late worker sent %v", s.writes()[sent:])
		}
		refused := 0
		if err := other.store.Events(t.Context(), journal.ExportFilter{OperationID: id}, func(e journal.Event) error {
			if e.Kind == "refused" {
				refused++
			}
			return nil
		}); err != nil || refused == 0 {
			t.Errorf("%d records of what was refused, %v", refused, err)
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent again: %s", twice)
		}
		checkRecord(t, other)
	})
	inBubble(t, "before a step, when it can't renew its lease", func(t *testing.T) {
		s := newSite(t)
		db, err := s.first.store.SQLite(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageDuring, Method: "PATCH", Path: patchUser.path, Times: 1, DelayMS: 120_000})
		_, err = confirmed(s.offboarding(t, jane), lifecycle.Terms{}, func() {
			if _, err := db.ExecContext(t.Context(), `CREATE TRIGGER stuck BEFORE UPDATE ON journal_operations WHEN NEW.due <> OLD.due AND NEW.epoch = OLD.epoch AND NEW.owner = OLD.owner
				BEGIN SELECT RAISE(ABORT, 'stuck'); END`); err != nil {
				t.Fatal(err)
			}
		})
		if err != nil { // the call itself answered that it runs
			t.Fatal(err)
		}
		id := s.first.newest(t)
		time.Sleep(5 * time.Minute)
		if writes := s.writes(); len(writes) != 1 {
			t.Errorf("sent under a lease that may have lapsed: %v", writes[1:])
		}
		if _, err := db.ExecContext(t.Context(), `DROP TRIGGER stuck`); err != nil {
			t.Fatal(err)
		}
		if op := s.first.finish(t, s.home, id); op.Status != lifecycle.Succeeded {
			t.Errorf("%s\n%s", op.Status, sketches(map[string]journal.Operation{jane: op}))
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent again: %s", twice)
		}
	})
}

// TestAnEffectThatComesLateIsOurs: what a killed process sent arrives after the next one has looked and sent it again. The step is told as done and
// not as if it had been so before: the undo puts it back.
func TestAnEffectThatComesLateIsOurs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		was := s.truth(t, sam)
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageBefore, Method: "DELETE", Path: leaveGroup.path, Query: s.GroupID("partners", false), Times: 2, DelayMS: 25_000})
		go s.first.survives(func() { confirmed(s.offboarding(t, sam), lifecycle.Terms{}, func() {}) }) //nolint:errcheck // it is killed
		first := s.held(t)
		s.first.line.kill()
		next := s.process(t, s.home)
		id := next.newest(t)
		go next.survives(func() { next.finish(t, s.home, id) })
		second := s.held(t)
		s.release(t, first, true)
		synctest.Wait()
		s.release(t, second, true)
		op, err := next.store.Wait(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range op.Steps {
			if step.Status != lifecycle.StepDone {
				t.Errorf("%s %s is %s: %s", step.Action, step.Target, step.Status, step.Detail)
			}
		}
		if r, err := next.Restore(t.Context(), lifecycle.RestoreRequest{OperationID: id}); err != nil || r.Status != lifecycle.Succeeded {
			t.Errorf("restore: %s, %v", outcome(r), err)
		}
		if diff := cmp.Diff(was, s.truth(t, sam), cmpopts.IgnoreFields(truth{}, "Groups")); diff != "" {
			t.Errorf("restored (-before +after):\n%s", diff)
		}
	})
}

// TestALostAnswerWhileReadsLag: a write that was repeated after its answer was lost, and that no read shows yet, is in doubt and has not failed.
func TestALostAnswerWhileReadsLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, func(o *options) { o.sandbox.Lag = time.Hour })
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultResetAfter, Method: "DELETE", Path: leaveGroup.path, Times: 1})
		r, err := confirmed(s.offboarding(t, sam), lifecycle.Terms{}, func() {})
		if err != nil || strings.Contains(outcome(r), "=failed") || r.Status != lifecycle.Partial {
			t.Fatalf("%s, %v\n%s", outcome(r), err, r.Text())
		}
		time.Sleep(2 * time.Hour)
		if d, err := s.service.UpdateOperation(t.Context(), r.Operation.ID, lifecycle.ActionResume, ""); err != nil || d.Status != lifecycle.Succeeded {
			t.Errorf("resumed when it shows: %s, %v", d.Status, err)
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent again: %s", twice)
		}
	})
}

// TestACancellationDoesNotHideAStepInDoubt: "cancelled" says that nothing was changed.
func TestACancellationDoesNotHideAStepInDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageBefore, Method: "PATCH", Path: patchUser.path, Times: 1, DelayMS: 90_000}) // longer than the client waits
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := confirmed(s.offboarding(t, jane), lifecycle.Terms{}, func() {}); err != nil {
				t.Error(err)
			}
		}()
		s.held(t)
		id := s.first.newest(t)
		d, err := s.service.UpdateOperation(t.Context(), id, lifecycle.ActionCancel, "a mistake")
		<-done
		if err != nil {
			t.Fatal(err)
		}
		op, err := s.first.store.Wait(t.Context(), id)
		if err != nil || op.Status != lifecycle.Partial || op.Steps[0].Status != lifecycle.StepUnknown || op.Steps[1].Status != lifecycle.StepSkipped {
			t.Errorf("the call said %s; %v\n%s", d.Status, err, sketches(map[string]journal.Operation{jane: op}))
		}
		if _, err := s.service.UpdateOperation(t.Context(), id, lifecycle.ActionResume, ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("resumed against a cancellation: %v", err)
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent again: %s", twice)
		}
	})
}

// hiding is a site that does not show somebody's e-mail.
type hiding struct {
	to    http.RoundTripper
	email string
}

func (h hiding) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := h.to.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if closing := response.Body.Close(); err == nil {
		err = closing
	}
	body = bytes.ReplaceAll(body, []byte(`"emailAddress":"`+h.email+`"`), []byte(`"emailAddress":""`))
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response, err
}

// TestAPersonWhoseAddressIsHiddenIsFoundAgain: the account id that an invitation gave is all that leads back to the person.
func TestAPersonWhoseAddressIsHiddenIsFoundAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := bareSite(t)
		s.to = hiding{s.to, gast}
		s.home = newHome(t)
		first := s.process(t, s.home)
		first.line.watch = func(r *http.Request, executed bool) bool { return r.URL.Path == "/rest/api/3/group/user" && !executed }
		ask := lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: gast, GivenName: "G", FamilyName: "A"}, Groups: []string{"partners"}}
		if first.survives(func() { first.Provision(context.Background(), ask) }) { //nolint:errcheck // it is killed
			t.Fatal("the process was not killed")
		}
		next := s.process(t, s.home)
		if op := next.finish(t, s.home, next.newest(t)); op.Status != lifecycle.Succeeded {
			t.Errorf("%s\n%s", op.Status, sketches(map[string]journal.Operation{gast: op}))
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent again: %s", twice)
		}
	})
}

// TestAStoppedProcessGivesBackWhatItRuns: it ends the step that it is in, and the next process goes on at once.
func TestAStoppedProcessGivesBackWhatItRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageBefore, Method: "PATCH", Path: patchUser.path, Times: 1})
		var r lifecycle.Result
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			r, err = confirmed(s.offboarding(t, jane), lifecycle.Terms{}, func() {})
		}()
		held := s.held(t)
		stopped := make(chan error, 1)
		go func() { stopped <- s.service.Stop(context.Background()) }()
		synctest.Wait()
		s.release(t, held, true)
		if err := <-stopped; err != nil {
			t.Fatal(err)
		}
		<-done
		if err != nil || r.Status != lifecycle.Queued || outcome(r)[:strings.Index(outcome(r), " remove")] != "queued: deactivate=done" {
			t.Errorf("the stopped call: %s, %v", outcome(r), err)
		}
		next := s.process(t, s.home)
		if ids, err := next.sweep(t.Context()); err != nil || !slices.Contains(ids, r.Operation.ID) {
			t.Errorf("the next process was given %v, %v", ids, err)
		}
		if op := next.operation(t, r.Operation.ID); op.Status != lifecycle.Succeeded {
			t.Errorf("came out as %s", op.Status)
		}
		if twice := s.tookEffectTwice(); twice != "" {
			t.Errorf("sent again: %s", twice)
		}
	})
}

// TestWhatCantBeResumed: each refusal names the next step, and sends nothing.
func TestWhatCantBeResumed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		id := s.offboarded(t, jane)
		sent := len(s.writes())
		for _, test := range []struct {
			name, id, action string
			code             fault.Code
		}{
			{"resume what is done", id, lifecycle.ActionResume, fault.Conflict},
			{"cancel what is done", id, lifecycle.ActionCancel, fault.Conflict},
			{"approve what waits for nobody", id, lifecycle.ActionApprove, fault.Conflict},
			{"reject what waits for nobody", id, lifecycle.ActionReject, fault.Conflict},
			{"what does not exist", "op-20260101T000000Z-deadbeef", lifecycle.ActionResume, fault.NotFound},
			{"no id at all", "", lifecycle.ActionCancel, fault.NotFound},
			{"what can't be done", id, "explode", fault.InvalidArgument},
		} {
			if _, err := s.service.UpdateOperation(t.Context(), test.id, test.action, ""); !fault.Is(err, test.code) {
				t.Errorf("%s: %v, want %s", test.name, err, test.code)
			}
		}
		if len(s.writes()) != sent {
			t.Errorf("sent %v", s.writes()[sent:])
		}
	})
}
