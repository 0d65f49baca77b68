package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// disk is what a power loss leaves: the database and its log.
type disk struct{ db, wal []byte }

func readDisk(t *testing.T, dir string) (d disk) {
	t.Helper()
	var err error
	if d.db, err = os.ReadFile(filepath.Join(dir, databaseFile)); err != nil {
		t.Fatal(err)
	}
	if d.wal, err = os.ReadFile(filepath.Join(dir, databaseFile+"-wal")); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d disk) write(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "cut")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{databaseFile: d.db, databaseFile + "-wal": d.wal} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// cut is a file as it is when n bytes of what is new have been written over what was there.
func cut(before, after []byte, n int) []byte {
	n = min(n, len(after))
	mixed := append([]byte(nil), after[:n]...)
	if n < len(before) {
		mixed = append(mixed, before[n:]...)
	}
	return mixed
}

// firstDifference is where writing began.
func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func TestPowerLoss(t *testing.T) {
	for _, checkpoint := range []int{1000, 8} {
		t.Run(fmt.Sprintf("checkpoint every %d pages", checkpoint), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := New(Options{Dir: dir})
			defer s.Close()
			db, err := s.SQLite(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(fmt.Sprintf(`PRAGMA wal_autocheckpoint = %d`, checkpoint)); err != nil {
				t.Fatal(err)
			}
			var l *Lease
			var ops []Operation
			calls := []func() error{
				func() (err error) {
					l, err = s.Begin(t.Context(), operation(), &Use{Token: "t", Expires: time.Now()})
					return err
				},
				func() error {
					return l.Record(t.Context(), Update{Event: "intent", Steps: map[int]Step{0: {Status: StepRunning}}})
				},
				func() error {
					return l.Record(t.Context(), Update{Event: "outcome", Steps: map[int]Step{0: done}, Snapshot: []byte(`"` + strings.Repeat("x", 9000) + `"`)})
				},
				func() error { return l.Record(t.Context(), Update{Event: "ended", Status: Succeeded}) },
				func() error { ops = batch(Queued, 3); return s.Add(t.Context(), ops, nil) },
				func() error { _, err := s.Sweep(t.Context(), noEnqueue); return err },
				func() (err error) { l, err = s.Claim(t.Context(), ops[1].ID); return err },
				func() error { return l.Record(t.Context(), Update{Event: "ended", Status: Failed}) },
				func() error { _, err := s.Cancel(t.Context(), ops[0].ID, by, nil); return err },
				func() error {
					_, err := s.ReopenBatch(t.Context(), ops[0].ID, by, func(Operation) map[int]Step { return nil })
					return err
				},
				func() error { _, err := s.Prune(t.Context(), time.Now()); return err },
				func() error { _, err := s.Begin(t.Context(), operation(), nil); return err },
			}
			before, headBefore := readDisk(t, dir), verify(t, s, "").Head
			copies := 0
			for i, call := range calls {
				if err := call(); err != nil {
					t.Fatalf("call %d: %v", i, err)
				}
				after, headAfter := readDisk(t, dir), verify(t, s, "").Head
				check := func(what string, d disk, committed bool) {
					copies++
					lost := New(Options{Dir: d.write(t)})
					defer lost.Close()
					v, err := lost.Verify(t.Context(), "")
					if err != nil || v.Problem != nil {
						t.Errorf("call %d, %s: %v %v", i, what, err, v.Problem)
						return
					}
					if v.Head != headAfter && (committed || v.Head != headBefore) {
						t.Errorf("call %d, %s: the last record is %s; before %s, after %s", i, what, v.Head, headBefore, headAfter)
					}
					if !committed {
						return
					}
					if _, err := lost.Begin(t.Context(), operation(), nil); err != nil {
						t.Errorf("call %d, %s: it can't go on: %v", i, what, err)
					}
				}
				check("after its commit", after, true)
				from, to := firstDifference(before.wal, after.wal), len(after.wal)
				for _, n := range []int{from + 1, from + 24, from + 25, from + (to-from)/3, from + (to-from)*2/3, to - 4096, to - 1} {
					if n > from && n < to {
						check(fmt.Sprintf("with %d of %d bytes of its log", n-from, to-from), disk{before.db, cut(before.wal, after.wal, n)}, false)
					}
				}
				// A checkpoint writes to the database what is safe in the log.
				if from := firstDifference(before.db, after.db); from < len(after.db) {
					for _, n := range []int{from + 100, from + 4096, (from + len(after.db)) / 2, len(after.db) - 1} {
						check(fmt.Sprintf("with %d bytes of its checkpoint", n-from), disk{cut(before.db, after.db, n), after.wal}, true)
					}
				}
				before, headBefore = after, headAfter
			}
			if copies < 60 {
				t.Errorf("only %d copies were tried", copies)
			}
		})
	}
}
