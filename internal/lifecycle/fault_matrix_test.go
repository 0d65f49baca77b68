package lifecycle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// kinds of faults, each with what has to become of the step that it strikes: done, or not done and told so.
var faultKinds = []struct {
	name  string
	fault sandbox.Fault
	// done tells whether the change has to be made in the end.
	done func(write) bool
	// unsure tells whether the answer may say that it does not know.
	unsure func(write) bool
	// strikes tells whether the fault is one of this request; nil is any.
	strikes func(write) bool
}{
	{name: "429 of one endpoint", fault: sandbox.Fault{Kind: sandbox.FaultRateLimit, RetryAfter: "0", Reason: "jira-burst-based"}, done: always, unsure: never},
	{name: "429 of the whole site", fault: sandbox.Fault{Kind: sandbox.FaultRateLimit, RetryAfter: "1", Reason: "jira-quota-tenant-based"}, done: always, unsure: never},
	{name: "503 with Retry-After", fault: sandbox.Fault{Kind: sandbox.FaultUnavailable, RetryAfter: "0"}, done: always, unsure: never},
	{name: "503 without Retry-After", fault: sandbox.Fault{Kind: sandbox.FaultUnavailable}, done: write.repeatable, unsure: not(write.repeatable)},
	{name: "502", fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 502}, done: write.repeatable, unsure: not(write.repeatable)},
	{name: "500", fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500}, done: never, unsure: always},
	{name: "400", fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 400}, done: never, unsure: never},
	{name: "401", fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 401}, done: never, unsure: never},
	{name: "403", fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403}, done: never, unsure: never},
	{name: "404", fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 404}, done: never, unsure: never},
	// SCIM's 409 to a create means that it is there already, which reads may not show yet.
	{name: "409", fault: sandbox.Fault{Kind: sandbox.FaultStatus, Status: 409}, done: never, unsure: is(createUser, createSCIMGroup)},
	{name: "a reset before the effect", fault: sandbox.Fault{Kind: sandbox.FaultResetBefore}, done: write.repeatable, unsure: not(write.repeatable)},
	{name: "a reset after the effect", fault: sandbox.Fault{Kind: sandbox.FaultResetAfter}, done: always, unsure: never},
	{name: "half a JSON", fault: sandbox.Fault{Kind: sandbox.FaultCutJSON}, done: always, unsure: never},
	{name: "half a body", fault: sandbox.Fault{Kind: sandbox.FaultCutBody}, done: always, unsure: never},
	{name: "an HTML page", fault: sandbox.Fault{Kind: sandbox.FaultHTML}, done: never, unsure: always},
	{name: "another JSON, and long", fault: sandbox.Fault{Kind: sandbox.FaultBigBody, MB: 1}, done: never, unsure: always},
	{name: "a slow body", fault: sandbox.Fault{Kind: sandbox.FaultSlowBody, DelayMS: 3000}, done: always, unsure: never},
	{name: "a late effect", fault: sandbox.Fault{Kind: sandbox.FaultDelay, DelayMS: 9000}, done: always, unsure: never},
	{name: "a limit that is near", fault: sandbox.Fault{Kind: sandbox.FaultNearLimit}, done: always, unsure: never},
	{name: "an effect after the client has given up", fault: sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageBefore, DelayMS: 120_000}, done: write.repeatable, unsure: not(write.repeatable)},
	{name: "an answer after the client has given up", fault: sandbox.Fault{Kind: sandbox.FaultHold, Stage: sandbox.StageDuring, DelayMS: 120_000}, done: always, unsure: never},
	{name: "a failure that is none", fault: sandbox.Fault{Kind: sandbox.FaultInviteQuirk}, done: always, unsure: never, strikes: is(inviteUser)},
	{name: "an account id that comes late", fault: sandbox.Fault{Kind: sandbox.FaultSCIMAccountLate, DelayMS: 300}, done: always, unsure: never, strikes: is(createUser)},
}

func always(write) bool { return true }
func never(write) bool  { return false }
func is(some ...write) func(write) bool {
	return func(w write) bool { return slices.Contains(some, w) }
}

func not(f func(write) bool) func(write) bool {
	return func(w write) bool { return !f(w) }
}

// String is how a write is called in the name of a test.
func (w write) String() string {
	return w.method + " " + strings.TrimSuffix(strings.NewReplacer("/rest/api/3", "", "/scim/directory/{d}", "scim").Replace(w.path), "$")
}

// raceShare is which part of the matrices runs under the race detector. It has no divisor in common with the number of faults, so that every fault and
// every write has its turn.
const raceShare = 5

// TestFaultMatrix strikes each write of each tool with each fault. Whatever happens, what the answer says and what the sandbox holds agree, and
// no write that took effect is sent again. Time is the test's own, but in one case that goes over the network.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	turn := 0
	for _, act := range acts() {
		for _, w := range act.writes {
			for _, kind := range faultKinds {
				if kind.strikes != nil && !kind.strikes(w) {
					continue
				}
				if turn++; underRace && turn%raceShare != 0 { // the whole matrix is for the run without the detector
					continue
				}
				strike := func(t tester, s *site) {
					struck := kind.fault
					struck.Method, struck.Path, struck.Times = w.method, w.path, 1
					var before int
					var was truth
					id, answer, err := act.run(t, s, func() { s.fault(t, struck); before, was = len(s.writes()), s.truth(t, act.who) })
					if err != nil {
						t.Fatalf("the call failed as a whole: %v", err)
					}
					if !slices.ContainsFunc(s.writes()[before:], func(r sandbox.Request) bool { return r.Fault == struck.Kind || struck.Kind == sandbox.FaultHold }) {
						t.Fatal("the fault never struck: the test proves nothing")
					}
					s.ClearFaults()
					if answer != nil && answer.Status == lifecycle.Running { // the call did not wait for so long
						if _, err := s.first.store.Wait(t.Context(), id); err != nil {
							t.Fatal(err)
						}
						answer = nil
					}
					if twice := s.tookEffectTwice(before); twice != "" {
						t.Errorf("a write that took effect was sent again: %s", twice)
					}
					op := s.first.operation(t, id)
					ops := s.first.people(t, id, act.who)
					if answer != nil && len(op.Steps) > 0 {
						if lie := differs(*answer, op); lie != "" {
							t.Error(lie)
						}
					}
					for who, op := range ops {
						if who != act.who {
							was = truth{}
						}
						for _, lie := range lies(t, op, was, s.truth(t, who)) {
							t.Error(lie)
						}
					}
					// A write whose answer is not looked into takes any page for an acceptance.
					blind := w != ownDashboards && slices.Contains([]string{sandbox.FaultHTML, sandbox.FaultBigBody}, kind.fault.Kind)
					done := kind.done(w) || w.looksAgain() && kind.unsure(w) && !blind
					switch {
					case done && op.Status != lifecycle.Succeeded:
						t.Errorf("%s, want succeeded\n%s", op.Status, sketches(ops))
					case !done && op.Status == lifecycle.Succeeded:
						t.Errorf("told as a success\n%s", sketches(ops))
					case !done && !kind.unsure(w) && !hasStatus(ops, lifecycle.StepFailed):
						t.Errorf("no step is told as failed\n%s", sketches(ops))
					case kind.unsure(w) && !done && !hasStatus(ops, lifecycle.StepUnknown):
						t.Errorf("no step is told as unknown\n%s", sketches(ops))
					}
				}
				t.Run(fmt.Sprintf("%s/%s/%s", act.name, w, kind.name), func(t *testing.T) {
					t.Parallel()
					if act.name == "reactivate" && kind.fault.Kind != sandbox.FaultHold {
						strike(t, newSite(t, func(o *options) { o.patience, o.network = 50*time.Millisecond, true }))
						return
					}
					synctest.Test(t, func(t *testing.T) { strike(t, newSite(t, act.site...)) })
				})
			}
		}
	}
}

// sketches renders operations, a line a step.
func sketches(ops map[string]journal.Operation) string {
	var b strings.Builder
	for who, op := range ops {
		fmt.Fprintf(&b, "%s: %s\n", who, op.Status)
		for _, s := range op.Steps {
			fmt.Fprintf(&b, "  %s %s: %s: %s\n", s.Action, s.Target, s.Status, s.Detail)
		}
	}
	return b.String()
}
