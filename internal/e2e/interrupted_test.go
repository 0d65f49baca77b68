package e2e

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// until waits for something that happens soon, and fails the test when it does not.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 seconds", what)
		}
		<-tick.C
	}
}

// slow makes each request take a while, so that an operation is under way when it has begun.
func slow(o *sandbox.Options) { o.Latency = 150 * time.Millisecond }

// firstStep waits until the site has executed the first step of jane's offboarding, which takes her access.
func (s *site) firstStep(t *testing.T) {
	t.Helper()
	until(t, "the first step", func() bool {
		return slices.ContainsFunc(s.writes(), func(r sandbox.Request) bool { return r.Status == http.StatusOK })
	})
}

// TestAClientThatLeavesDoesNotCutAnOperation closes the program's stdin, as a desktop client does when it quits: the operation goes on to its end,
// and its answer is written, before the process ends.
func TestAClientThatLeavesDoesNotCutAnOperation(t *testing.T) {
	t.Parallel()
	s := newSite(t, slow)
	p := start(t, settings(t, s))
	p.wire(t, initialize(mcp.ProtocolVersion20251125))
	call := func(id int, arguments args) map[string]any {
		return message(id, "tools/call", map[string]any{"name": "offboard_user", "arguments": arguments})
	}
	plan := readAnswer(t, "offboard_user", p.wire(t, call(2, args{"user": jane})))
	p.send(t, call(3, args{"user": jane, "confirm": plan.str("confirmation.token")}))
	s.firstStep(t)
	if s.facts(t, jane).Groups == nil {
		t.Fatal("the operation was over before the client left: the test proves nothing")
	}
	last := p.end(t)
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
	done := readAnswer(t, "offboard_user", readResult(t, []byte(last)))
	done.wants(t, map[string]any{"status": "succeeded"})
	s.wroteOnce(t, 0, done)
}

// TestAKilledProcessLeavesWhatIsGoneOnWith kills the program in mid-operation. The next one on the same state brings it to its end without being
// asked, and nothing is done twice.
func TestAKilledProcessLeavesWhatIsGoneOnWith(t *testing.T) {
	t.Parallel()
	s := newSite(t, slow)
	sameState := with("JIRA_LIFECYCLE_STATE_DIR", t.TempDir())
	first := connect(t, s, over("stdio"), sameState, func(su *setup) { su.killed = true })
	token := first.call(t, "offboard_user", args{"user": jane}).str("confirmation.token")
	plan := first.call(t, "offboard_user", args{"user": jane})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// No answer will come.
		_, _ = first.CallTool(t.Context(), request("offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")}))
	}()
	s.firstStep(t)
	if err := first.child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended

	next := connect(t, s, over("stdio"), sameState)
	known := next.call(t, "list_operations", args{"person": jane})
	known.wants(t, map[string]any{"operations.#": 1, "operations.0.kind": "offboard_user"})
	if status := known.str("operations.0.status"); status != "running" && status != "queued" {
		t.Fatalf("the operation was over when the process was killed (%s): the test proves nothing", status)
	}
	// Meanwhile nobody begins the same once more, and a token that was not used is of no use when all is done.
	next.call(t, "offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")}).wants(t, map[string]any{"code": "confirmation_invalid"})
	done := next.becomes(t, known.str("operations.0.operation_id"), "succeeded")
	for i, status := range done.all("operation.steps", "status") {
		if status != "done" {
			t.Errorf("step %d is %s\n%s", i+1, status, done.text)
		}
	}
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
	next.call(t, "offboard_user", args{"user": jane, "confirm": token}).wants(t, map[string]any{"status": "succeeded", "operation": nil})
	s.didOnce(t)
}

// didOnce checks that no request that changed something was executed twice.
func (s *site) didOnce(t *testing.T) {
	t.Helper()
	seen := map[string]int{}
	for _, r := range s.writes() {
		if r.Status >= 200 && r.Status < 300 {
			key := r.Method + " " + r.Path + "?" + r.Query + " " + r.Body
			if seen[key]++; seen[key] > 1 {
				t.Errorf("executed twice: %s", key)
			}
		}
	}
}

// TestOneTokenWorksOnce has eight callers confirm one plan at the same moment.
func TestOneTokenWorksOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	confirm := args{"user": jane}
	confirm["confirm"] = c.call(t, "offboard_user", args{"user": jane}).str("confirmation.token")
	var mu sync.Mutex
	outcomes := map[string]int{}
	var done answer
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got := c.call(t, "offboard_user", confirm)
			mu.Lock()
			defer mu.Unlock()
			if got.isError {
				outcomes[got.str("code")]++
				return
			}
			outcomes[got.str("status")]++
			done = got
		})
	}
	all.Wait()
	// One that came late finds the plan changed, or the person busy, since the first is at work already.
	if outcomes["succeeded"] != 1 || outcomes["succeeded"]+outcomes["confirmation_invalid"]+outcomes["plan_changed"]+outcomes["conflict"] != 8 {
		t.Errorf("outcomes %v", outcomes)
	}
	s.wroteOnce(t, 0, done)
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
}

// TestATokenIsItsCallers takes a token from one way in to another: whoever reaches the address is not who owns the process.
func TestATokenIsItsCallers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.changesNothing(t)
	sameState := with("JIRA_LIFECYCLE_STATE_DIR", t.TempDir())
	inside, outside := connect(t, s, over("stdio"), sameState), connect(t, s, over("http"), sameState)
	for from, to := range map[*session]*session{inside: outside, outside: inside} {
		token := from.call(t, "offboard_user", args{"user": jane}).str("confirmation.token")
		got := to.call(t, "offboard_user", args{"user": jane, "confirm": token})
		got.wants(t, map[string]any{"code": "confirmation_invalid"})
		got.says(t, "another caller")
	}
}

// TestAuditOverTheProtocol follows an audit by its progress, and ends one in the middle.
func TestAuditOverTheProtocol(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(o *sandbox.Options) { o.Users, o.Groups, o.Latency = 2000, 60, 100*time.Millisecond })
			c := connect(t, s, over(transport))
			progress := c.progress(t)
			watched := request("audit_active_users", args{"limit": 1})
			watched.Params.Meta = &mcp.Meta{ProgressToken: "audit-1"}
			result, err := c.CallTool(t.Context(), watched)
			if err != nil {
				t.Fatal(err)
			}
			read(t, "audit_active_users", result).wants(t, map[string]any{"counts.total": len(s.state(t).Jira.Users)})
			reports := progress()
			if len(reports) < 2 || !slices.IsSorted(reports) {
				t.Errorf("progress %v, want reports that grow", reports)
			}

			if transport == "sse" {
				return // the library's client has no way to cancel a call there
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			before := len(s.Requests())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = c.CallTool(ctx, request("audit_active_users", args{})) // the client itself gives up
			}()
			until(t, "the second page", func() bool { return len(s.Requests()) > before+2 })
			cancel()
			<-ended
			until(t, "the end of the audit", func() bool { return strings.Contains(c.log.String(), `"outcome":"cancelled"`) })
			if after := s.Requests()[before:]; len(after) > 60 {
				t.Errorf("%d requests: a cancelled audit went on", len(after))
			}
			folders, err := filepath.Glob(filepath.Join(c.stateDir, "reports", "*audit-*"))
			if err != nil || len(folders) != 1 {
				t.Errorf("reports: %v, want the finished one alone", folders)
			}
		})
	}
}

// progress collects the progress of the calls that follow, and gives it once they are over. Reports come beside answers, so that the last may
// be late; what was collected by then is given.
func (s *session) progress(t *testing.T) func() []float64 {
	t.Helper()
	var mu sync.Mutex
	var reports []float64
	s.OnNotification(func(n mcp.JSONRPCNotification) {
		if done, ok := n.Params.AdditionalFields["progress"].(float64); ok && n.Method == "notifications/progress" {
			mu.Lock()
			defer mu.Unlock()
			reports = append(reports, done)
		}
	})
	return func() []float64 {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(reports)
	}
}
