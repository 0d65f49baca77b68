package audit

import (
	"cmp"
	"slices"
	"time"
)

// DefaultInactiveDays is after how many days without activity a seat counts as dormant, where a source tells of activity.
const DefaultInactiveDays = 90

// seen is when somebody was last active, and which source says so.
type seen struct {
	at     int64 // 0 = never
	source string
}

// newer keeps the later of two.
func (s seen) newer(other seen) seen {
	if other.at > s.at || s.source == "" {
		return other
	}
	return s
}

// lastSeen is when somebody last used a product of this site. It is not known where no source tells; one that lists the product without a time, and the organization
// asked for this one person that leaves it out, tell that it was never used.
func (j *joined) lastSeen(product string) (s seen, known bool) {
	tell := func(source string, uses []use) {
		for _, u := range uses {
			if u.product == product {
				s, known = s.newer(seen{u.at, source}), true
			}
		}
	}
	if j.org != nil {
		tell(sourceOrganization, j.org.uses)
	}
	if j.export != nil {
		tell(sourceExport, j.export.uses)
	}
	tell(sourceOrganization, j.told)
	if !known && j.asked {
		return seen{0, sourceOrganization}, true
	}
	return s, known
}

// lastActive is when somebody last used any product of this site, as far as any source tells.
func (j *joined) lastActive() (s seen, known bool) {
	for _, p := range j.products() {
		if at, told := j.lastSeen(p); told {
			s, known = s.newer(at), true
		}
	}
	if !known && j.asked {
		return seen{0, sourceOrganization}, true
	}
	return s, known
}

// products gives the products whose use a source tells of. One of "" is the site as a whole.
func (j *joined) products() []string {
	var all []string
	add := func(uses []use) {
		for _, u := range uses {
			if !slices.Contains(all, u.product) {
				all = append(all, u.product)
			}
		}
	}
	if j.org != nil {
		add(j.org.uses)
	}
	if j.export != nil {
		add(j.export.uses)
	}
	add(j.told)
	slices.Sort(all)
	return all
}

// idle says how the products of somebody's seats have been used.
type idle struct {
	dormant []string // not within the window
	unknown []string
	since   seen // the latest use of those that are dormant
	never   bool // no product of the site was ever used, as far as is known
}

// idleSeats looks at each product that somebody holds a seat of. Only a date of that very product counts, or one of the site as a whole that is old enough for all.
func (j *joined) idleSeats(cutoff int64) idle {
	var i idle
	whole, hasWhole := j.lastSeen("")
	if j.asked && whole.at == 0 {
		hasWhole = false // the organization answers by product
	}
	for _, p := range j.seats() {
		at, known := j.lastSeen(p)
		if hasWhole && (!known || whole.at > at.at) && whole.at < cutoff {
			at, known = whole, true
		}
		switch {
		case !known:
			i.unknown = append(i.unknown, p)
		case at.at < cutoff:
			i.dormant = append(i.dormant, p)
			i.since = i.since.newer(at)
		}
	}
	last, known := j.lastActive()
	i.never = known && last.at == 0 && len(i.unknown) == 0
	return i
}

// seats gives the products of which somebody holds a seat, by the groups that grant one.
func (j *joined) seats() []string {
	if !j.active || !j.person() {
		return nil
	}
	var all []string
	for _, g := range j.in {
		for _, p := range g.seats {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	slices.Sort(all)
	return all
}

// granting gives the groups through which somebody holds seats of those products.
func (j *joined) granting(products []string) []*group {
	var groups []*group
	for _, g := range j.in {
		if slices.ContainsFunc(g.seats, func(p string) bool { return slices.Contains(products, p) }) {
			groups = append(groups, g)
		}
	}
	return groups
}

// added is when somebody came to the organization, 0 where nobody tells.
func (j *joined) added() int64 {
	var at int64
	if j.org != nil {
		at = j.org.added
	}
	if j.export != nil {
		at = cmp.Or(at, j.export.added)
	}
	return at
}

// wantsDates reports whether only the organization's answer for this one person can tell whether a seat is dormant.
func (r rules) wantsDates(j *joined) bool {
	if r.cutoff == 0 || j.org == nil || j.asked || !j.found || len(j.seats()) == 0 || j.added() >= r.cutoff {
		return false
	}
	if j.org.status != "" && j.org.status != statusActive {
		return false // whoever can't sign in has other findings
	}
	return len(j.idleSeats(r.cutoff).unknown) > 0
}

func day(at int64) string { return time.Unix(at, 0).UTC().Format(time.DateOnly) }
