package audit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

func TestReportIsPrivate(t *testing.T) {
	s, state := largeSite(200), t.TempDir()
	a := Auditor{Jira: s, SCIM: directory{s}, StateDir: state, memory: 4000}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(r.Report.Folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 4 {
		t.Errorf("%d files in the report, want 4: %v", len(entries), entries)
	}
	for path, mode := range map[string]fs.FileMode{
		filepath.Join(state, reportsFolder):          0o700,
		r.Report.Folder:                              0o700,
		filepath.Join(r.Report.Folder, RowsFile):     0o600,
		filepath.Join(r.Report.Folder, CSVFile):      0o600,
		filepath.Join(r.Report.Folder, FindingsFile): 0o600,
		filepath.Join(r.Report.Folder, SummaryFile):  0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), mode)
		}
	}
}

// An audit removes what died before it, and leaves alone what is under way and what is finished.
func TestLeftoversOfTheDeadAreRemoved(t *testing.T) {
	s, state := largeSite(200), t.TempDir()
	a := Auditor{Jira: s, SCIM: directory{s}, StateDir: state}
	done, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	alive, err := openWorkspace(state, a.now())
	if err != nil {
		t.Fatal(err)
	}
	defer alive.discard()
	// One that died while it ran, and one that died while it was published.
	dead := []string{filepath.Join(state, reportsFolder, partialPrefix+"dead"), filepath.Join(state, reportsFolder, partialPrefix+"late")}
	for _, d := range dead {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d, "members.spill"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dead[0], lockFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}

	if _, err := a.Run(context.Background(), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, d := range dead {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", d, err)
		}
	}
	for _, d := range []string{alive.dir, done.Report.Folder} {
		if _, err := os.Stat(d); err != nil {
			t.Errorf("%s is gone: %v", d, err)
		}
	}
}

func TestReportsAreListedNewestFirst(t *testing.T) {
	state := t.TempDir()
	a := Auditor{StateDir: state}
	if ids, err := a.Reports(); err != nil || len(ids) != 0 {
		t.Errorf("no reports yet: %v, %v", ids, err)
	}
	for _, name := range []string{"audit-20260101T000000Z-aaaa", "audit-20260301T000000Z-aaaa", "audit-20260201T000000Z-aaaa", partialPrefix + "audit-20260401T000000Z-aaaa", "other"} {
		if err := os.MkdirAll(filepath.Join(state, reportsFolder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	ids, err := a.Reports()
	if err != nil || len(ids) != 3 || ids[0] != "audit-20260301T000000Z-aaaa" || ids[2] != "audit-20260101T000000Z-aaaa" {
		t.Errorf("%v, %v", ids, err)
	}
}

func TestOpenStaysWithinTheReports(t *testing.T) {
	state := t.TempDir()
	const id = "audit-20260101T000000Z-aaaa"
	if err := os.MkdirAll(filepath.Join(state, reportsFolder, id), 0o700); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(state, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(state, reportsFolder, id, RowsFile)); err != nil {
		t.Fatal(err)
	}
	a := Auditor{StateDir: state}
	for _, test := range []struct {
		id, file string
		code     fault.Code
	}{
		{"../" + id, RowsFile, fault.InvalidArgument},
		{"..", "secret", fault.InvalidArgument},
		{id + "/..", RowsFile, fault.InvalidArgument},
		{"", RowsFile, fault.InvalidArgument},
		{id, "../../secret", fault.InvalidArgument},
		{id, "lock", fault.InvalidArgument},
		{"audit-20260101T000000Z-bbbb", RowsFile, fault.NotFound},
		{id, CSVFile, fault.NotFound},
	} {
		f, err := a.Open(test.id, test.file)
		if err == nil {
			f.Close()
		}
		if !fault.Is(err, test.code) {
			t.Errorf("Open(%q, %q): %v, want %s", test.id, test.file, err, test.code)
		}
	}
	if f, err := a.Open(id, RowsFile); err == nil {
		f.Close()
		t.Error("followed a link out of the reports")
	}
}

// Two reports of one second are in the order in which they were begun: the newest is the last one.
func TestReportsOfOneSecondAreInOrder(t *testing.T) {
	root, at, last := t.TempDir(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), ""
	for i := range 200 {
		id := nextID(root, at)
		if !idPattern.MatchString(id) || id <= last {
			t.Fatalf("%s after %s", id, last)
		}
		name := id
		if i%2 == 0 {
			name = partialPrefix + id
		}
		if err := os.Mkdir(filepath.Join(root, name), 0o700); err != nil {
			t.Fatal(err)
		}
		last = id
	}
}
