package admin

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// ErrCursorExpired tells that the service no longer knows the cursor of a page. What came before it stays good; the list has to be read from its
// beginning (the events stream: from a time).
var ErrCursorExpired = errors.New("the cursor has expired")

// Page is one page of a list. Next is the cursor of the following one; "" ends the list.
type Page[T any] = rest.CursorPage[T]

// list is the envelope of a page.
type list[T any] struct {
	Data  []T `json:"data"`
	Links struct {
		Next string `json:"next"`
	} `json:"links"`
	Meta struct {
		Next string `json:"next"`
	} `json:"meta"`
}

// next is the cursor of the following page. Some lists give it as such, others give the address of the page, whose parameter it is.
func (l list[T]) next() string {
	if l.Meta.Next != "" {
		return l.Meta.Next
	}
	if u, err := url.Parse(l.Links.Next); err == nil && u.Query().Has("cursor") {
		return u.Query().Get("cursor")
	}
	return l.Links.Next
}

// page makes the envelope a page of what its items mean.
func page[W, T any](l list[W], read func(W) T) Page[T] {
	out := Page[T]{Items: make([]T, len(l.Data)), Next: l.next()}
	for i, w := range l.Data {
		out.Items[i] = read(w)
	}
	return out
}

// at is the query of the page at a cursor, of a list whose pages are as long as the service likes.
func at(cursor string) url.Values {
	q := url.Values{}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return q
}

// span is the query of the page at a cursor, with its length.
func span(cursor string, limit int) url.Values {
	q := at(cursor)
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}

// walk is all pages of a list.
func walk[T any](ctx context.Context, fetch func(ctx context.Context, cursor string) (Page[T], error)) iter.Seq2[[]T, error] {
	return rest.Cursors(ctx, "", fetch)
}

// all is a whole short list.
func all[T any](pages iter.Seq2[[]T, error]) ([]T, error) {
	var out []T
	for page, err := range pages {
		if err != nil {
			return nil, err
		}
		out = append(out, page...)
	}
	return out, nil
}

// expired makes the error of a page say that its cursor is the reason. Some lists have a code for that, ADMIN-400-1, and some have none; but the page before it
// was asked for with the same words, so a 400 is about the cursor.
func expired(err error, cursor string) error {
	var e *rest.Error
	if cursor == "" || !errors.As(err, &e) || e.Status != http.StatusBadRequest {
		return err
	}
	told := *e
	told.Err = errors.Join(ErrCursorExpired, e.Err)
	return &told
}

// chunks cuts ids, each once and none empty, into lists that one request takes.
func chunks(ids []string, most int) [][]string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > 0 && ids[0] == "" {
		ids = ids[1:]
	}
	return slices.Collect(slices.Chunk(ids, most))
}
