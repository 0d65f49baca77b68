package sandbox

import "slices"

// layout deals accounts out to groups so that an account is in at most one group of the layout: each group owns a run of the layout's order.
type layout struct {
	active, inactive span
	groups           []int // indexes of groups, in order
	first, second    cut   // of the active and of the inactive accounts
}

// cut is an order of a span and where each group's run in it begins; the last bound is where the dealing ends, the rest is in no group.
type cut struct {
	order  shuffle
	bounds []int
}

// newLayout deals the given shares (of 1) of the active accounts out; of the inactive ones, who mostly lost theirs, a third of that.
func newLayout(p *population, key uint64, active, inactive span, groups []int, shares []float64) *layout {
	return &layout{
		active: active, inactive: inactive, groups: groups,
		first:  newCut(key, p.size(active), shares, 1),
		second: newCut(key+1, p.size(inactive), shares, 1.0/3),
	}
}

func newCut(key uint64, n int, shares []float64, scale float64) cut {
	c := cut{order: newShuffle(key, n), bounds: make([]int, 1, len(shares)+1)}
	sum := 0.0
	for _, share := range shares {
		sum += share * scale
		c.bounds = append(c.bounds, min(int(sum*float64(n)), n))
	}
	return c
}

// owner returns which group's run holds the position, or -1.
func (c cut) owner(position int) int {
	i, exact := slices.BinarySearch(c.bounds, position)
	if !exact {
		i--
	}
	// A run may be empty: of several that begin here, the last one holds the position.
	for i+1 < len(c.bounds) && c.bounds[i+1] <= position {
		i++
	}
	if i >= len(c.bounds)-1 {
		return -1
	}
	return i
}

// groupOf returns the group that a generated account is in, or -1.
func (l *layout) groupOf(p *population, index int) int {
	rank, ok := p.rank(l.active, index)
	c := l.first
	if !ok {
		if rank, ok = p.rank(l.inactive, index); !ok {
			return -1
		}
		c = l.second
	}
	if k := c.owner(c.order.put(rank)); k >= 0 {
		return l.groups[k]
	}
	return -1
}

// roster returns the computed members of the layout's k-th group: segment 0 is active, segment 1 is not.
func (l *layout) roster(k int) roster {
	part := func(s span, c cut) segment {
		return segment{span: s, order: c.order, low: c.bounds[k], n: c.bounds[k+1] - c.bounds[k]}
	}
	return newRoster(part(l.active, l.first), part(l.inactive, l.second))
}
