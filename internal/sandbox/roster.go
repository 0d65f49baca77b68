package sandbox

import (
	"math/bits"
	"slices"
)

// shuffle is a one-to-one map of 0 … n-1 onto itself: x·mul + add modulo n. It spreads a group's members over the population.
type shuffle struct{ n, mul, inverse, add uint64 }

func newShuffle(key uint64, n int) shuffle {
	s := shuffle{n: uint64(max(n, 1)), mul: 1, inverse: 1}
	s.add = mix(key, 0) % s.n
	for x := s.n*618/1000 + mix(key, 1)%(s.n/8+1); x > 1; x-- {
		if inverse, ok := invert(x%s.n, s.n); ok {
			s.mul, s.inverse = x%s.n, inverse
			break
		}
	}
	return s
}

// invert returns y with x·y ≡ 1 modulo n, if there is one (extended Euclid).
func invert(x, n uint64) (uint64, bool) {
	r0, r1 := int64(n), int64(x)
	t0, t1 := int64(0), int64(1)
	for r1 != 0 {
		q := r0 / r1
		r0, r1 = r1, r0-q*r1
		t0, t1 = t1, t0-q*t1
	}
	if r0 != 1 {
		return 0, false
	}
	return uint64(t0+int64(n)) % n, true
}

func (s shuffle) times(x, y uint64) uint64 {
	high, low := bits.Mul64(x, y)
	_, rest := bits.Div64(high%s.n, low, s.n)
	return rest
}

func (s shuffle) put(x int) int { return int((s.times(uint64(x), s.mul) + s.add) % s.n) }

func (s shuffle) take(y int) int { return int(s.times((uint64(y)+s.n-s.add)%s.n, s.inverse)) }

// segment is a run of n generated accounts: those that order puts at low … low+n-1 of a span.
type segment struct {
	span   span
	order  shuffle
	low, n int
}

func (g segment) at(p *population, k int) int { return p.at(g.span, g.order.take(g.low+k)) }

func (g segment) find(p *population, index int) (int, bool) {
	rank, ok := p.rank(g.span, index)
	if !ok {
		return 0, false
	}
	k := g.order.put(rank) - g.low
	return k, k >= 0 && k < g.n
}

// roster is an ordered set of accounts: computed segments, less those that are gone, then single ones in the order in which they came.
// Reading a page costs as much as the page, whatever the size of the roster.
type roster struct {
	segments []segment
	gone     [][]int // for each segment, the sorted positions that left it
	extras   []int   // account indexes
}

func newRoster(segments ...segment) roster {
	return roster{segments: segments, gone: make([][]int, len(segments))}
}

func (r *roster) clone() roster {
	c := roster{segments: r.segments, gone: make([][]int, len(r.gone)), extras: slices.Clone(r.extras)}
	for i, gone := range r.gone {
		c.gone[i] = slices.Clone(gone)
	}
	return c
}

// left returns how many accounts segment i still has.
func (r *roster) left(i int) int { return r.segments[i].n - len(r.gone[i]) }

// at returns the k-th account that segment i still has.
func (r *roster) at(p *population, i, k int) int {
	gone := r.gone[i]
	// The positions before the sought one that are gone: the first few of the sorted list, found by halving.
	low, high := 0, len(gone)
	for low < high {
		middle := (low + high) / 2
		if gone[middle]-middle <= k {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return r.segments[i].at(p, k+low)
}

// has tells whether the account is in the roster.
func (r *roster) has(p *population, index int) bool {
	if slices.Contains(r.extras, index) {
		return true
	}
	i, k, ok := r.find(p, index)
	if !ok {
		return false
	}
	_, gone := slices.BinarySearch(r.gone[i], k)
	return !gone
}

func (r *roster) find(p *population, index int) (segment, position int, ok bool) {
	if !p.has(index) {
		return 0, 0, false
	}
	for i, g := range r.segments {
		if k, ok := g.find(p, index); ok {
			return i, k, true
		}
	}
	return 0, 0, false
}

// remove takes the account out. Removing one that is not in it changes nothing.
func (r *roster) remove(p *population, index int) {
	r.extras = slices.DeleteFunc(r.extras, func(x int) bool { return x == index })
	if i, k, ok := r.find(p, index); ok {
		if at, gone := slices.BinarySearch(r.gone[i], k); !gone {
			r.gone[i] = slices.Insert(r.gone[i], at, k)
		}
	}
}

// page returns up to limit accounts from position start of the first segments and those extras that keep lets pass, and how many there are in all.
func (r *roster) page(p *population, segments, start, limit int, keep func(int) bool) (page []int, total int) {
	at := start
	for i := range segments {
		left := r.left(i)
		for ; at >= 0 && at < left && len(page) < limit; at++ {
			page = append(page, r.at(p, i, at))
		}
		at -= left
		total += left
	}
	for _, index := range r.extras {
		if !keep(index) {
			continue
		}
		if total >= start && len(page) < limit {
			page = append(page, index)
		}
		total++
	}
	return page, total
}
