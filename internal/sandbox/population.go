package sandbox

import (
	"strings"
	"time"
)

// epoch is when the generated past begins. A fixed time keeps answers equal from run to run.
var epoch = time.Date(2024, time.January, 8, 9, 0, 0, 0, time.UTC)

// population computes the generated accounts. Accounts come in blocks of 20 that hold the same mix, each shuffled by the seed, so that
// "the k-th active person" is arithmetic rather than a search.
type population struct {
	seed  uint64
	first int // index of the first generated account: those before are seeded
	count int // generated accounts
}

const blockSize = 20

// span is a run of slots in a block: a class of accounts.
type span struct{ start, size int }

// The slots of a block.
var (
	spanSCIM           = span{0, 11} // provisioned by SCIM, active
	spanManaged        = span{11, 1} // managed by the organization, not by SCIM
	spanInvited        = span{12, 3} // external people, active
	spanSCIMInactive   = span{15, 1} // provisioned by SCIM, deactivated
	spanInvitedRetired = span{16, 1} // external people, inactive
	spanApps           = span{17, 1} // apps
	spanCustomers      = span{18, 2} // portal-only customers
	spanActive         = span{0, 15} // everybody who may be in a group and is active
	spanInactive       = span{15, 2} // everybody who may be in a group and is not
)

func (s span) holds(slot int) bool { return slot >= s.start && slot < s.start+s.size }

// units are the numbers below 20 that have an inverse modulo 20, and inverses those.
var (
	units    = [8]int{1, 3, 7, 9, 11, 13, 17, 19}
	inverses = [8]int{1, 7, 3, 9, 11, 17, 13, 19}
)

// slot returns the slot of the g-th generated account. A last, partial block is not shuffled, so its slots are its first ones.
func (p *population) slot(g int) int {
	block, place := g/blockSize, g%blockSize
	if (block+1)*blockSize > p.count {
		return place
	}
	h := mix(p.seed^saltSlot, uint64(block))
	return (units[h&7]*place + int(h>>3%blockSize)) % blockSize
}

// place is the inverse of slot.
func (p *population) place(block, slot int) int {
	if (block+1)*blockSize > p.count {
		return block*blockSize + slot
	}
	h := mix(p.seed^saltSlot, uint64(block))
	return block*blockSize + inverses[h&7]*(slot+blockSize-int(h>>3%blockSize))%blockSize
}

// size returns how many generated accounts are in s.
func (p *population) size(s span) int {
	return p.count/blockSize*s.size + min(max(p.count%blockSize-s.start, 0), s.size)
}

// at returns the index of the k-th account of s, 0 ≤ k < size.
func (p *population) at(s span, k int) int {
	return p.first + p.place(k/s.size, s.start+k%s.size)
}

// rank returns k such that at(s, k) is the account with this index, and false when it is not in s.
func (p *population) rank(s span, index int) (int, bool) {
	g := index - p.first
	slot := p.slot(g)
	if !s.holds(slot) {
		return 0, false
	}
	return g/blockSize*s.size + slot - s.start, true
}

// has tells whether index is a generated account.
func (p *population) has(index int) bool { return index >= p.first && index < p.first+p.count }

// fill computes the generated account with this index into room. It does not fill its groups.
func (p *population) fill(index int, room *scratch) {
	a := &room.account
	g := index - p.first
	slot := p.slot(g)
	traits := mix(p.seed^saltTraits, uint64(index))
	n := nameOf(p.seed, g)
	*a = account{
		index: index, id: accountID(p.seed, index), kind: typeAtlassian, access: true, active: true,
		display: n.display(traits), timezone: timezones[traits%uint64(len(timezones))], locale: "en_US",
	}
	switch {
	case spanApps.holds(slot):
		a.kind, a.appType = typeApp, [...]string{"service", "agent", "unknown"}[traits>>8%3]
		a.display = n.family() + " " + appNames[traits>>16%uint64(len(appNames))]
		a.active = traits>>24%8 != 0
		a.privacy = privacy(1 + traits>>32%3)
		return
	case spanCustomers.holds(slot):
		a.kind = typeCustomer
		a.email = n.local() + "@customer.example"
		if traits>>8%128 == 0 {
			a.kind, a.active = typeUnknown, false
		}
	case spanInvited.holds(slot), spanInvitedRetired.holds(slot):
		a.email = n.local() + "@" + externalDomains[traits>>8%uint64(len(externalDomains))]
		a.active = spanInvited.holds(slot)
		if traits>>16%3 == 0 {
			a.privacy = privacy(1 + traits>>24%3)
		}
		return
	default:
		a.email = n.local() + "@" + verifiedDomain
		a.managed = true
		a.active = !spanSCIMInactive.holds(slot)
		if traits>>16%16 == 0 {
			a.privacy = privacy(1 + traits>>24%3)
		}
		if spanManaged.holds(slot) {
			return
		}
	}
	if a.kind != typeAtlassian {
		return
	}
	a.scim = &room.scim
	if !room.brief {
		p.fillRecord(a, n, traits)
	}
}

// fillRecord computes the SCIM record of a generated account.
func (p *population) fillRecord(a *account, n name, traits uint64) {
	created := epoch.Add(time.Duration(a.index%(600*24)) * time.Hour)
	department := departments[traits>>40%uint64(len(departments))]
	*a.scim = scimUser{
		id: uuid(p.seed, saltSCIMUser, uint64(a.index)),
		profile: profile{
			UserName: a.email, ExternalID: externalID(p.seed, a.index), DisplayName: a.display, Active: a.active,
			Name:   &profileName{GivenName: n.given(), FamilyName: n.family(), Formatted: a.display},
			Title:  titles[traits>>48%uint64(len(titles))],
			Emails: []profileValue{{Value: a.email, Type: "work", Primary: true}}, Timezone: a.timezone,
			Department: department, Enterprise: &enterprise{Organization: "Example", Department: department},
		},
		created: created, modified: created, linked: created,
	}
}

// byLocal returns the index of the generated account whose address begins with local, or -1. Whether the domain fits is for the caller.
func (p *population) byLocal(local string) int {
	n, ok := parseLocal(strings.ToLower(local))
	if !ok {
		return -1
	}
	if g := n.number(p.seed); g < p.count {
		return p.first + g
	}
	return -1
}

var (
	externalDomains = []string{"partner.example", "contractor.example", "freelance.example"}
	departments     = []string{"Engineering", "Finance", "Legal", "Marketing", "Operations", "People", "Product", "Sales", "Support"}
	titles          = []string{"Analyst", "Architect", "Consultant", "Designer", "Director", "Engineer", "Manager", "Specialist"}
	timezones       = []string{"Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Europe/London", "America/Los_Angeles"}
	appNames        = []string{"Automation", "Bot", "Connector", "Dashboards", "for Slack", "Importer", "Sync", "Timesheets"}
)
