package rest

import (
	"context"
	"iter"
)

// PageOptions says how to walk: Size items asked for a page (0 = the endpoint's largest), MaxParallel pages at once (0 = the default).
type PageOptions struct{ Size, MaxParallel int }

// Page is one page: its items, the Total when the API tells it (-1 when not), and whether the API says that it is the last.
type Page[T any] struct {
	Items []T
	Total int
	Last  bool
}

// Pages walks an offset-paged list.
func Pages[T any](ctx context.Context, o PageOptions, key func(T) string, fetch func(ctx context.Context, start, size int) (Page[T], error)) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for start := 0; ; {
			page, err := fetch(ctx, start, o.Size)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page.Items) == 0 {
				return
			}
			start += len(page.Items)
			if !yield(page.Items, nil) || page.Last || page.Total >= 0 && start >= page.Total {
				return
			}
		}
	}
}
