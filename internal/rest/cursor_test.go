package rest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// chain is a cursor-paged API over pages: the cursor is the page's number.
type chain struct {
	pages [][]int
	next  map[int]string // instead of the number that follows
	fail  map[int]error
	took  time.Duration
	asked []string
}

func (c *chain) fetch(ctx context.Context, cursor string) (CursorPage[int], error) {
	c.asked = append(c.asked, cursor)
	if c.took > 0 {
		if err := sleep(ctx, c.took); err != nil {
			return CursorPage[int]{}, err
		}
	}
	at, _ := strconv.Atoi(cursor)
	if err := c.fail[at]; err != nil {
		return CursorPage[int]{}, err
	}
	next, set := c.next[at]
	if !set && at+1 < len(c.pages) {
		next = strconv.Itoa(at + 1)
	}
	return CursorPage[int]{Items: c.pages[at], Next: next}, nil
}

func (c *chain) walk(ctx context.Context) ([]int, error) {
	var got []int
	for items, err := range Cursors(ctx, "", c.fetch) {
		if err != nil {
			return got, err
		}
		got = append(got, items...)
	}
	return got, nil
}

func TestCursors(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		list  chain
		want  []int
		err   string
		asked int
	}{
		"one page":                                {chain{pages: [][]int{{1, 2}}}, []int{1, 2}, "", 1},
		"nothing at all":                          {chain{pages: [][]int{{}}}, nil, "", 1},
		"several pages in order":                  {chain{pages: [][]int{{1}, {2, 3}, {4}}}, []int{1, 2, 3, 4}, "", 3},
		"a page without items does not end it":    {chain{pages: [][]int{{1}, {}, {}, {4}}}, []int{1, 4}, "", 4},
		"an error ends it":                        {chain{pages: [][]int{{1}, {2}, {3}}, fail: map[int]error{1: broken}}, []int{1}, "broken", 2},
		"an error of the first page":              {chain{pages: [][]int{{1}}, fail: map[int]error{0: broken}}, nil, "broken", 1},
		"a cursor that comes again is an error":   {chain{pages: [][]int{{1}, {2}, {3}}, next: map[int]string{2: "1"}}, []int{1, 2, 3}, "second time", 3},
		"a cursor of the page itself is an error": {chain{pages: [][]int{{1}, {2}}, next: map[int]string{1: "1"}}, []int{1, 2}, "second time", 2},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.list.walk(t.Context())
			if !slices.Equal(got, test.want) || len(test.list.asked) != test.asked {
				t.Errorf("got %v in %d requests, want %v in %d", got, len(test.list.asked), test.want, test.asked)
			}
			if text := fmt.Sprint(err); (test.err == "") != (err == nil) || !strings.Contains(text, test.err) {
				t.Errorf("error %s, want %q", text, test.err)
			}
		})
	}
}

// While the caller works on a page, the next one is on its way.
func TestCursorsFetchAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := chain{pages: [][]int{{1}, {2}, {3}, {4}}, took: time.Second}
		start := time.Now()
		for _, err := range Cursors(t.Context(), "", list.fetch) {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("four pages took %s, want 5 s: one to wait for, and four to work on", took)
		}
	})
}

// A loop that is left early leaves no request behind: synctest fails on a goroutine that is still there.
func TestCursorsLeftEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := chain{pages: [][]int{{1}, {2}, {3}}, took: time.Hour}
		start := time.Now()
		for range Cursors(t.Context(), "", list.fetch) {
			break
		}
		if took := time.Since(start); took != time.Hour || len(list.asked) != 2 {
			t.Errorf("ended after %s and %d requests, want an hour and 2, the second given up", took, len(list.asked))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		list := chain{pages: [][]int{{1}}, took: time.Hour}
		if _, err := list.walk(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
