package journal

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

// lossy passes connections on to a database. While it is armed, it cuts the next connection that commits: the commit arrives, its answer doesn't.
type lossy struct {
	armed atomic.Bool
	cut   atomic.Int64
}

// through gives a database URL whose connections go through l.
func (l *lossy) through(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	server := u.Host
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go l.serve(client, server)
		}
	}()
	u.Host = listener.Addr().String()
	return u.String()
}

func (l *lossy) serve(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	var losing atomic.Bool
	go func() {
		defer server.Close()
		buffer := make([]byte, 1<<16)
		for {
			n, err := client.Read(buffer)
			if err != nil {
				return
			}
			if bytes.Contains(buffer[:n], []byte("\x0bcommit\x00")) && l.armed.CompareAndSwap(true, false) {
				losing.Store(true)
			}
			if _, err := server.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	buffer := make([]byte, 1<<16)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		if losing.Load() {
			l.cut.Add(1)
			return
		}
		if _, err := io.Copy(client, bytes.NewReader(buffer[:n])); err != nil {
			return
		}
	}
}

func TestTheAnswerOfACommitIsLost(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	direct := cluster.TCP(t, cluster.URL(t), pgtest.Password)
	var l lossy
	s := New(Options{Dir: t.TempDir(), URL: l.through(t, direct)})
	defer s.Close()
	begin(t, s, operation())

	l.armed.Store(true)
	lease := begin(t, s, operation()) // it was begun, and that is found out
	if l.cut.Load() != 1 {
		t.Fatal("nothing was lost")
	}
	record(t, lease, Update{Event: "intent", Steps: map[int]Step{0: {Status: StepRunning}}})

	l.armed.Store(true)
	end := Update{Event: "ended", Status: Succeeded, Steps: map[int]Step{0: done}}
	refused(t, lease.Record(t.Context(), end), fault.UpstreamUnavailable, true, "isn't known whether the last change was recorded")
	record(t, lease, end)
	if op := get(t, s, lease.id); op.Status != Succeeded {
		t.Errorf("it is %s", op.Status)
	}
	if got := kinds(t, s, lease.id); len(got) != 3 {
		t.Errorf("recorded twice: %q", got)
	}

	queued := operation(func(o *Operation) { o.Status = Queued })
	add(t, s, queued)
	l.armed.Store(true)
	lease = claim(t, s, queued.ID)
	record(t, lease, Update{Event: "ended", Status: Failed})
	l.armed.Store(true)
	lease, err := s.Reopen(t.Context(), queued.ID, by, nil)
	if err != nil {
		t.Fatal(err)
	}
	record(t, lease, Update{Event: "ended", Status: Succeeded})
	if l.cut.Load() != 4 {
		t.Errorf("%d answers were lost", l.cut.Load())
	}

	waits := operation(func(o *Operation) { o.Status = Queued })
	l.armed.Store(true)
	refused(t, s.Add(t.Context(), []Operation{waits}, &Use{Token: "t", Expires: time.Now()}), fault.UpstreamUnavailable, true, "Look at the operations of this person")
	if op := get(t, s, waits.ID); op.Status != Queued {
		t.Errorf("it is %s", op.Status)
	}
	if v := verify(t, s, ""); v.Problem != nil {
		t.Error(v.Problem)
	}
}
