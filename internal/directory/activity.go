package directory

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	noActivity = "no activity on this site is recorded (it can be a day late)"
	noApp      = "the person may use no app of this site now"
	// recallPatience is how long a look-up waits for the last active dates where the organization has been asked too often.
	recallPatience = 3 * time.Second
)

// lastActive takes the newest activity on this site from what one request told of the person, which is of the apps that they may use now. What somebody
// did on another site says nothing of this one.
func (p *Person) lastActive(a OrgAccount, cloudID string) {
	if cloudID == "" {
		p.LastActiveNote = "the site's cloud id could not be read, so activity here can't be told from activity on another site"
		return
	}
	last, mayUse := newestOn(cloudID, a.Products)
	if p.activeOn(last); !mayUse {
		p.LastActiveNote = noApp + ", and whether there was activity before was not asked"
		p.FormerSite = cloudID
	}
}

func (p *Person) activeOn(last time.Time) {
	if last.IsZero() {
		p.LastActiveNote = noActivity
		return
	}
	text := last.UTC().Format(time.RFC3339)
	p.LastActive, p.LastActiveNote = &text, ""
}

// newestOn is the newest activity on a site, and whether any app of it is among the products.
func newestOn(cloudID string, products []admin.ProductAccess) (last time.Time, any bool) {
	for _, product := range products {
		if !strings.HasSuffix(product.ID, "/"+cloudID) {
			continue
		}
		if any = true; product.LastActive.After(last) {
			last = product.LastActive
		}
	}
	return last, any
}

// RecallActivity asks when somebody who may use no app of the site any more, as after an offboarding, was last active on it. For anybody else it asks nothing.
// It costs one round trip, and errors are told in [Person.LastActiveNote].
func (d *Directory) RecallActivity(ctx context.Context, p *Person) {
	if p.FormerSite == "" || d.org == nil {
		return
	}
	activity, err := d.org.LastActive(rest.WithPatience(ctx, recallPatience), p.AccountID)
	if err != nil && !rest.IsStatus(err, http.StatusNotFound) {
		p.LastActiveNote = noApp + ", and when they last were active could not be read: " + explain.Fault(err).Message
		return
	}
	last, _ := newestOn(p.FormerSite, activity.Products)
	p.activeOn(last)
}
