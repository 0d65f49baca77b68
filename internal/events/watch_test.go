package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// killed is how a process dies in these tests.
type killed struct{}

// mortal is an output whose process dies at a moment: before, in the middle of, or after a write, or around a flush.
type mortal struct {
	output
	file  *os.File // for half a line; nil = never
	after *int     // moments that are left
}

func (m mortal) moment() {
	if *m.after--; *m.after < 0 {
		panic(killed{})
	}
}

func (m mortal) write(e Event) error {
	m.moment()
	if m.file != nil && *m.after == 0 {
		raw, _ := lineOf(e)
		_, _ = m.file.Write(raw[:len(raw)/2])
		panic(killed{})
	}
	if err := m.output.write(e); err != nil {
		return err
	}
	m.moment()
	return nil
}

func (m mortal) flush() (int64, error) {
	m.moment()
	size, err := m.output.flush()
	m.moment()
	return size, err
}

// life runs a watch until there is nothing more, or until it is killed after so many moments. It tells which.
func life(t require, w Watch, store string, out output, half *os.File, moments int) (died bool) {
	s, err := OpenStore(store, "test")
	if err != nil {
		t.Fatalf("%v", err)
	}
	w.Store, w.Once, w.Interval, w.Slog = s, true, time.Millisecond, slog.New(slog.DiscardHandler)
	defer func() {
		_ = out.Close()
		if err := s.Close(); err != nil {
			t.Fatalf("%v", err)
		}
		switch r := recover(); r.(type) {
		case nil:
		case killed:
			died = true
		default:
			panic(r)
		}
	}()
	if err := w.run(context.Background(), mortal{out, half, &moments}); err != nil {
		t.Fatalf("%v", err)
	}
	return false
}

// require is what testing.T and rapid.T have in common.
type require interface{ Fatalf(string, ...any) }

func lines(t require, raw []byte) (list []Event) {
	for line := range bytes.Lines(raw) {
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("not a line of JSON: %q", line)
		}
		list = append(list, e)
	}
	return list
}

const forever = 1 << 30

// TestARestartNeitherLosesNorRepeatsAnEvent is the promise of a watch with a file: whenever its process dies, whatever happens meanwhile, and also when the
// service forgets its cursor.
func TestARestartNeitherLosesNorRepeatsAnEvent(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "watch-")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		for at := time.Now(); time.Since(at) < time.Millisecond; { // what happened before is of another millisecond
		}
		from := time.Now()
		log := s.log()
		log.perPage = rapid.SampledFrom([]int{2, 3, 500}).Draw(t, "entries of a page")
		w := Watch{Log: log, From: from}
		store, path := filepath.Join(dir, "cursor"), filepath.Join(dir, "out")
		live := func(moments int) {
			out, err := openFile(path)
			if err != nil {
				t.Fatal(err)
			}
			life(t, w, store, out, out.File, moments)
		}
		live(rapid.SampledFrom([]int{0, 1, 2, forever}).Draw(t, "moments of the first life"))
		for range rapid.IntRange(1, 5).Draw(t, "lives") {
			s.toggle(2 * rapid.IntRange(0, 3).Draw(t, "pairs of events"))
			if rapid.Bool().Draw(t, "the cursor expires") {
				if err := s.AddFault(sandbox.Fault{Kind: sandbox.FaultCursorExpired, Times: 1}); err != nil {
					t.Fatal(err)
				}
			}
			live(rapid.IntRange(0, 20).Draw(t, "moments"))
			s.ClearFaults()
		}
		live(forever)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ids(s.truth(from)), ids(lines(t, raw))); diff != "" {
			t.Fatalf("(-happened +written):\n%s", diff)
		}
	})
}

// TestAPipeLosesNothingAndRepeatsOneLineAtMost is the promise of a watch without a file: a process that dies between a line and its record repeats it.
func TestAPipeLosesNothingAndRepeatsOneLineAtMost(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "watch-")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		for at := time.Now(); time.Since(at) < time.Millisecond; {
		}
		from := time.Now()
		log := s.log()
		log.perPage = rapid.SampledFrom([]int{2, 500}).Draw(t, "entries of a page")
		var written bytes.Buffer
		w := Watch{Log: log, From: from}
		deaths := 0
		live := func(moments int) {
			if life(t, w, filepath.Join(dir, "cursor"), pipe{&written}, nil, moments) {
				deaths++
			}
		}
		live(forever)
		for range rapid.IntRange(1, 4).Draw(t, "lives") {
			s.toggle(2 * rapid.IntRange(0, 3).Draw(t, "pairs of events"))
			live(rapid.IntRange(0, 20).Draw(t, "moments"))
		}
		live(forever)
		once := []string{}
		seen, repeated := map[string]bool{}, 0
		for _, e := range lines(t, written.Bytes()) {
			if seen[e.ID] {
				repeated++
				continue
			}
			seen[e.ID], once = true, append(once, e.ID)
		}
		if diff := cmp.Diff(ids(s.truth(from)), once); diff != "" {
			t.Fatalf("(-happened +written):\n%s", diff)
		}
		if repeated > deaths {
			t.Fatalf("%d lines were repeated after %d deaths", repeated, deaths)
		}
	})
}

// watch runs a watch once, over a store of its own.
func (s site) watch(w Watch, store string) error {
	s.t.Helper()
	opened, err := OpenStore(store, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := opened.Close(); err != nil {
			s.t.Error(err)
		}
	}()
	w.Log, w.Store, w.Once, w.Interval, w.Slog = s.log(), opened, true, time.Millisecond, slog.New(slog.DiscardHandler)
	return w.Run(context.Background())
}

func TestAnOutputWithoutItsCursorFileIsGoneOnWith(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	dir, from := t.TempDir(), time.Now()
	out := filepath.Join(dir, "out")
	s.toggle(4)
	if err := s.watch(Watch{Out: out, From: from}, filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	s.toggle(2)
	if err := s.watch(Watch{Out: out}, filepath.Join(dir, "b")); err != nil { // another cursor file, and no --from
		t.Fatal(err)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids(s.truth(from)), ids(lines(t, raw))); diff != "" {
		t.Errorf("(-happened +written):\n%s", diff)
	}
}

func TestAnOutputThatWasMovedAwayBeginsAnew(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	dir, from := t.TempDir(), time.Now()
	out, store := filepath.Join(dir, "out"), filepath.Join(dir, "cursor")
	s.toggle(4)
	if err := s.watch(Watch{Out: out, From: from}, store); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(out, out+".1"); err != nil {
		t.Fatal(err)
	}
	s.toggle(2)
	if err := s.watch(Watch{Out: out}, store); err != nil {
		t.Fatal(err)
	}
	old, err1 := os.ReadFile(out + ".1")
	young, err2 := os.ReadFile(out)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if len(lines(t, young)) != 2 {
		t.Errorf("the new file has %d events", len(lines(t, young)))
	}
	if diff := cmp.Diff(ids(s.truth(from)), ids(lines(t, append(old, young...)))); diff != "" {
		t.Errorf("(-happened +written):\n%s", diff)
	}
}

// rotating is an output whose file is moved away, packed and removed while the watch runs.
type rotating struct {
	output
	path   string
	turn   *int
	packed *[]byte
}

func (r rotating) renewed() (bool, error) {
	if *r.turn++; *r.turn == 2 {
		err := os.Rename(r.path, r.path+".1")
		if err == nil {
			*r.packed, err = os.ReadFile(r.path + ".1")
		}
		if err = errors.Join(err, os.Remove(r.path+".1")); err != nil {
			return false, err
		}
	}
	return r.output.renewed()
}

func TestAnOutputThatIsRotatedUnderARunningWatchLosesNothing(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	dir, from := t.TempDir(), time.Now()
	path, store := filepath.Join(dir, "out"), filepath.Join(dir, "cursor")
	s.toggle(10)
	out, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, turn, packed := s.log(), 0, []byte(nil)
	log.perPage = 3
	if life(t, Watch{Log: log, From: from}, store, rotating{out, path, &turn, &packed}, nil, forever) {
		t.Fatal("the watch died")
	}
	s.toggle(2)
	if err := s.watch(Watch{Out: path}, store); err != nil {
		t.Fatal(err)
	}
	young, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(packed) == 0 || len(young) == 0 {
		t.Fatalf("%d bytes before the rotation, %d after", len(packed), len(young))
	}
	if diff := cmp.Diff(ids(s.truth(from)), ids(lines(t, append(packed, young...)))); diff != "" {
		t.Errorf("(-happened +written):\n%s", diff)
	}
}

func TestAnOutputIsOfOneWatch(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	path := filepath.Join(t.TempDir(), "out")
	out, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.watch(Watch{Out: path}, filepath.Join(t.TempDir(), "cursor")); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second watch with the same file: %v", err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := os.Symlink(path, other); err != nil {
		t.Fatal(err)
	}
	if err := s.watch(Watch{Out: other}, filepath.Join(t.TempDir(), "cursor")); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second watch with the same file by another name: %v", err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.watch(Watch{Out: filepath.Join(t.TempDir(), "none", "out")}, filepath.Join(t.TempDir(), "cursor")); !fault.Is(err, fault.InvalidArgument) || strings.Contains(err.Error(), ".lock") {
		t.Errorf("--out in no folder: %v", err)
	}
	for _, odd := range []string{os.DevNull, t.TempDir()} {
		if err := s.watch(Watch{Out: odd}, filepath.Join(t.TempDir(), "cursor")); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("--out %s: %v", odd, err)
		}
	}
}

// TestAnOutputThatWasCutShortIsReadFromItsBeginning is what a rotation by copying leaves when the process dies right after.
func TestAnOutputThatWasCutShortIsReadFromItsBeginning(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	dir, from := t.TempDir(), time.Now()
	out, other, store := filepath.Join(dir, "out"), filepath.Join(dir, "other"), filepath.Join(dir, "cursor")
	s.toggle(4)
	if err := s.watch(Watch{Out: out, From: from}, store); err != nil {
		t.Fatal(err)
	}
	s.toggle(2)
	if err := s.watch(Watch{Out: other, From: from}, filepath.Join(dir, "another")); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	fifth := bytes.SplitAfter(raw, []byte("\n"))[4]
	if err := os.WriteFile(out, fifth, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.watch(Watch{Out: out}, store); err != nil {
		t.Fatal(err)
	}
	if raw, err = os.ReadFile(out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids(s.truth(from))[4:], ids(lines(t, raw))); diff != "" {
		t.Errorf("(-happened +written):\n%s", diff)
	}
	// What stands there instead is left alone, also when a position is stored.
	if err := os.WriteFile(out, []byte("somebody else's\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.watch(Watch{Out: out}, store); !fault.Is(err, fault.InvalidArgument) {
		t.Errorf("a file of something else: %v", err)
	}
}

func TestAFileOfSomethingElseIsNotWrittenTo(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	for name, text := range map[string]string{"text": "root:x:0:0\n", "other JSON": `{"level":"info"}` + "\n"} {
		out := filepath.Join(t.TempDir(), "out")
		if err := os.WriteFile(out, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.watch(Watch{Out: out}, filepath.Join(t.TempDir(), "cursor")); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
		if raw, err := os.ReadFile(out); err != nil || string(raw) != text {
			t.Errorf("%s: now %q, %v", name, raw, err)
		}
	}
}

func TestAWatchFollowsOnlyWhatItIsAskedFor(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	from := time.Now()
	s.toggle(3)
	if err := s.client(sandbox.OrgKeyFull).DisableAccount(context.Background(), s.AccountID("max.manager@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := s.watch(Watch{Writer: &out, From: from, Filter: Filter{Kinds: []Kind{Deactivated}}}, filepath.Join(t.TempDir(), "cursor")); err != nil {
		t.Fatal(err)
	}
	got := lines(t, out.Bytes())
	if len(got) != 1 || got[0].Action != "deactivated" || got[0].Target.Name != "Max Manager" || got[0].ProcessedAt.IsZero() {
		t.Errorf("%s", out.String())
	}
}

type broken struct{ error }

func (b broken) Write([]byte) (int, error) { return 0, b.error }

func TestAReaderThatHasGoneEndsAWatchWell(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	from, store := time.Now(), filepath.Join(t.TempDir(), "cursor")
	s.toggle(2)
	for _, err := range []error{&os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}, io.ErrClosedPipe} {
		if err := s.watch(Watch{Writer: broken{err}, From: from}, store); err != nil {
			t.Error(err)
		}
	}
	if err := s.watch(Watch{Writer: broken{syscall.ENOSPC}, From: from}, store); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	var out bytes.Buffer // what could not be written is written by the next
	if err := s.watch(Watch{Writer: &out}, store); err != nil || len(lines(t, out.Bytes())) != 2 {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// waiting is a writer that tells of each line.
type waiting chan string

func (w waiting) Write(raw []byte) (int, error) {
	w <- string(raw)
	return len(raw), nil
}

func TestAWatchOutlastsAnOutage(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	store, err := OpenStore(filepath.Join(t.TempDir(), "cursor"), "test")
	if err != nil {
		t.Fatal(err)
	}
	out, ended := make(waiting), make(chan error, 1)
	var log bytes.Buffer
	ctx, stop := context.WithCancel(context.Background())
	from := time.Now()
	if err := s.AddFault(sandbox.Fault{Kind: sandbox.FaultStatus, Path: "/admin/v1/orgs/{org}/events-stream", Status: 500, Times: 2}); err != nil {
		t.Fatal(err)
	}
	s.toggle(2)
	go func() {
		ended <- Watch{Log: s.log(), Store: store, From: from, Writer: out, Interval: time.Millisecond, Slog: slog.New(slog.NewTextHandler(&log, nil))}.Run(ctx)
	}()
	first := <-out + <-out
	s.toggle(2)
	second := <-out + <-out
	stop()
	if err := errors.Join(<-ended, store.Close()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(first, `"group_added"`) || !strings.Contains(second, `"group_removed"`) || first == second {
		t.Errorf("%s%s", first, second)
	}
	if !strings.Contains(log.String(), "trying again") {
		t.Errorf("the outage was not told:\n%s", log.String())
	}
}

func TestAKeyThatMayNotEndsAWatch(t *testing.T) {
	s := startSite(t, sandbox.OrgKnobs{NoMinuteLimits: true})
	store, err := OpenStore(filepath.Join(t.TempDir(), "cursor"), "test")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	w := Watch{Log: New(s.client(sandbox.OrgKeyNarrow), nil), Store: store, Writer: io.Discard, Interval: time.Millisecond, Slog: slog.New(slog.DiscardHandler)}
	if err := w.Run(context.Background()); err == nil {
		t.Error("it goes on, and can never tell anything")
	}
}
