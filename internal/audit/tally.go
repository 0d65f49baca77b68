package audit

import (
	"cmp"
	"slices"
)

// tally counts findings and keeps enough of them for the answer: of each code and severity those that weigh most, and the first of equals.
type tally struct {
	limit      int
	total      int
	byCode     map[Code]int
	bySeverity map[string]int
	kept       map[kind][]weighed
}

// weighed is a finding and how much access it is about.
type weighed struct {
	Finding
	weight int
}

type kind struct {
	severity Severity
	code     Code
}

func newTally(limit int) tally {
	return tally{limit: limit, byCode: map[Code]int{}, bySeverity: map[string]int{}, kept: map[kind][]weighed{}}
}

func (t *tally) add(f Finding, weight int) {
	t.total++
	t.byCode[f.Code]++
	t.bySeverity[string(f.Severity)]++
	k := kind{f.Severity, f.Code}
	kept := t.kept[k]
	if len(kept) >= t.limit && weight <= kept[len(kept)-1].weight {
		return
	}
	at, _ := slices.BinarySearchFunc(kept, weight, func(w weighed, weight int) int {
		if w.weight >= weight {
			return -1 // behind its equals
		}
		return 1
	})
	t.kept[k] = slices.Insert(kept[:min(len(kept), t.limit-1)], min(at, t.limit-1), weighed{f, weight})
}

// sample gives up to limit findings, most severe first. Each kind gets an equal share before the most severe take the rest:
// ten thousand of one kind must not hide that there are others.
func (t *tally) sample() []Finding {
	kinds := make([]kind, 0, len(t.kept))
	for k := range t.kept {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b kind) int {
		return cmp.Or(cmp.Compare(a.severity.rank(), b.severity.rank()), cmp.Compare(a.code, b.code))
	})
	lists := make([][]Finding, len(kinds))
	for i, k := range kinds {
		for _, w := range t.kept[k] {
			lists[i] = append(lists[i], w.Finding)
		}
	}
	return share(lists, t.limit)
}

// share takes up to limit from lists, the most important first: each gives an equal share before the first ones give the rest.
func share[T any](lists [][]T, limit int) []T {
	take, left := make([]int, len(lists)), limit
	for _, most := range []int{max(1, limit/max(1, len(lists))), limit} {
		for i, list := range lists {
			n := min(left, min(most, len(list))-take[i])
			take[i] += n
			left -= n
		}
	}
	all := make([]T, 0, limit-left)
	for i, list := range lists {
		all = append(all, list[:take[i]]...)
	}
	return all
}

// rank orders severities, the most severe first.
func (s Severity) rank() int { return slices.Index(severities[:], s) }
