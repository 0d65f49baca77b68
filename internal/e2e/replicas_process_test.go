package e2e

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

// replica is the program serving Streamable HTTP in a process of its own, with a client of it.
type replica struct {
	*session
	env    map[string]string
	ended  chan struct{} // closed when the process is gone
	err    error         // what the process ended with
	killed bool          // the test ended it
}

// listening is how a replica's log tells its address.
var listening = regexp.MustCompile(`"url":"(http://[^"]+/mcp)"`)

// serving starts a replica with that environment on a free port. What it needs from the environment besides is added.
func serving(t *testing.T, env map[string]string) *replica {
	t.Helper()
	path, err := quickProgram() // many run at once
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{session: &session{log: &written{}, stateDir: env["JIRA_LIFECYCLE_STATE_DIR"]}, env: maps.Clone(env), ended: make(chan struct{})}
	r.env["JIRA_LIFECYCLE_TRANSPORT"], r.env["JIRA_LIFECYCLE_LISTEN"], r.env["JIRA_LIFECYCLE_LOG_FORMAT"] = "http", "127.0.0.1:0", "json"
	r.child = exec.Command(path, "serve")
	r.child.Env, r.child.Stderr = environment(r.env), r.log
	if err := r.child.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.ended)
		r.err = r.child.Wait()
	}()
	t.Cleanup(func() { r.stop(t) })
	var address []string
	until(t, "a replica's address", func() bool {
		select {
		case <-r.ended:
			t.Fatalf("the replica ended: %v\n%s", r.err, r.log)
		default:
		}
		address = listening.FindStringSubmatch(r.log.String())
		return address != nil
	})
	r.join(t, address[1])
	return r
}

// join connects a client.
func (r *replica) join(t *testing.T, url string) {
	t.Helper()
	way, err := transport.NewStreamableHTTP(url, transport.WithHTTPLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	r.Client = client.NewClient(way, client.WithDiscoverTimeout(time.Minute))
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	opening := mcp.InitializeRequest{}
	opening.Params.ClientInfo = mcp.Implementation{Name: "e2e", Version: "1"}
	if _, err := r.Initialize(t.Context(), opening); err != nil {
		t.Fatalf("initialize: %v\n%s", err, r.log)
	}
}

// stop ends the process in good order, unless it is gone already.
func (r *replica) stop(t *testing.T) {
	if r.Client != nil && !r.killed {
		_ = r.Close() // the process ends whether or not its client said goodbye
	}
	_ = r.child.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.ended:
	case <-time.After(time.Minute):
		_ = r.child.Process.Kill()
		<-r.ended
		r.err = errors.Join(r.err, errors.New("it did not end within a minute"))
	}
	if r.err != nil && !r.killed {
		t.Errorf("the replica did not end well: %v\n%s", r.err, r.log)
	}
	if t.Failed() {
		t.Logf("a replica's log:\n%s", r.log)
	}
}

// kill ends the process at once.
func (r *replica) kill(t *testing.T) {
	t.Helper()
	r.killed = true
	if err := r.child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-r.ended
}

// pair is two replicas on one PostgreSQL database, each with a state directory of its own, as on two hosts.
type pair struct {
	*crashSite
	a, b *replica
}

// replicas starts a pair for a site. Settings are given as name and value in turn.
func replicas(t *testing.T, s *site, settingsOfBoth ...string) pair {
	t.Helper()
	url := pgtest.URL(t)
	start := func() *replica {
		env := settings(t, s)
		for i := 0; i < len(settingsOfBoth); i += 2 {
			env[settingsOfBoth[i]] = settingsOfBoth[i+1]
		}
		env["JIRA_LIFECYCLE_DATABASE_URL"] = url
		return serving(t, env)
	}
	p := pair{a: start(), b: start()}
	listeners(t, url, 2)
	p.crashSite = recorded(t, s, p.a.env)
	return p
}

// listeners waits until so many replicas of a database listen for work: one that is stopped before may hold the lock for migrations.
func listeners(t *testing.T, url string, n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	until(t, "replicas that listen", func() bool {
		var now int
		const ask = `SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'listen %'`
		if err := conn.QueryRow(t.Context(), ask).Scan(&now); err != nil {
			t.Fatal(err)
		}
		return now >= n
	})
}

// recorded is a site with a reader of the record that those settings name.
func recorded(t *testing.T, s *site, env map[string]string) *crashSite {
	t.Helper()
	record := journal.New(journal.Options{Dir: env["JIRA_LIFECYCLE_STATE_DIR"], URL: env["JIRA_LIFECYCLE_DATABASE_URL"]})
	t.Cleanup(func() {
		if err := record.Close(); err != nil {
			t.Error(err)
		}
	})
	return &crashSite{site: s, env: env, record: record}
}

// later is the answer of a call that is made in the background.
type later chan answer

// begin calls a tool without waiting for its answer.
func (s *session) begin(t *testing.T, tool string, arguments args) later {
	answers := make(later, 1)
	go func() {
		defer close(answers)
		result, err := s.CallTool(t.Context(), request(tool, arguments))
		if err == nil {
			answers <- read(t, tool, result)
		}
	}()
	return answers
}

// get waits for the answer.
func (l later) get(t *testing.T) answer {
	t.Helper()
	select {
	case got, ok := <-l:
		if !ok {
			t.Fatal("the call has no answer")
		}
		return got
	case <-time.After(time.Minute):
		t.Fatal("no answer within a minute")
	}
	return answer{}
}

// plan asks one session for a plan, and gives the arguments that agree to it.
func (s *session) plan(t *testing.T, tool string, arguments args) args {
	t.Helper()
	plan := s.call(t, tool, arguments)
	plan.wants(t, map[string]any{"status": "confirmation_required"})
	agreed := maps.Clone(arguments)
	agreed["confirm"] = plan.str("confirmation.token")
	return agreed
}

// over waits until an operation has ended, which may take longer than a lease, and gives it from the record.
func (s *crashSite) over(t *testing.T, id string) journal.Operation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	op, err := s.record.Wait(ctx, id)
	if err != nil {
		t.Fatalf("operation %s is still %s: %v", id, op.Status, err)
	}
	return op
}

// events lists what the record has of an operation, oldest first.
func (s *crashSite) events(t *testing.T, id string) []journal.Event {
	t.Helper()
	var list []journal.Event
	err := s.record.Events(t.Context(), journal.ExportFilter{OperationID: id}, func(e journal.Event) error {
		list = append(list, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// wantVerified has the program check the record.
func wantVerified(t *testing.T, env map[string]string) {
	t.Helper()
	path, err := quickProgram()
	if err != nil {
		t.Fatal(err)
	}
	verify := exec.Command(path, "operations", "verify")
	verify.Env = environment(env)
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("operations verify: %v\n%s", err, out)
	}
}
