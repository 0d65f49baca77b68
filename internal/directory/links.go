package directory

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// links remembers which SCIM user stands behind an account id. SCIM can't be filtered by account id, so the first question about
// an account costs a search; the link itself never changes, and every use of it reads the SCIM user again.
type links struct {
	mu      sync.Mutex
	byID    map[string]string // account id → SCIM id
	seen    map[string]int    // domain → SCIM users of it on the first page
	whole   time.Time         // when every SCIM user was last seen; zero = never
	tooMany bool              // the directory is larger than a search by account id may walk
}

const (
	scimPage = 100
	// maxLinks caps the memory of links at about 1 MB.
	maxLinks = 10_000
	// walkPages caps what one search by account id may read: 2,000 SCIM users.
	walkPages = 20
	// wholeAge is for how long a complete walk proves that an account is not in SCIM.
	wholeAge = time.Minute
)

func (l *links) learn(users ...scim.User) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = map[string]string{}
	}
	for _, u := range users {
		if u.AccountID == "" {
			continue
		}
		if len(l.byID) >= maxLinks {
			for id := range l.byID { // any one: a lost link costs a search, nothing else
				delete(l.byID, id)
				break
			}
		}
		l.byID[u.AccountID] = u.ID
	}
}

func (l *links) of(accountID string) (scimID string, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	scimID, known = l.byID[accountID]
	return scimID, known
}

func (l *links) forget(accountID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byID, accountID)
}

// scimAnswer is what SCIM said about one account: the user, or its absence, or that it could not be told yet.
type scimAnswer struct {
	user    *scim.User
	settled bool // absence is proved, not assumed
}

// scimByLink asks for the SCIM user of an account in the one round trip that runs beside Jira's: by the remembered link, or by the
// first page of the directory, which is all of a small one.
func (d *Directory) scimByLink(ctx context.Context, accountID string) (scimAnswer, error) {
	if d.scim == nil {
		return scimAnswer{settled: true}, nil
	}
	if id, known := d.links.of(accountID); known {
		user, err := d.scim.User(ctx, id)
		switch {
		case rest.IsStatus(err, 404): // unlinked since
			d.links.forget(accountID)
		case err != nil:
			return scimAnswer{}, err
		case user.AccountID == accountID:
			return scimAnswer{user: &user, settled: true}, nil
		}
	}
	page, err := d.firstSCIMPage(ctx)
	if err != nil {
		return scimAnswer{}, err
	}
	for i := range page.Users {
		if page.Users[i].AccountID == accountID {
			return scimAnswer{user: &page.Users[i], settled: true}, nil
		}
	}
	return scimAnswer{settled: page.Total <= len(page.Users)}, nil
}

// firstSCIMPage reads the first page of the directory and learns from it: links, and which domains SCIM provisions.
func (d *Directory) firstSCIMPage(ctx context.Context) (scim.UserPage, error) {
	page, err := d.scim.Users(ctx, scim.Filter{}, 1, scimPage)
	if err != nil {
		return scim.UserPage{}, err
	}
	d.links.learn(page.Users...)
	d.links.mu.Lock()
	defer d.links.mu.Unlock()
	d.links.seen = map[string]int{}
	for _, u := range page.Users {
		if domain := Domain(u.UserName); domain != "" {
			d.links.seen[domain]++
		}
	}
	return page, nil
}

// scimByWalk searches the directory for an account that neither link nor e-mail led to. It reads at most walkPages pages, several side by
// side, and remembers every link it meets; a directory larger than that is left alone, and the answer stays unsettled.
func (d *Directory) scimByWalk(ctx context.Context, accountID string) (scimAnswer, error) {
	d.links.mu.Lock()
	fresh, tooMany := time.Since(d.links.whole) < wholeAge, d.links.tooMany
	d.links.mu.Unlock()
	if fresh || tooMany {
		return scimAnswer{settled: fresh}, nil
	}
	page, err := d.firstSCIMPage(ctx)
	if err != nil {
		return scimAnswer{}, err
	}
	if page.Total > walkPages*scimPage {
		d.links.mu.Lock()
		d.links.tooMany = true
		d.links.mu.Unlock()
		return scimAnswer{}, nil
	}
	var found *scim.User
	for users, err := range d.scim.AllUsers(ctx, rest.PageOptions{Size: scimPage}) {
		if err != nil {
			return scimAnswer{}, err
		}
		d.links.learn(users...)
		for i := range users {
			if users[i].AccountID == accountID {
				found = &users[i]
			}
		}
	}
	d.links.mu.Lock()
	d.links.whole = time.Now()
	d.links.mu.Unlock()
	return scimAnswer{user: found, settled: true}, nil
}

// Domains returns the e-mail domains that SCIM provisions: those of the settings, else those that make up at least a tenth of the
// directory's first page. It is empty without SCIM.
func (d *Directory) Domains(ctx context.Context) ([]string, error) {
	if d.scim == nil || len(d.domains) > 0 {
		return d.domains, nil
	}
	if domains := d.knownDomains(); domains != nil {
		return domains, nil
	}
	if _, err := d.firstSCIMPage(ctx); err != nil {
		return nil, err
	}
	return d.knownDomains(), nil
}

// knownDomains is Domains without asking anybody: nil when SCIM has not been read yet.
func (d *Directory) knownDomains() []string {
	if len(d.domains) > 0 {
		return d.domains
	}
	d.links.mu.Lock()
	defer d.links.mu.Unlock()
	total := 0
	for _, n := range d.links.seen {
		total += n
	}
	var domains []string
	for domain, n := range d.links.seen {
		if n*10 >= total {
			domains = append(domains, strings.ToLower(domain))
		}
	}
	return domains
}
