package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// watchSite is a site whose events are watched by the program.
type watchSite struct {
	*site
	t    *testing.T
	dir  string
	from time.Time
}

func newWatchSite(t *testing.T) watchSite {
	s := watchSite{newSite(t, func(o *sandbox.Options) { o.Organization.NoMinuteLimits = true }), t, t.TempDir(), time.Now()}
	for !time.Now().After(s.from.Add(time.Millisecond)) { // events of the site's making are of another millisecond
	}
	return s
}

// watch is the program as it watches.
func (s watchSite) watch(args ...string) *exec.Cmd {
	s.t.Helper()
	path, err := quickProgram()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"events", "watch", "--from=" + s.from.UTC().Format(time.RFC3339Nano), "--events-interval=100ms"}, args...)...)
	cmd.Dir, cmd.Stderr = s.dir, os.Stderr
	cmd.Env = []string{"HOME=" + s.dir, "PATH=" + os.Getenv("PATH"), "JIRA_LIFECYCLE_STATE_DIR=" + filepath.Join(s.dir, "state")}
	for name, value := range s.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// move puts somebody into a group of the organization, or takes them out again.
func (s watchSite) move(in bool) {
	s.t.Helper()
	url := s.env["ATLASSIAN_API_URL"] + "/admin/v2/orgs/" + sandbox.OrgID + "/directories/" + sandbox.LocalID + "/groups/" + s.GroupID("release-managers", false) + "/memberships"
	method, body := http.MethodPost, `{"accountId":"`+s.AccountID(sam)+`"}`
	if !in {
		method, body, url = http.MethodDelete, "", url+"/"+s.AccountID(sam)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.env["ATLASSIAN_ORG_API_KEY"])
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s", method, url, res.Status)
	}
}

// happened are the ids of what happened since the beginning, in the order of the stream.
func (s watchSite) happened() []string {
	s.t.Helper()
	out, err := s.watch("--once", "--cursor-file=truth").Output()
	if err != nil {
		s.t.Fatal(err)
	}
	return eventIDs(s.t, out)
}

func eventIDs(t *testing.T, raw []byte) []string {
	t.Helper()
	list := []string{}
	for line := range bytes.Lines(raw) {
		var e struct{ ID, Action string }
		if err := json.Unmarshal(line, &e); err != nil || e.ID == "" || e.Action == "" {
			t.Fatalf("not an event: %q", line)
		}
		list = append(list, e.ID)
	}
	return list
}

// TestAWatchThatIsKilledNeitherLosesNorRepeatsAnEvent kills the program at moments that chance decides, while things happen.
func TestAWatchThatIsKilledNeitherLosesNorRepeatsAnEvent(t *testing.T) {
	t.Parallel()
	s := newWatchSite(t)
	in := false
	for range 8 {
		cmd := s.watch("--out=events.jsonl")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		killed := make(chan struct{})
		time.AfterFunc(time.Duration(rand.IntN(150))*time.Millisecond, func() {
			_ = cmd.Process.Kill() // its end is waited for below
			close(killed)
		})
		for alive := true; alive; {
			select {
			case <-killed:
				alive = false
			default:
				in = !in
				s.move(in)
			}
		}
		_ = cmd.Wait() // killed
	}
	if out, err := s.watch("--out=events.jsonl", "--once").Output(); err != nil || len(out) > 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	raw, err := os.ReadFile(filepath.Join(s.dir, "events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	got, want := eventIDs(t, raw), s.happened()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of %d events (-happened +written):\n%s", len(want), diff)
	}
}

// TestAWatchOnAPipeEndsWell when it is interrupted, and when its reader goes away.
func TestAWatchOnAPipeEndsWell(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s watchSite, cmd *exec.Cmd, out io.ReadCloser) error{
		"interrupted": func(_ watchSite, cmd *exec.Cmd, _ io.ReadCloser) error { return cmd.Process.Signal(os.Interrupt) },
		"terminated":  func(_ watchSite, cmd *exec.Cmd, _ io.ReadCloser) error { return cmd.Process.Signal(syscall.SIGTERM) },
		"the reader goes away": func(s watchSite, _ *exec.Cmd, out io.ReadCloser) error {
			err := out.Close()
			s.move(false)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWatchSite(t)
			s.move(true)
			cmd := s.watch()
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			first, err := bufio.NewReader(out).ReadBytes('\n')
			if err != nil || len(eventIDs(t, first)) != 1 {
				t.Fatalf("%q, %v", first, err)
			}
			if err := end(s, cmd, out); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("it ended with %v", err)
			}
			// The next process goes on with what that one did not write.
			rest, err := s.watch("--once").Output()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(s.happened(), append(eventIDs(t, first), eventIDs(t, rest)...)); diff != "" {
				t.Errorf("(-happened +written):\n%s", diff)
			}
		})
	}
}
