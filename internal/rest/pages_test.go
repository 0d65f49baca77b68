package rest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// list is a paged API over the numbers 0 to length-1.
type list struct {
	length   int
	clamp    int           // most items a page; 0 = as asked
	hidden   map[int]bool  // left out of the pages, though they count for the offset
	total    bool          // tells the total
	last     bool          // tells the last page
	slow     int           // more than that many items at once is a 409; 0 = never
	fail     map[int]error // by start
	took     time.Duration // per page
	takes    func(start int) time.Duration
	mu       sync.Mutex
	asked    []ask
	busy     int
	widest   int
	finished []ask // successes
}

type ask struct{ start, size int }

func (l *list) fetch(ctx context.Context, start, size int) (Page[int], error) {
	l.mu.Lock()
	l.asked = append(l.asked, ask{start, size})
	l.busy++
	l.widest = max(l.widest, l.busy)
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.busy--
		l.mu.Unlock()
	}()
	took := l.took
	if l.takes != nil {
		took = l.takes(start)
	}
	if took > 0 {
		if err := sleep(ctx, took); err != nil {
			return Page[int]{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return Page[int]{}, err
	}
	if err := l.fail[start]; err != nil {
		return Page[int]{}, err
	}
	if l.slow > 0 && size > l.slow {
		return Page[int]{}, &Error{Status: 409}
	}
	l.mu.Lock()
	l.finished = append(l.finished, ask{start, size})
	l.mu.Unlock()
	if l.clamp > 0 {
		size = min(size, l.clamp)
	}
	page := Page[int]{Total: -1}
	end := min(start+size, l.length)
	for i := start; i < end; i++ {
		if !l.hidden[i] {
			page.Items = append(page.Items, i)
		}
	}
	if l.total {
		page.Total = l.length
	}
	page.Last = l.last && start+size >= l.length
	return page, nil
}

// want are the numbers that the list shows.
func (l *list) want() []int {
	var out []int
	for i := range l.length {
		if !l.hidden[i] {
			out = append(out, i)
		}
	}
	return out
}

func collect(ctx context.Context, l *list, o PageOptions, key func(int) string) ([]int, error) {
	var out []int
	for page, err := range Pages(ctx, o, key, l.fetch) {
		if err != nil {
			return out, err
		}
		out = append(out, page...)
	}
	return out, nil
}

func TestPagesAskFor(t *testing.T) {
	tests := map[string]struct {
		list  *list
		size  int
		asked []ask // in any order; nil = not checked
	}{
		"an empty list": {&list{}, 100, []ask{{0, 100}}},
		"a list of one page, and the page that is empty": {&list{length: 40}, 100, []ask{{0, 100}, {40, 100}}},
		"just the pages of a known total":                {&list{length: 450, total: true}, 100, []ask{{0, 100}, {100, 100}, {200, 100}, {300, 100}, {400, 100}}},
		"no second page where the total is reached":      {&list{length: 100, total: true}, 100, []ask{{0, 100}}},
		"no second page after the last":                  {&list{length: 40, last: true}, 100, []ask{{0, 100}}},
		"a clamped page sets the stride":                 {&list{length: 120, clamp: 50, total: true}, 1000, []ask{{0, 1000}, {50, 1000}, {100, 1000}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := collect(t.Context(), tt.list, PageOptions{Size: tt.size}, strconv.Itoa)
			if err != nil || !slices.Equal(got, tt.list.want()) {
				t.Fatalf("got %d items, %v", len(got), err)
			}
			slices.SortFunc(tt.list.asked, func(a, b ask) int { return a.start - b.start })
			if !slices.Equal(tt.list.asked, tt.asked) {
				t.Errorf("asked for %v, want %v", tt.list.asked, tt.asked)
			}
		})
	}
}

func TestPagesHalveOnConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The server gets slow after the first pages.
		slow := &list{length: 5000, took: time.Second}
		var mu sync.Mutex
		calls := 0
		got, err := []int(nil), error(nil)
		for page, e := range Pages(t.Context(), PageOptions{Size: 400}, nil, func(ctx context.Context, start, size int) (Page[int], error) {
			mu.Lock()
			calls++
			limit := 400
			if calls > 5 {
				limit = 120
			}
			mu.Unlock()
			if size > limit {
				return Page[int]{}, &Error{Status: 409}
			}
			return slow.fetch(ctx, start, size)
		}) {
			err = errors.Join(err, e)
			got = append(got, page...)
		}
		if err != nil || !slices.Equal(got, slow.want()) {
			t.Fatalf("got %d items, %v", len(got), err)
		}
		covered := map[int]int{}
		for _, f := range slow.finished {
			for i := f.start; i < min(f.start+f.size, slow.length); i++ {
				covered[i]++
			}
		}
		for i, n := range covered {
			if n != 1 {
				t.Fatalf("item %d was fetched %d times", i, n)
			}
		}
	})
}

func TestPagesGiveUpOnConflictAtTheSmallestSize(t *testing.T) {
	l := &list{length: 100, slow: 1}
	_, err := collect(t.Context(), l, PageOptions{Size: 100}, nil)
	want := append([]ask{{0, 100}, {0, 50}, {0, 25}, {0, 12}}, slices.Repeat([]ask{{0, 10}}, 1+mostAgain)...)
	if !IsStatus(err, 409) || !slices.Equal(l.asked, want) {
		t.Errorf("asked for %v, want %v; %v", l.asked, want, err)
	}
}

// Whatever the server's habits: everything that it shows comes once and in order, no page is asked for again after a success, and never are more
// pages under way than allowed.
func TestPagesHoldForAllServers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := &list{
			length: rapid.IntRange(0, 600).Draw(rt, "length"),
			clamp:  rapid.SampledFrom([]int{0, 0, 20, 37}).Draw(rt, "clamp"),
			total:  rapid.Bool().Draw(rt, "total"),
			last:   rapid.Bool().Draw(rt, "last"),
			slow:   rapid.SampledFrom([]int{0, 0, 13, 30, 60}).Draw(rt, "slow"),
			hidden: map[int]bool{},
		}
		size := rapid.IntRange(20, 200).Draw(rt, "size")
		most := rapid.IntRange(1, 20).Draw(rt, "most")
		if !l.total {
			// Never as many in a row as a page has: an empty page is the end.
			for _, i := range rapid.SliceOfN(rapid.IntRange(0, 600), 0, 8).Draw(rt, "hidden") {
				l.hidden[i] = true
			}
		}
		speeds := rapid.SliceOfN(rapid.IntRange(0, 50), 7, 7).Draw(rt, "speeds")
		l.takes = func(start int) time.Duration { return time.Duration(speeds[start%7]) * time.Millisecond }

		var got []int
		var err error
		synctest.Test(t, func(*testing.T) {
			got, err = collect(context.Background(), l, PageOptions{Size: size, MaxParallel: most}, strconv.Itoa)
		})
		if want := l.want(); err != nil || !slices.Equal(got, want) {
			rt.Fatalf("got %d items, want %d; %v; asked for %v", len(got), len(want), err, l.asked)
		}
		times := map[ask]int{}
		for _, f := range l.finished {
			if times[f]++; times[f] > 1 {
				rt.Fatalf("%v was asked for again after a success", f)
			}
		}
		if l.widest > most {
			rt.Fatalf("%d pages at once, want at most %d", l.widest, most)
		}
	})
}

func TestPagesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &list{length: 100_000, took: 50 * time.Millisecond}
		start := time.Now()
		got, err := collect(t.Context(), l, PageOptions{Size: 1000}, nil)
		if err != nil || len(got) != l.length {
			t.Fatalf("%d items, %v", len(got), err)
		}
		// One page, then four, then sixteen at once: 101 pages in 1+1+6 rounds.
		if rounds := time.Since(start) / l.took; l.widest != DefaultMaxParallel || rounds > 8 {
			t.Errorf("%d rounds, %d at once", rounds, l.widest)
		}
	})
}

func TestPagesErrorEndsTheWalkInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		l := &list{length: 10_000, fail: map[int]error{500: broken}, takes: func(start int) time.Duration {
			if start == 500 {
				return 0
			}
			return time.Second
		}}
		got, err := collect(t.Context(), l, PageOptions{Size: 100}, nil)
		if !errors.Is(err, broken) || len(got) != 500 {
			t.Errorf("%d items, then %v", len(got), err)
		}
	})
}

func TestPagesErrorBeyondTheEndIsNone(t *testing.T) {
	l := &list{length: 250, fail: map[int]error{400: errors.New("beyond"), 500: errors.New("beyond")}}
	got, err := collect(t.Context(), l, PageOptions{Size: 100}, nil)
	if err != nil || len(got) != 250 {
		t.Errorf("%d items, %v", len(got), err)
	}
}

func TestPagesErrorBeyondTheLastPageIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &list{length: 450, last: true, fail: map[int]error{500: errors.New("beyond")}, takes: func(start int) time.Duration {
			if start == 100 || start == 500 {
				return time.Millisecond // so that the page behind the end is asked for, and fails, before the last page tells
			}
			return time.Second
		}}
		got, err := collect(t.Context(), l, PageOptions{Size: 100}, nil)
		if err != nil || len(got) != 450 || !slices.Contains(l.asked, ask{500, 100}) {
			t.Errorf("%d items, %v; asked for %v", len(got), err, l.asked)
		}
	})
}

func TestPagesStopAskingBehindAnEmptyPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &list{length: 1000, takes: func(start int) time.Duration {
			if start == 500 {
				return time.Minute // what is behind comes long before
			}
			return time.Second
		}}
		got, err := collect(t.Context(), l, PageOptions{Size: 100}, nil)
		// Sixteen may be under way when the first empty page comes, and none is asked for after that.
		if beyond := len(l.asked) - 11; err != nil || len(got) != 1000 || beyond > DefaultMaxParallel {
			t.Errorf("%d items, %v; %d pages behind the empty one", len(got), err, beyond)
		}
	})
}

// A part of a page that took too long may hold hidden accounts only. That is not the end.
func TestPagesPassAnEmptyPart(t *testing.T) {
	l := &list{length: 1000, hidden: map[int]bool{}}
	for i := 100; i < 150; i++ {
		l.hidden[i] = true
	}
	var got []int
	for page, err := range Pages(t.Context(), PageOptions{Size: 100, MaxParallel: 1}, nil, func(ctx context.Context, start, size int) (Page[int], error) {
		if start >= 100 && size > 50 {
			return Page[int]{}, &Error{Status: 409}
		}
		return l.fetch(ctx, start, size)
	}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page...)
	}
	if !slices.Equal(got, l.want()) {
		t.Errorf("%d items, want %d", len(got), len(l.want()))
	}
}

func TestPagesLeaveNoGoroutine(t *testing.T) {
	for _, after := range []int{0, 1, 3} {
		t.Run(fmt.Sprintf("break after %d pages", after), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // fails by itself when a goroutine of the bubble stays
				l := &list{length: 100_000, took: time.Second}
				pages := 0
				for _, err := range Pages(t.Context(), PageOptions{Size: 100}, nil, l.fetch) {
					if err != nil {
						t.Fatal(err)
					}
					if pages++; pages > after {
						break
					}
				}
				if l.busy != 0 {
					t.Errorf("%d requests are still under way", l.busy)
				}
			})
		})
	}
	t.Run("cancel", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			l := &list{length: 100_000, took: time.Second}
			start := time.Now()
			time.AfterFunc(2500*time.Millisecond, cancel)
			_, err := collect(ctx, l, PageOptions{Size: 100}, nil)
			if !errors.Is(err, context.Canceled) || l.busy != 0 || time.Since(start) != 2500*time.Millisecond {
				t.Errorf("%v after %v with %d requests under way", err, time.Since(start), l.busy)
			}
		})
	})
}

// Held in memory are at most twice as many pages as may be under way, even when the first of them hangs.
func TestPagesHoldFewInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &list{length: 1_000_000, takes: func(start int) time.Duration {
			if start == 10_000 {
				return time.Hour
			}
			return time.Millisecond
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		got, err := collect(ctx, l, PageOptions{Size: 1000, MaxParallel: 8}, nil)
		if err == nil || len(got) != 10_000 {
			t.Fatalf("%d items, %v", len(got), err)
		}
		if n := len(l.finished) - 10; n > 2*8 {
			t.Errorf("%d pages were fetched behind one that hangs", n)
		}
	})
}

func TestPagesDropRepetitions(t *testing.T) {
	// The list shifts by one between the pages: a new entry came in at the front.
	pages := map[int][]int{0: {1, 2, 3}, 3: {3, 4, 5}, 6: {}}
	var got []int
	for page, err := range Pages(t.Context(), PageOptions{Size: 3}, strconv.Itoa, func(_ context.Context, start, _ int) (Page[int], error) {
		return Page[int]{Items: slices.Clone(pages[start]), Total: -1}, nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page...)
	}
	if want := slices.Sorted(maps.Keys(map[int]bool{1: true, 2: true, 3: true, 4: true, 5: true})); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
