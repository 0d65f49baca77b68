package audit

import (
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// survey is what has to be known of everybody before the first finding is written.
type survey struct {
	people, leavers int      // active people of the site who can be compared with the roster, and those whom it does not have or has as gone
	incomparable    int      // those who can't be compared
	all, known      int      // active people of the site, and those whom the organization knows
	undated         []string // accounts whose seats can be judged only by asking for each, the first mostDates of them
	more            int      // how many there are beyond
}

// lookAround walks the joined accounts once, where a roster or the organization make that necessary.
func lookAround(ctx context.Context, s *spill, groups *groupTable, r rules) (survey, error) {
	var v survey
	if !r.roster && !r.organization {
		return v, nil
	}
	err := eachJoined(ctx, s, false, func(_ []byte, j *joined) error {
		if !j.found || !j.active || !j.person() {
			return nil
		}
		if r.incomparable(j) {
			v.incomparable++
		} else {
			v.people++
		}
		if why, _ := r.leaver(j); why != "" {
			v.leavers++
		}
		if !r.organization {
			return nil
		}
		if v.all++; j.org != nil {
			v.known++
		}
		if j.in = groups.of(j.numbers); r.wantsDates(j) {
			if len(v.undated) < mostDates {
				v.undated = append(v.undated, j.id)
			} else {
				v.more++
			}
		}
		return nil
	})
	return v, err
}

// refuse refuses a roster that would have most of the site leave: as a rule it is another list, or half of one.
func (v survey) refuse(o Options) error {
	if o.ConfirmRoster || 2*v.leavers <= v.people {
		return nil
	}
	return fault.New(fault.InvalidArgument,
		"Check that the file lists everybody who should have access, under the e-mails that they sign in with. If it does, audit again with confirm_roster true.",
		"By the roster %d of the %d active people of the site%s have left: more than half.", v.leavers, v.people, v.only()).
		With(map[string]int{"leavers": v.leavers, "active_people": v.people})
}

// nobodyKnown refuses an organization that has none of the site's people: it is another one than the site's.
func (v survey) nobodyKnown() error {
	if v.known > 0 || v.all == 0 {
		return nil
	}
	return fault.New(fault.NotConfigured, "Set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY to those of the site's organization and start the server again.",
		"The organization knows none of the %d active people of the site: it is another organization than the site's.", v.all)
}

// only says that not everybody was compared.
func (v survey) only() string {
	if v.incomparable == 0 {
		return ""
	}
	return " who can be compared with it"
}
