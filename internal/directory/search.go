package directory

import (
	"context"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// searchWall is the match behind which Jira's user search never goes (GET /user/search).
const searchWall = 1000

// Found is one page of a search.
type Found struct {
	People []Person
	Next   string
	// Truncated tells that Jira's search stopped at its 1,000th match, so that there may be more people than it shows.
	Truncated bool
}

// Search finds active people whose name or visible e-mail has a word that starts with query; an exact e-mail also finds people whose e-mail
// Jira hides, through SCIM. Groups are not read: resolve a person for those. It costs one round trip, and a second
// one to be sure that a page that is not full is the last.
func (d *Directory) Search(ctx context.Context, query string, limit int, cursor string) (Found, error) {
	client, err := d.Jira()
	if err != nil {
		return Found{}, err
	}
	start, err := openCursor(cursor, "users", query)
	if err != nil {
		return Found{}, err
	}
	if start >= searchWall {
		return Found{}, errNoCursor()
	}
	limit = min(limit, searchWall-start)

	var matches []jira.User
	var exact *Person
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() (err error) {
		matches, err = searchUsers(both1, client, query, start, min(limit+1, searchWall-start))
		return err
	})
	if strings.Contains(query, "@") && start == 0 && d.scim != nil {
		if target, err := parseEmail(query); err == nil {
			both.Go(func() error {
				user, ok, err := d.scim.FindUser(both1, target.Value)
				if ok {
					d.links.learn(user)
					p := join(nil, &user, true, d.knownDomains())
					p.Warnings = []string{}
					exact = &p
				}
				return err
			})
		}
	}
	if err := both.Wait(); err != nil {
		return Found{}, err
	}

	found := Found{People: []Person{}}
	if len(matches) > limit {
		matches = matches[:limit]
		found.Next = sealCursor("users", query, start+limit)
	}
	found.Truncated = start+len(matches) >= searchWall
	for i := range matches {
		p := join(&matches[i], nil, false, d.knownDomains())
		if exact != nil && exact.AccountID == p.AccountID {
			p.SCIM, p.Sources, exact = exact.SCIM, append(p.Sources, SourceSCIM), nil
		}
		found.People = append(found.People, p)
	}
	if exact != nil {
		found.People = append(found.People, *exact)
	}
	if len(found.People) == 0 && start == 0 {
		return found, d.mayBrowse(ctx)
	}
	return found, nil
}

// searchUsers returns want matches from start on, or all that there are. A site may give shorter pages than it was asked for, so that only an
// empty one, or the wall, is the end.
func searchUsers(ctx context.Context, client *jira.Client, query string, start, want int) ([]jira.User, error) {
	var matches []jira.User
	for len(matches) < want && start+len(matches) < searchWall {
		page, err := client.SearchUsers(ctx, query, start+len(matches), want-len(matches))
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		matches = append(matches, page...)
	}
	return matches, nil
}

// CheckQuery refuses a search text that is empty, too long or not readable.
func CheckQuery(query string) (string, error) {
	value := strings.TrimSpace(query)
	switch {
	case value == "":
		return "", fault.New(fault.InvalidArgument, "Give the start of a name or of an e-mail. To see everybody use audit_active_users.", "The argument query is empty.")
	case len([]rune(value)) > maxName:
		return "", fault.New(fault.InvalidArgument, "Shorten it.", "The argument query is longer than %d characters.", maxName)
	case strings.ContainsFunc(value, invisible):
		return "", fault.New(fault.InvalidArgument, "Type it again without copying.", "The argument query contains control or invisible characters.")
	}
	return value, nil
}
