package rest

import (
	"context"
	"math"
	"net/http"
	"slices"
)

const (
	// firstParallel pages are asked for together after the first one, and growth more for each page that came, up to
	// PageOptions.MaxParallel: four at once become sixteen within one round trip.
	firstParallel = 4
	growth        = 3
	// smallestPage is where halving after a 409 ends.
	smallestPage = 10
	// mostAgain is how often a page of that size is asked for once more: a 409 also tells of a request that was interrupted.
	mostAgain = 8

	unknownEnd = math.MaxInt
)

// piece is a range of the list that one request covers.
type piece[T any] struct {
	start, length int
	split         bool // part of a page that took too long: it asks for its own length and no more
	asked         int  // 0 = to be asked for
	again         int  // repetitions after a 409, at the smallest size
	done          bool
	page          Page[T]
	err           error
}

// walk is the state of one loop of [Pages]. Only the loop's own goroutine touches it; those that fetch are given a piece and return it.
type walk[T any] struct {
	fetch func(ctx context.Context, start, size int) (Page[T], error)
	size  int // items to ask for
	most  int // pages at once

	window   int // pages at once now
	stride   int // most items that a page brought; 0 until the first page came
	from     int // where the next piece starts
	end      int // where the list ends, as far as known
	empty    int // length of the empty pieces since the last item
	inFlight int
	queue    []*piece[T] // wanted and not yet yielded, in order
	results  chan *piece[T]
}

func newWalk[T any](o PageOptions, fetch func(ctx context.Context, start, size int) (Page[T], error)) *walk[T] {
	most := orDefault(o.MaxParallel, DefaultMaxParallel)
	return &walk[T]{
		fetch: fetch, size: max(o.Size, 1), most: most,
		window: 1, end: unknownEnd, queue: []*piece[T]{{}}, results: make(chan *piece[T], most),
	}
}

// next returns the next piece in order, or nil at the end of the list. Others are asked for meanwhile.
func (w *walk[T]) next(ctx context.Context) *piece[T] {
	for {
		if len(w.queue) > 0 && w.queue[0].done {
			p := w.queue[0]
			w.queue = w.queue[1:]
			if w.ends(p) {
				return nil
			}
			w.fill(ctx)
			return p
		}
		w.fill(ctx)
		if len(w.queue) == 0 {
			return nil
		}
		p := <-w.results
		w.inFlight--
		w.arrived(p)
	}
}

// fill starts requests until the window is full: first what is in the queue, then what follows it.
func (w *walk[T]) fill(ctx context.Context) {
	for _, p := range w.queue {
		if w.inFlight < w.window && p.asked == 0 {
			w.launch(ctx, p)
		}
	}
	for w.stride > 0 && w.inFlight < w.window && len(w.queue) < 2*w.window && w.from < w.end {
		p := &piece[T]{start: w.from, length: min(w.stride, w.size)}
		w.from += p.length
		w.queue = append(w.queue, p)
		w.launch(ctx, p)
	}
}

func (w *walk[T]) launch(ctx context.Context, p *piece[T]) {
	// A page asks for the full size even where the first one came short: that may have been privacy, not the server's limit.
	p.asked = w.size
	if p.split {
		p.asked = p.length
	}
	w.inFlight++
	go func() {
		p.page, p.err = w.fetch(ctx, p.start, p.asked)
		w.results <- p // has room for all that are in flight
	}()
}

// arrived learns from an answer.
func (w *walk[T]) arrived(p *piece[T]) {
	if IsStatus(p.err, http.StatusConflict) && w.smaller(p) {
		return
	}
	p.done = true
	n := len(p.page.Items)
	if p.err != nil {
		return
	}
	if n == 0 {
		if !p.split {
			w.end = min(w.end, p.start)
		}
		return
	}
	if p.page.Total >= p.start+n {
		w.end = p.page.Total
	}
	if p.page.Last {
		w.end = min(w.end, p.start+n)
	}
	switch {
	case w.stride > 0:
		w.window = min(w.window+growth, w.most)
	case n == p.asked || w.end != unknownEnd:
		w.window = min(firstParallel, w.most)
	default:
		// A first page that comes short is most often the whole list, so the walk feels its way from one at a time.
	}
	w.stride = max(w.stride, n)
	w.from = max(w.from, p.start+n)
}

// smaller prepares to ask again for the range of p, for which the server took too long: in smaller pieces, or once more where there are none.
// It returns false when that was tried often enough.
func (w *walk[T]) smaller(p *piece[T]) bool {
	if p.asked > smallestPage {
		w.halve(p)
		return true
	}
	p.again++
	p.asked = 0
	return p.again <= mostAgain
}

// halve puts smaller pieces in p's place of the queue, and makes pages smaller from here on.
func (w *walk[T]) halve(p *piece[T]) {
	w.size = min(w.size, max(p.asked/2, smallestPage))
	at := slices.Index(w.queue, p)
	if w.stride == 0 {
		w.queue[at] = &piece[T]{}
		return
	}
	var parts []*piece[T]
	for from := 0; from < p.length; from += w.size {
		parts = append(parts, &piece[T]{start: p.start + from, length: min(w.size, p.length-from), split: true})
	}
	w.queue = slices.Replace(w.queue, at, at+1, parts...)
}

// ends tells whether the list ended before p, the piece that is next in order. One empty page says so; where pages were split, as many
// empty parts in a row as make a page, since a few hidden accounts can fill a small part.
func (w *walk[T]) ends(p *piece[T]) bool {
	if p.err != nil || len(p.page.Items) > 0 {
		w.empty = 0
		return p.start >= w.end
	}
	w.empty += p.length
	return !p.split || w.empty >= w.stride
}

// join waits for the requests that are still under way. Their context has been cancelled.
func (w *walk[T]) join() {
	for ; w.inFlight > 0; w.inFlight-- {
		<-w.results
	}
}
