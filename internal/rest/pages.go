package rest

import (
	"context"
	"iter"
)

// PageOptions says how to walk: Size items asked for a page (needed), and at most MaxParallel pages at once (0 = [DefaultMaxParallel]).
type PageOptions struct{ Size, MaxParallel int }

// Page is one page. Total is the length of the whole list where the API tells it, else -1; Last is true where the API says that nothing follows.
type Page[T any] struct {
	Items []T
	Total int
	Last  bool
}

// Pages walks an offset-paged list and yields its pages in order; start is 0-based. An error ends the walk.
//
// The first page is fetched alone. What it returned is the stride, since a server may clamp the size; pages then come in parallel, by a window that grows.
// At most twice the window is held in memory, however long the list.
// The list ends at its Total, at a Last page, or else at an empty page and never at a short one: accounts that privacy hides make a page short. Pages
// may therefore overlap; with a key each item is yielded once (at the cost of remembering every key), without one the caller has to drop repetitions.
// A 409 (the page took too long) halves the size from there on, and the range of that page alone is asked for again in halves.
// No goroutine is left when the loop ends, however it ends.
func Pages[T any](ctx context.Context, o PageOptions, key func(T) string, fetch func(ctx context.Context, start, size int) (Page[T], error)) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		w := newWalk(o, fetch)
		defer w.join()
		defer cancel()

		unseen := func(items []T) []T { return items }
		if key != nil {
			unseen = dropSeen(key)
		}
		for {
			p := w.next(ctx)
			if p == nil {
				return
			}
			if p.err != nil {
				yield(nil, p.err)
				return
			}
			if items := unseen(p.page.Items); len(items) > 0 && !yield(items, nil) {
				return
			}
		}
	}
}

// dropSeen returns a filter that lets each key pass once.
func dropSeen[T any](key func(T) string) func([]T) []T {
	seen := map[string]struct{}{}
	return func(items []T) []T {
		kept := items[:0]
		for _, item := range items {
			k := key(item)
			if _, ok := seen[k]; ok {
				continue
			}
			seen[k] = struct{}{}
			kept = append(kept, item)
		}
		return kept
	}
}
