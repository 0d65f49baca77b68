package directory

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// links remembers which SCIM user stands behind an account id. SCIM can't be filtered by account id, so the first question about
// an account costs a search; the link itself never changes, and every use of it reads the SCIM user again.
type links struct {
	mu      sync.Mutex
	byID    map[string]string // account id → SCIM id
	emails  map[string]string // account id → e-mail that Jira showed, of accounts without a link
	seen    map[string]int    // domain → SCIM users of it on the first page
	total   int               // SCIM users in all, when the first page was read
	firstAt time.Time         // when that was
	whole   time.Time         // when every SCIM user was last seen; zero = never
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
		put(l.byID, u.AccountID, u.ID)
	}
}

// learnEmail remembers by which e-mail SCIM can be asked about an account the next time.
func (l *links) learnEmail(accountID, email string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.emails == nil {
		l.emails = map[string]string{}
	}
	put(l.emails, accountID, email)
}

func (l *links) email(accountID string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.emails[accountID]
}

// put adds to a bounded map. When it is full any other entry goes: a lost one costs a search, nothing else.
func put(m map[string]string, key, value string) {
	if _, known := m[key]; !known && len(m) >= maxLinks {
		for other := range m {
			delete(m, other)
			break
		}
	}
	m[key] = value
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
	settled bool   // absence is proved, not assumed
	asked   string // the e-mail that SCIM does not have
}

// scimByLink asks for the SCIM user of an account in the one round trip that runs beside Jira's: by the remembered link, else by the e-mail that
// Jira showed the last time, else by the first page of the directory, which is all of a small one.
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
	if email := d.links.email(accountID); email != "" {
		return d.scimByEmail(ctx, accountID, email)
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
	return scimAnswer{settled: page.Total <= len(page.Users) && !anyUnlinked(page.Users)}, nil
}

// anyUnlinked tells whether SCIM does not know the account id of one of users yet: it may be anybody's.
func anyUnlinked(users []scim.User) bool {
	return slices.ContainsFunc(users, func(u scim.User) bool { return u.AccountID == "" })
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
	d.links.seen, d.links.total, d.links.firstAt = map[string]int{}, page.Total, time.Now()
	for _, u := range page.Users {
		if domain := Domain(u.UserName); domain != "" {
			d.links.seen[domain]++
		}
	}
	return page, nil
}

// walked tells whether every SCIM user was seen within the last minute.
func (l *links) walked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.whole) < wholeAge
}

// scimByWalk searches the directory for an account that neither link nor e-mail led to. It reads at most walkPages pages, all side by
// side, and remembers every link it meets; a directory larger than that is left alone, and the answer stays unsettled.
func (d *Directory) scimByWalk(ctx context.Context, accountID string) (scimAnswer, error) {
	if d.scim == nil || d.links.walked() {
		return scimAnswer{settled: true}, nil
	}
	total, err := d.scimTotal(ctx)
	if err != nil || total > walkPages*scimPage {
		return scimAnswer{}, err
	}
	var mu sync.Mutex
	var found *scim.User
	unlinked := false
	pages, pages1 := parallel.WithContext(ctx)
	for start := 1; start <= total; start += scimPage {
		pages.Go(func() error {
			page, err := d.scim.Users(pages1, scim.Filter{}, start, scimPage)
			if err != nil {
				return err
			}
			d.links.learn(page.Users...)
			mu.Lock()
			defer mu.Unlock()
			unlinked = unlinked || anyUnlinked(page.Users)
			for i := range page.Users {
				if page.Users[i].AccountID == accountID {
					found = &page.Users[i]
				}
			}
			return nil
		})
	}
	if err := pages.Wait(); err != nil {
		return scimAnswer{}, err
	}
	if unlinked {
		return scimAnswer{user: found, settled: found != nil}, nil
	}
	d.links.mu.Lock()
	d.links.whole = time.Now()
	d.links.mu.Unlock()
	return scimAnswer{user: found, settled: true}, nil
}

// scimTotal is how many SCIM users there are, at most a minute old.
func (d *Directory) scimTotal(ctx context.Context) (int, error) {
	d.links.mu.Lock()
	total, fresh := d.links.total, time.Since(d.links.firstAt) < wholeAge
	d.links.mu.Unlock()
	if fresh {
		return total, nil
	}
	page, err := d.firstSCIMPage(ctx)
	return page.Total, err
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
