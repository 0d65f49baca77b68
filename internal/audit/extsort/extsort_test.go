package extsort_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/extsort"
)

type record struct{ Key, Value string }

func walk(t interface{ Fatal(...any) }, s *extsort.Sorter) []record {
	c, err := s.Sort()
	if err != nil {
		t.Fatal(err)
	}
	var got []record
	for c.Next() {
		got = append(got, record{string(c.Key()), string(c.Value())})
	}
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	return got
}

// Whatever is added, in memory or over many runs, comes back as a stable sort in memory would order it, on every pass.
func TestSortedAsInMemory(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record {
			return record{
				Key:   rapid.StringN(0, 6, 12).Draw(t, "key"),
				Value: strings.Repeat("v", rapid.IntRange(0, 60).Draw(t, "length")),
			}
		}), 0, 200).Draw(t, "records")
		for i := range records {
			records[i].Value += fmt.Sprint(i)
		}
		s := extsort.New(dir, "run", rapid.IntRange(128, 8000).Draw(t, "memory"))
		defer s.Close()
		for _, r := range records {
			if err := s.Add([]byte(r.Key), []byte(r.Value)); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortStableFunc(records, func(a, b record) int { return strings.Compare(a.Key, b.Key) })
		for pass := range 2 {
			if diff := cmp.Diff(records, walk(t, s), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("pass %d (-want +got):\n%s", pass, diff)
			}
		}
	})
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("scratch files left: %v", left)
	}
}

func TestManyWriters(t *testing.T) {
	s := extsort.New(t.TempDir(), "run", 4096)
	defer s.Close()
	const writers, each = 8, 2000
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				var key [8]byte
				binary.BigEndian.PutUint64(key[:], uint64(i*writers+w))
				if err := s.Add(key[:], nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	c, err := s.Sort()
	if err != nil {
		t.Fatal(err)
	}
	var n uint64
	for c.Next() {
		if got := binary.BigEndian.Uint64(c.Key()); got != n {
			t.Fatalf("record %d is %d", n, got)
		}
		n++
	}
	if c.Err() != nil || n != writers*each {
		t.Fatalf("%d records, %v; want %d", n, c.Err(), writers*each)
	}
}

// A record that needs more than its run's share of the memory is still read whole.
func TestRecordLargerThanItsBuffer(t *testing.T) {
	s := extsort.New(t.TempDir(), "run", 4096)
	defer s.Close()
	big := strings.Repeat("x", 3000)
	for i := range 40 {
		if err := s.Add([]byte{byte(i)}, []byte(big)); err != nil {
			t.Fatal(err)
		}
	}
	got := walk(t, s)
	if len(got) != 40 || got[39].Value != big {
		t.Fatalf("%d records, the last of %d bytes", len(got), len(got[len(got)-1].Value))
	}
}

func TestScratchFileIsPrivateAndRemoved(t *testing.T) {
	dir := t.TempDir()
	s := extsort.New(dir, "run", 256)
	for i := range 100 {
		if err := s.Add([]byte{byte(i)}, make([]byte, 50)); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left after Close: %v", left)
	}
	if err := s.Add(nil, nil); err == nil {
		t.Error("Add after Close succeeded")
	}
}

// faulty fails the write or the read after a number of bytes.
type faulty struct {
	data        []byte
	write, read int
}

var errDisk = errors.New("disk is full")

func (f *faulty) WriteAt(p []byte, off int64) (int, error) {
	if int(off)+len(p) > f.write {
		return 0, errDisk
	}
	f.data = append(f.data[:off], p...)
	return len(p), nil
}

func (f *faulty) ReadAt(p []byte, off int64) (int, error) {
	if int(off)+len(p) > f.read {
		return 0, errDisk
	}
	return bytes.NewReader(f.data).ReadAt(p, off)
}

func (f *faulty) Close() error { return nil }

func TestDiskErrorsAreReported(t *testing.T) {
	for name, f := range map[string]*faulty{
		"while adding":  {write: 1000, read: 1 << 20},
		"while sorting": {write: 3 << 20, read: 1000},
		"while walking": {write: 3 << 20, read: 30000},
	} {
		t.Run(name, func(t *testing.T) {
			s := extsort.NewOn(func() (extsort.File, error) { return f, nil }, 2000)
			defer s.Close()
			err := func() error {
				for i := range 1000 {
					if err := s.Add([]byte{byte(i)}, make([]byte, 40)); err != nil {
						return err
					}
				}
				c, err := s.Sort()
				if err != nil {
					return err
				}
				for c.Next() {
				}
				return c.Err()
			}()
			if !errors.Is(err, errDisk) {
				t.Errorf("got %v, want the disk's error", err)
			}
		})
	}
	t.Run("while opening", func(t *testing.T) {
		s := extsort.New(filepath.Join(t.TempDir(), "absent"), "run", 100)
		defer s.Close()
		var err error
		for range 10 {
			err = s.Add(make([]byte, 40), nil)
		}
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a record larger than the memory", func(t *testing.T) {
		s := extsort.New(t.TempDir(), "run", 100)
		defer s.Close()
		if err := s.Add(make([]byte, 200), nil); err == nil {
			t.Error("accepted")
		}
	})
}
