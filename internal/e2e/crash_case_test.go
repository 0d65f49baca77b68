package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// crash is a way to die: by SIGKILL, while a request of an operation is held at a stage.
type crash struct {
	request int              // the how-manieth it was when nothing disturbed the operation, from 1
	write   *sandbox.Request // the request, where it is a write
	stage   string
	// late has the held request take effect when its sender is dead already. Otherwise what had not taken effect by then never does.
	late bool
}

func (c crash) String() string {
	what := "read"
	if c.write != nil {
		what = "write"
	}
	if c.late {
		what += " that arrives late"
	}
	return fmt.Sprintf("%s request %d, a %s", c.stage, c.request, what)
}

// rule holds the request. A write is known by what it is, also when reads before it are more or fewer than they were undisturbed.
func (c crash) rule() sandbox.Fault {
	hold := sandbox.Fault{Kind: sandbox.FaultHold, Stage: c.stage, Times: 1, Freeze: true}
	if c.write == nil {
		hold.Skip = c.request - 1
		return hold
	}
	hold.Method, hold.Path, hold.Query = c.write.Method, c.write.Path+"$", c.write.Query
	return hold
}

// crashSite is a site, a state directory and a record that one case has for itself.
type crashSite struct {
	*site
	env    map[string]string
	record *journal.Store // read beside the processes that write it
}

func newCrashSite(t *testing.T, sc scenario) *crashSite {
	t.Helper()
	s := newSite(t, func(o *sandbox.Options) { o.Lag = sc.lag })
	env := settings(t, s)
	env["JIRA_LIFECYCLE_VERIFY_TIMEOUT"] = (time.Second + 3*sc.lag).String()
	if sc.shared {
		env["JIRA_LIFECYCLE_DATABASE_URL"] = pgtest.URL(t)
	}
	record := journal.New(journal.Options{Dir: env["JIRA_LIFECYCLE_STATE_DIR"], URL: env["JIRA_LIFECYCLE_DATABASE_URL"]})
	t.Cleanup(func() {
		if err := record.Close(); err != nil {
			t.Error(err)
		}
	})
	return &crashSite{site: s, env: env, record: record}
}

// start starts a process.
func (s *crashSite) start(t *testing.T) *process {
	t.Helper()
	path, err := quickProgram()
	if err != nil {
		t.Fatal(err)
	}
	return startAt(t, path, s.env)
}

// open starts a process and connects to it.
func (s *crashSite) open(t *testing.T) *process {
	t.Helper()
	p := s.start(t)
	p.wire(t, initialize(mcp.ProtocolVersion20251125))
	return p
}

// control asks the sandbox's control endpoints, over a connection that is made now: what was sent before arrives before.
func (s *crashSite) control(t *testing.T, method, what string, body any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+"/_sandbox/"+what, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s", method, what, response.Status)
	}
}

// operations lists what is on record, the people of batches left out, newest first.
func (s *crashSite) operations(t *testing.T) []journal.Operation {
	t.Helper()
	if !s.record.Exists() {
		return nil
	}
	page, err := s.record.List(t.Context(), journal.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return page.Operations
}

// rehearsal is how an operation goes when nothing disturbs it.
type rehearsal struct {
	requests   []sandbox.Request // of the call that begins it
	firstWrite int               // the how-manieth request, from 1
	end        state
}

// rehearse runs a scenario undisturbed.
func rehearse(t *testing.T, sc scenario) rehearsal {
	t.Helper()
	s := newCrashSite(t, sc)
	p := s.open(t)
	call := sc.prepare(t, p)
	s.control(t, http.MethodDelete, "requests", nil)
	done := p.do(t, call)
	done.wants(t, map[string]any{"status": "succeeded"})
	r := rehearsal{requests: s.Requests(), end: sorted(s.state(t))}
	r.firstWrite = 1 + slices.IndexFunc(r.requests, func(r sandbox.Request) bool { return r.TookEffect })
	if r.firstWrite == 0 {
		t.Fatalf("nothing was written by %v", call)
	}
	s.wantNothingTwice(t)
	p.end(t)
	return r
}

// run kills the process that runs a scenario, starts another on the same state, leaves it alone, and checks what became of the operation.
func (c crash) run(t *testing.T, sc scenario, undisturbed rehearsal) {
	s := newCrashSite(t, sc)
	call, before := s.killed(t, sc, c)
	operations := s.operations(t)
	if len(operations) == before {
		s.notBegun(t, call, c, undisturbed)
		return
	}
	id := operations[0].ID
	if len(operations) != before+1 {
		t.Fatalf("%d operations on record, want %d", len(operations), before+1)
	}

	next := s.start(t) // and nobody calls anything
	op := s.ended(t, next, id)
	if diff := cmp.Diff(undisturbed.end, sorted(s.state(t))); diff != "" {
		t.Errorf("the site at the end (-undisturbed +got):\n%s", diff)
	}
	s.wantNothingTwice(t)
	s.wantSucceeded(t, op)
	s.wantSoundRecord(t)

	next.wire(t, initialize(mcp.ProtocolVersion20251125))
	list := next.do(t, toolCall{"list_operations", args{}})
	if ids := list.all("operations", "operation_id"); !slices.Contains(ids, id) || len(ids) != before+1 {
		t.Errorf("list_operations names %v, want %s and those from before", ids, id)
	}
	next.do(t, toolCall{"get_operation", args{"operation_id": id}}).wants(t, map[string]any{"operation.status": "succeeded"})
	next.end(t)
	if t.Failed() {
		t.Logf("the log of the process that took over:\n%s", next.log)
	}
}

// killed runs a scenario up to its crash, and gives the call that was cut off, and how many operations were on record before it.
func (s *crashSite) killed(t *testing.T, sc scenario, c crash) (call toolCall, before int) {
	t.Helper()
	p := s.open(t)
	call = sc.prepare(t, p)
	before = len(s.operations(t))
	s.control(t, http.MethodDelete, "requests", nil)
	s.fault(t, c.rule())
	p.send(t, call.message())
	answered := make(chan error, 1)
	go func() {
		_, err := p.out.ReadBytes('\n') // ends with the process
		answered <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	held := make(chan error, 1)
	go func() {
		_, err := s.NextHold(ctx)
		held <- err
	}()
	var err error
	answeredAlready := false
	select {
	case err = <-held:
	case err = <-answered:
		// Reading back may take fewer requests than it took undisturbed. Then the process dies after the last.
		answeredAlready = true
		if c.write != nil {
			err = errors.Join(err, fmt.Errorf("the operation ended without the write that was to be held: %+v, requests %+v", c.rule(), s.Requests()))
		}
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if !answeredAlready {
		<-answered
	}
	_ = p.Wait() // it says that it was killed
	s.ClearFaults()
	s.control(t, http.MethodPost, "holds/release", map[string]any{"execute": c.late})
	if c.late {
		until(t, "the end of what was sent", func() bool { return s.idle(t) })
	}
	return call, before
}

// notBegun checks a crash that came before the operation was on record: then nothing was written, and the same call does all of it.
func (s *crashSite) notBegun(t *testing.T, call toolCall, c crash, undisturbed rehearsal) {
	t.Helper()
	if writes := s.tookEffect(); len(writes) != 0 {
		t.Fatalf("there are writes of an operation that is not on record: %v", writes)
	}
	if c.write != nil || c.request > undisturbed.firstWrite {
		t.Fatalf("the operation is not on record, although its first write is request %d", undisturbed.firstWrite)
	}
	p := s.open(t)
	p.do(t, call).wants(t, map[string]any{"status": "succeeded"})
	if diff := cmp.Diff(undisturbed.end, sorted(s.state(t))); diff != "" {
		t.Errorf("the site after a second call (-undisturbed +got):\n%s", diff)
	}
	s.wantNothingTwice(t)
	p.end(t)
}

// ended waits until an operation is over, without asking the process that runs it.
func (s *crashSite) ended(t *testing.T, p *process, id string) journal.Operation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	op, err := s.record.Wait(ctx, id)
	if err != nil {
		t.Fatalf("operation %s is still %s: %v %+v\n%s", id, op.Status, err, op.Steps, p.log)
	}
	return op
}

// wantSucceeded checks that each step of an operation, or of a batch's people, is done and was seen to be.
func (s *crashSite) wantSucceeded(t *testing.T, op journal.Operation) {
	t.Helper()
	if op.Status != journal.Succeeded || len(op.Problem) != 0 {
		t.Errorf("operation %s is %s %s", op.ID, op.Status, op.Problem)
	}
	for _, step := range op.Steps {
		if step.Status != journal.StepDone && step.Status != journal.StepAlready {
			t.Errorf("step %s %s is %s: %s", step.Action, step.Target, step.Status, step.Detail)
		}
	}
	people, err := s.record.List(t.Context(), journal.Filter{Parent: op.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range people.Operations {
		child, err := s.record.Get(t.Context(), child.ID)
		if err != nil {
			t.Fatal(err)
		}
		s.wantSucceeded(t, child)
	}
}

// wantSoundRecord checks the chain of records.
func (s *crashSite) wantSoundRecord(t *testing.T) {
	t.Helper()
	found, err := s.record.Verify(t.Context(), "")
	if err != nil || found.Problem != nil {
		t.Errorf("the record: %v %v", found.Problem, err)
	}
}

// tookEffect lists the writes that took effect since the requests were cleared.
func (s *crashSite) tookEffect() []sandbox.Request {
	return slices.DeleteFunc(s.Requests(), func(r sandbox.Request) bool { return !r.TookEffect })
}

// wantNothingTwice checks that no write was sent again after it took effect.
func (s *crashSite) wantNothingTwice(t *testing.T) {
	t.Helper()
	effective := map[string]int{}
	for i, r := range s.Requests() {
		if sandbox.Reads(r.Method, r.Path) {
			continue
		}
		write := strings.Join([]string{r.Method, r.Path, r.Query, r.Body}, " ")
		if first, ok := effective[write]; ok {
			t.Errorf("request %d repeats request %d, which took effect: %s", i+1, first, write)
		}
		if r.TookEffect {
			effective[write] = i + 1
		}
	}
}

// sorted gives a state in an order that does not depend on what happened when.
func sorted(s state) state {
	for _, g := range s.Jira.Groups {
		slices.Sort(g.Members)
	}
	for _, g := range s.SCIM.Groups {
		slices.Sort(g.Members)
	}
	slices.SortFunc(s.SCIM.Users, func(a, b struct {
		ID, UserName, AccountID string
		Active                  bool
	},
	) int {
		return strings.Compare(a.ID, b.ID)
	})
	return s
}

// plainAnswer reads a result without holding it against schemas.
func plainAnswer(t *testing.T, tool string, raw []byte) answer {
	t.Helper()
	var result struct {
		Content []struct{ Text string }
		Fields  any `json:"structuredContent"`
		IsError bool
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&result); err != nil {
		t.Fatal(err)
	}
	a := answer{tool: tool, fields: result.Fields, isError: result.IsError}
	for _, part := range result.Content {
		a.text += part.Text
	}
	return a
}
