package sandbox

import (
	"slices"
	"time"
)

// use is a product that somebody may use, or did on another site, and when they last did.
type use struct {
	product string
	cloudID string
	at      time.Time // zero: never
}

// activity returns when the account was last active and whether that was on another site alone; ok is false for never. It is computed from the
// seed and from the day on which the sandbox started. What is told is never of today: the service is a day late.
func (m *model) activity(a *account) (at time.Time, elsewhere, ok bool) {
	h := mix(m.pop.seed^saltActivity, uint64(a.index))
	days := 0
	switch r := a.org; {
	case r != nil && r.idle == never:
		return time.Time{}, false, false
	case r != nil && r.idle > 0:
		days, elsewhere = r.idle, r.elsewhere
	case !m.pop.has(a.index) && a.index >= m.pop.first:
		return time.Time{}, false, false // came after the start
	default:
		spread := h >> 8
		switch share := h % 100; {
		case share < 4:
			return time.Time{}, false, false
		case share < 80:
			days = 1 + int(spread%14)
		case share < 91:
			days = 15 + int(spread%76)
		default:
			days = 91 + int(spread%400)
		}
		elsewhere = h>>32%50 == 0
		if !a.active {
			days += 60
		}
	}
	moment := time.Duration(h>>40%(10*3600)) * time.Second
	return m.today.AddDate(0, 0, -days).Add(7*time.Hour + moment), elsewhere, true
}

// uses returns the products that the groups let the account use, and one on another site for those who are active there.
func (m *model) uses(a *account, groups []int) []use {
	var list []use
	at, elsewhere, ok := m.activity(a)
	if a.access {
		for _, index := range groups {
			grants, _ := m.groups[index].grants()
			for _, g := range grants {
				if g.role != roleUser || hasUse(list, g.product) {
					continue
				}
				u := use{product: g.product, cloudID: CloudID}
				if ok && !elsewhere {
					// The first product is the one that is used; others were, or never.
					u.at = at.AddDate(0, 0, -len(list)*30)
					if len(list) > 0 && mix(m.pop.seed^saltActivity, uint64(a.index)<<8|uint64(len(list)))%3 == 0 {
						u.at = time.Time{}
					}
				}
				list = append(list, u)
			}
		}
	}
	if ok && (elsewhere || len(list) > 0 && mix(m.pop.seed^saltActivity, uint64(a.index)<<8|255)%40 == 0) {
		// On another site, and later than here: who looks at the product alone takes them for active.
		list = append(list, use{product: "jira-software", cloudID: OtherSiteID, at: m.today.AddDate(0, 0, -1).Add(9 * time.Hour)})
	}
	return list
}

// used returns what uses does, and for somebody who may use nothing of the site any more what they did use: dates outlive the access.
func (m *model) used(a *account, groups []int) []use {
	list := m.uses(a, groups)
	at, elsewhere, ok := m.activity(a)
	here := slices.ContainsFunc(list, func(u use) bool { return u.cloudID == CloudID })
	if ok && !elsewhere && !here {
		list = append(list, use{product: "jira-software", cloudID: CloudID, at: at})
	}
	return list
}

func hasUse(list []use, product string) bool {
	for _, u := range list {
		if u.product == product {
			return true
		}
	}
	return false
}

// v1Keys are the products that the v1 paths know, under the names that they have there. Product Discovery is not among them.
var v1Keys = map[string]string{
	"jira-software": "jira-software", "jira-servicedesk": "jira-service-desk", "jira-core": "jira-core", "confluence": "confluence",
}
