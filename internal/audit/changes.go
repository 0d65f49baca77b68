package audit

import (
	"fmt"
	"maps"
	"slices"
)

// changeList counts changes and keeps enough of them for the answer.
type changeList struct {
	limit, total int
	counts       map[ChangeKind]int
	found, fixed map[Code]int
	kept         map[changeClass][]Change
}

type changeClass struct {
	kind     ChangeKind
	severity Severity
}

func newChangeList(limit int) changeList {
	return changeList{limit: limit, counts: map[ChangeKind]int{}, found: map[Code]int{}, fixed: map[Code]int{}, kept: map[changeClass][]Change{}}
}

func (l *changeList) add(c Change) {
	l.total++
	l.counts[c.Kind]++
	switch c.Kind {
	case NewFinding:
		l.found[c.Code]++
	case FixedFinding:
		l.fixed[c.Code]++
	}
	class := changeClass{c.Kind, c.Severity}
	if len(l.kept[class]) < l.limit {
		c.Detail = clip(c.Detail, 300)
		for _, list := range []*[]string{&c.Added, &c.Removed} {
			if more := len(*list) - rowGroups; more > 0 {
				*list = append((*list)[:rowGroups:rowGroups], fmt.Sprintf("and %d more", more))
			}
		}
		l.kept[class] = append(l.kept[class], c)
	}
}

func (l *changeList) comparison(before, after string) Comparison {
	classes := slices.SortedFunc(maps.Keys(l.kept), func(a, b changeClass) int { return a.rank() - b.rank() })
	lists := make([][]Change, len(classes))
	for i, class := range classes {
		lists[i] = l.kept[class]
	}
	return Comparison{Before: before, After: after, Counts: l.counts, New: l.found, Fixed: l.fixed, Total: l.total, Changes: share(lists, l.limit)}
}

// changeOrder is what somebody wants to see first: who got in, or got more.
var changeOrder = []changeClass{
	{NewFinding, High},
	{AdminChange, ""},
	{RoleChange, ""},
	{NewFinding, Medium},
	{NewAccount, ""},
	{StatusChange, ""},
	{FixedFinding, High},
	{GroupChange, ""},
	{GoneAccount, ""},
	{SeatChange, ""},
	{FixedFinding, Medium},
	{NewFinding, Low},
	{EmailChange, ""},
	{FixedFinding, Low},
	{NewFinding, Info},
	{FixedFinding, Info},
	{NameChange, ""},
}

func (c changeClass) rank() int { return slices.Index(changeOrder, c) }

// Within gives the comparison with as many of its changes as fit in that many bytes of JSON.
func (c Comparison) Within(bytes int) Comparison {
	changes := c.Changes
	c.Changes = []Change{}
	left := bytes - size(c)
	for _, change := range changes {
		if left -= size(change) + 1; left < 0 {
			break
		}
		c.Changes = append(c.Changes, change)
	}
	return c
}
