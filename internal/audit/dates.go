package audit

import (
	"context"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// mostDates is for how many people one audit asks when they were last active: the organization answers some two hundred a minute.
const mostDates = 10_000

// dates asks the organization when each of these people was last active on the site: those of whom its pages told nothing, and of whom a finding needs to know.
func (r *run) dates(ctx context.Context, s *spill, v survey) error {
	if len(v.undated) == 0 {
		return nil
	}
	site, err := r.cloudID(ctx)
	if err != nil || site == "" {
		return err
	}
	g, asking := errgroup.WithContext(ctx)
	g.SetLimit(r.auditor.parallel())
	for _, id := range v.undated {
		if asking.Err() != nil {
			break
		}
		g.Go(func() error {
			activity, err := r.auditor.Organization.LastActive(asking, id)
			if rest.IsStatus(err, http.StatusNotFound) {
				return nil // gone since the page
			}
			if err != nil {
				return fmt.Errorf("read when an account was last active: %w", err)
			}
			r.progress.read("last-active dates", 1)
			return s.dates.Add([]byte(id), appendUses(nil, usesOf(activity.Products, site)))
		})
	}
	if v.more > 0 {
		r.note("When %d more people were last active is not known: an audit asks for %d.", v.more, mostDates)
	}
	return r.unlessDenied(g.Wait(), "last-active dates", "never_active and dormant_seat of people whose dates its pages leave out")
}
