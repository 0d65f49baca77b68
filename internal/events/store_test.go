package events

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

func TestAStoreRemembers(t *testing.T) {
	path, at := filepath.Join(t.TempDir(), "new", "cursor"), Started(time.Unix(1_764_000_000, 0))
	s := openStore(t, path)
	if !s.State().Fresh {
		t.Error("a new store isn't fresh")
	}
	later := at
	later.Cursor, later.Mark = "abc", at.Mark.Add(time.Hour)
	event := func(id string) Event { return Event{ID: id, ProcessedAt: at.Mark} }
	for _, err := range []error{s.commit(at, nil, 0, nil), s.wrote(event("a")), s.commit(later, []Event{event("b")}, 7, nil), s.wrote(event("c")), s.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// The machine died in the middle of a record.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, `{"id":"d","a`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	told := at.Mark.Unix()
	want := State{Position: later, Told: map[string]int64{"a": told, "b": told, "c": told}, Size: 7}
	for range 2 { // the second reads what the first has written anew
		s = openStore(t, path)
		if diff := cmp.Diff(want, s.State()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func openStore(t *testing.T, path string) *Store {
	t.Helper()
	s, err := OpenStore(path, "this")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAStoreHasOneUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cursor")
	s := openStore(t, path)
	if _, err := OpenStore(path, "this"); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), path) {
		t.Errorf("a second one: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openStore(t, path).Close(); err != nil {
		t.Error(err)
	}
}

func TestAStoreOfSomethingElseIsRefusedAndKept(t *testing.T) {
	for text, code := range map[string]fault.Code{
		`{"watch":"another"}` + "\n": fault.Conflict,
		"root:x:0:0\n":               fault.InvalidArgument,
		`{"watch":"this"}` + "\n{\n" + `{"id":"x"}` + "\n": fault.InvalidArgument,
	} {
		path := filepath.Join(t.TempDir(), "cursor")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenStore(path, "this"); !fault.Is(err, code) {
			t.Errorf("%q: %v", text, err)
		}
		if raw, err := os.ReadFile(path); err != nil || string(raw) != text {
			t.Errorf("%q is now %q, %v", text, raw, err)
		}
	}
}

func TestAStoreDoesNotGrowForEver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cursor")
	s := openStore(t, path)
	at, all := Started(time.Unix(1_764_000_000, 0)), map[string]int64{"last": 1_764_000_000}
	for i := range 3000 {
		at.Cursor = fmt.Sprintf("%d %s", i, strings.Repeat("x", 1000))
		if err := s.append(positionRecord(at, nil, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.commit(at, []Event{{ID: "last", ProcessedAt: at.Mark}}, 0, all); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 4096 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path)
	if diff := cmp.Diff(State{Position: at, Told: all}, s.State()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAFolderThatCanNotBeWrittenToIsToldOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenStore(filepath.Join(file, "cursor"), "this"); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is a file: %v", err)
	}
}
