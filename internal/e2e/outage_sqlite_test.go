//go:build unix

package e2e

import (
	"bufio"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// nobody is who a program runs as where this process is root, whom modes do not stop.
const nobody = 65534

// TestAReadOnlyStateDirectory can't make a plan, since what seals it is kept there. It goes on when the directory can be written, without a restart.
func TestAReadOnlyStateDirectory(t *testing.T) {
	for _, used := range []bool{false, true} {
		t.Run(map[bool]string{false: "fresh", true: "used"}[used], func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			home, err := os.MkdirTemp("", "read-only-") // not below this test's own folder, where nobody gets to
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(home) })
			env, state := settings(t, s), filepath.Join(home, "state")
			env["HOME"], env["XDG_CONFIG_HOME"], env["JIRA_LIFECYCLE_STATE_DIR"] = home, home, state
			if err := errors.Join(os.Chmod(home, 0o755), os.Mkdir(state, 0o700)); err != nil {
				t.Fatal(err)
			}
			if used {
				connect(t, s, with(flat(env)...)).call(t, "offboard_user", args{"user": sam}).wants(t, map[string]any{"status": "confirmation_required"})
			}
			modes(t, state, 0o555, 0o444)
			p := startUnprivileged(t, env)
			p.wire(t, initialize(mcp.ProtocolVersion20251125))
			for range 2 { // what failed once is tried again
				got := p.do(t, toolCall{"offboard_user", args{"user": jane}})
				wantRefused(t, s, got, 0, "internal", "can't be written", state, "--state-dir")
			}
			p.do(t, toolCall{"lookup_user", args{"user": jane}}).wants(t, map[string]any{"code": nil})
			modes(t, state, 0o755, 0o644)
			p.do(t, p.confirmed(t, toolCall{"offboard_user", args{"user": jane}})).wants(t, map[string]any{"status": "succeeded"})
			s.want(t, jane, facts{OnSite: true, InSCIM: true})
			p.end(t)
		})
	}
}

// modes sets the modes of a directory, of the folders in it and of their files, and gives them to nobody where this process is root.
func modes(t *testing.T, dir string, folder, file os.FileMode) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		mode := file
		if err == nil && entry.IsDir() {
			mode = folder
		}
		if os.Geteuid() == 0 {
			err = errors.Join(err, os.Chown(path, nobody, nobody))
		}
		return errors.Join(err, os.Chmod(path, mode))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// startUnprivileged starts the program on stdio as a user whom modes stop.
func startUnprivileged(t *testing.T, env map[string]string) *process {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		return startAt(t, path, env)
	}
	own := filepath.Join(env["HOME"], "program")
	from, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(own, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close()); err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(own), log: &written{}}
	p.Env, p.Stderr, p.Dir = environment(env), p.log, env["HOME"]
	p.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	in, err1 := p.StdinPipe()
	out, err2 := p.StdoutPipe()
	if err := errors.Join(err1, err2, p.Start()); err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	t.Cleanup(func() { _ = p.Process.Kill() }) // it has ended, unless the test failed
	return p
}

// outage is something that keeps a journal in SQLite from being written, for a while.
type outage struct {
	name  string
	site  func(t *testing.T, dir string) // makes the state directory where it has to be a special one
	begin func(t *testing.T, dir string) (end func())
	code  string
	words []string
}

var outages = []outage{
	{name: "locked by another process", begin: lockJournal, code: "upstream_unavailable", words: []string{"locked by another process", "Call again in a moment"}},
	{name: "disk full", site: smallDisk, begin: fillDisk, code: "internal", words: []string{"is full", "Free some space"}},
	{name: "directory moved away", begin: moveAway, code: "internal", words: []string{"journal", "state directory"}},
}

// TestTheJournalFailsBeforeAChange has it fail between a plan and its confirmation: nothing is sent, and the same token works afterwards.
func TestTheJournalFailsBeforeAChange(t *testing.T) {
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c, record := o.session(t, s)
			agreed := c.plan(t, "offboard_user", args{"user": jane})
			end := o.begin(t, c.stateDir)
			wantRefused(t, s, c.call(t, "offboard_user", agreed), 0, o.code, o.words...)
			end()
			c.call(t, "offboard_user", agreed).wants(t, map[string]any{"status": "succeeded"})
			s.want(t, jane, facts{OnSite: true, InSCIM: true})
			record.wantNothingTwice(t)
			record.wantSoundRecord(t)
		})
	}
}

// TestARemovedStateDirectory takes the journal away from a server for good. It changes nothing from then on, also what would be recorded in a file that
// nobody finds again; the next one begins a new journal.
func TestARemovedStateDirectory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c, _ := outage{}.session(t, s)
	agreed := c.plan(t, "offboard_user", args{"user": jane})
	if err := os.RemoveAll(c.stateDir); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		wantRefused(t, s, c.call(t, "offboard_user", agreed), 0, "internal", "The journal in "+c.stateDir, "restart")
	}
	wantRefused(t, s, c.call(t, "provision_user", newcomer), 0, "internal", "The journal in "+c.stateDir) // which needs no agreement
	wantRefused(t, s, c.call(t, "list_operations", args{}), 0, "internal", "The journal in "+c.stateDir)

	next := connect(t, s, over("stdio"), with("JIRA_LIFECYCLE_STATE_DIR", c.stateDir))
	next.call(t, "offboard_user", agreed).wants(t, map[string]any{"code": "confirmation_invalid"}) // sealed with a key that is gone
	next.change(t, "offboard_user", args{"user": jane}).wants(t, map[string]any{"status": "succeeded"})
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
}

// inTheMiddle has it fail while the first write is under way: no other one is sent, the caller is told, and the operation is brought to its end when the
// journal can be written again.
func (o outage) inTheMiddle(t *testing.T) {
	s := newSite(t)
	c, record := o.session(t, s)
	agreed := c.plan(t, "offboard_user", args{"user": jane})
	s.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Method: http.MethodPatch, Path: scimUserPath, Stage: sandbox.StageDuring, Times: 1})
	t.Cleanup(func() { s.ReleaseAll(true) })
	answered := c.begin(t, "offboard_user", agreed)
	s.held(t)
	id := record.operations(t)[0].ID
	end := o.begin(t, c.stateDir)
	s.ReleaseAll(true)
	wantRefused(t, s, answered.get(t), 1, o.code, append(o.words[:1:1], id, "broken off", "taken up again by itself")...)
	end()
	record.wantSucceeded(t, record.over(t, id))
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
	record.wantNothingTwice(t)
	record.wantSoundRecord(t)
}

// session is a program on stdio that the outage can befall.
func (o outage) session(t *testing.T, s *site) (*session, *crashSite) {
	t.Helper()
	state := filepath.Join(t.TempDir(), "state")
	if o.site != nil {
		o.site(t, state)
	}
	c := connect(t, s, over("stdio"), with("JIRA_LIFECYCLE_STATE_DIR", state, "JIRA_LIFECYCLE_WAIT", "5m"))
	return c, recorded(t, s, map[string]string{"JIRA_LIFECYCLE_STATE_DIR": state})
}

// lockJournal has the journal written by somebody who does not finish.
func lockJournal(t *testing.T, dir string) func() {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "journal.db")+"?_txlock=exclusive&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}

// fillDisk writes until nothing more can be written.
func fillDisk(t *testing.T, dir string) func() {
	t.Helper()
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); ; {
		if _, err := f.Write(block); err == nil {
			continue
		} else if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		if len(block) == 1 {
			break
		}
		block = block[:len(block)/2]
	}
	return func() {
		if err := os.Remove(ballast); err != nil {
			t.Error(err)
		}
	}
}

// smallDisk mounts a file system of two megabytes.
func smallDisk(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a disk can't be mounted here, so this test is left out: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
}

// moveAway renames the state directory, as somebody does who cleans up, and puts it back.
func moveAway(t *testing.T, dir string) func() {
	t.Helper()
	if err := os.Rename(dir, dir+"-moved"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(os.RemoveAll(dir), os.Rename(dir+"-moved", dir)); err != nil {
			t.Error(err)
		}
	}
}
