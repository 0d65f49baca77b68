package audit

import (
	"context"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// mostDates is for how many people one audit asks when they were last active: the organization answers some two hundred a minute.
const mostDates = 10_000

// survey is what has to be known of everybody before the first finding is written.
type survey struct {
	people, leavers int      // active people of the site, and those whom the roster does not have or has as gone
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
		v.people++
		if why, _ := r.leaver(j); why != "" {
			v.leavers++
		}
		if !r.organization {
			return nil
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
		"By the roster %d of the %d active people of the site have left: more than half.", v.leavers, v.people).
		With(map[string]int{"leavers": v.leavers, "active_people": v.people})
}

// dates asks the organization when each of these people was last active on the site: those of whom its pages told nothing, and of whom a finding needs to know.
func (r *run) dates(ctx context.Context, s *spill, v survey) error {
	if len(v.undated) == 0 {
		return nil
	}
	site, err := r.cloudID(ctx)
	if err != nil || site == "" {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(r.auditor.parallel())
	for _, id := range v.undated {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			activity, err := r.auditor.Organization.LastActive(ctx, id)
			if rest.IsStatus(err, http.StatusNotFound) {
				return nil // gone since the page
			}
			if err != nil {
				return fmt.Errorf("read when an account was last active: %w", err)
			}
			r.progress.read("last-active dates", 1)
			out := spooler{spill: s}
			return out.dated(id, usesOf(activity.Products, site))
		})
	}
	if v.more > 0 {
		r.note("When %d more people were last active is not known: an audit asks for %d.", v.more, mostDates)
	}
	return r.unlessDenied(g.Wait(), "last-active dates", "never_active and dormant_seat of people whose dates its list leaves out")
}
