package rest

import (
	"context"
	"hash/maphash"
	"iter"
)

// CursorPage is one page of a list that goes by cursor. Next is where the following page starts; "" ends the list.
type CursorPage[T any] struct {
	Items []T
	Next  string
}

// Cursors walks a cursor-paged list from start ("" = its beginning) and yields its pages in order. An error ends the walk: a cursor that expired can't be
// taken up again, so the caller starts anew.
//
// A page names the next one, so they can't be fetched side by side; but the next is on its way while the caller works on this one. A page without items
// does not end the list, a cursor that comes a second time is an error rather than a walk without end. No goroutine is left when the loop ends.
func Cursors[T any](ctx context.Context, start string, fetch func(ctx context.Context, cursor string) (CursorPage[T], error)) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		type result struct {
			page CursorPage[T]
			err  error
		}
		ask := func(cursor string) <-chan result {
			came := make(chan result, 1)
			go func() {
				page, err := fetch(ctx, cursor)
				came <- result{page, err}
			}()
			return came
		}

		seed := maphash.MakeSeed()
		seen := map[uint64]struct{}{maphash.String(seed, start): {}}
		coming := ask(start)
		for {
			r := <-coming
			coming = nil
			if r.err == nil && r.page.Next != "" {
				sum := maphash.String(seed, r.page.Next)
				if _, again := seen[sum]; again {
					r.err = &Error{Code: CodeBadResponse, Message: "the list gave a cursor for the second time, so it has no end"}
				} else {
					seen[sum] = struct{}{}
					coming = ask(r.page.Next)
				}
			}
			more := len(r.page.Items) == 0 || yield(r.page.Items, nil)
			if r.err != nil && more {
				yield(nil, r.err)
			}
			if r.err != nil || !more || coming == nil {
				cancel()
				if coming != nil {
					<-coming
				}
				return
			}
		}
	}
}
