package audit

import (
	"cmp"
	"fmt"
	"slices"
)

// freed gives the idle products whose seats end with leaving the groups that grant them, where nothing else that the person uses, or may use, goes with it.
func (j *joined) freed(cutoff int64) []string {
	var products []string
	i := j.idleSeats(cutoff)
	for _, p := range i.dormant {
		if !slices.ContainsFunc(j.granting([]string{p}), func(g *group) bool { return len(j.losesWith(g, i, cutoff)) > 0 }) {
			products = append(products, p)
		}
	}
	return products
}

// losesWith gives what somebody would lose with a group beside seats that are idle. A product that costs nothing is lost where it is known to be used.
func (j *joined) losesWith(g *group, i idle, cutoff int64) []string {
	var lost []string
	for _, p := range g.seats {
		if !slices.Contains(i.dormant, p) {
			lost = append(lost, p)
		}
	}
	for _, p := range g.free {
		if at, known := j.lastSeen(p); known && at.at >= cutoff && !slices.Contains(lost, p) {
			lost = append(lost, p)
		}
	}
	if !g.told {
		lost = append(lost, j.unexplained(cutoff)...)
	}
	if g.elsewhere {
		lost = append(lost, "something beside this site")
	}
	return lost
}

// unexplained gives the products that somebody uses, and that none of their groups is known to grant: any group may whose roles nobody tells.
func (j *joined) unexplained(cutoff int64) []string {
	return slices.DeleteFunc(j.products(), func(p string) bool {
		at, _ := j.lastSeen(p)
		return p == "" || at.at < cutoff || slices.ContainsFunc(j.in, func(g *group) bool {
			return slices.ContainsFunc(slices.Concat(g.seats, g.free), func(granted string) bool { return family(granted) == family(p) })
		})
	})
}

// kept says why seats can't be freed by groups alone, "" where they can: the first group that gives more.
func (j *joined) kept(products []string, cutoff int64) string {
	i := j.idleSeats(cutoff)
	for _, g := range j.granting(products) {
		if lost := j.losesWith(g, i, cutoff); len(lost) > 0 {
			return fmt.Sprintf(" Leaving the group %q may take away what the person uses or may use, too: %s.", clip(cmp.Or(g.name, g.id), 60), called(lost...))
		}
	}
	return ""
}
