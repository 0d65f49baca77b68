package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
)

// byName accepts a display name that one person has, in any case of its letters. A name that only begins somebody's is not taken for theirs:
// those people come back as near matches.
func (d *Directory) byName(ctx context.Context, client *jira.Client, name string, control bool) (Person, error) {
	matches, err := searchUsers(ctx, client, name, 0, searchDepth)
	if err != nil {
		return Person{}, err
	}
	exact := slices.DeleteFunc(slices.Clone(matches), func(u jira.User) bool { return !strings.EqualFold(u.DisplayName, name) })
	switch len(exact) {
	case 0:
		return Person{}, d.noSuchPerson(ctx, client, name, matches)
	case 1:
		return d.byAccountID(ctx, client, exact[0].AccountID, control)
	}
	return Person{}, ambiguous(name, exact)
}

func ambiguous(asked string, users []jira.User) error {
	return fault.New(fault.Ambiguous, "Ask which one is meant and use the account_id.", "%q means %d people.", asked, len(users)).
		With(Others{Candidates: candidates(users)})
}

// maxCandidates caps the candidates that an error carries.
const maxCandidates = 10

func candidates(users []jira.User) []Candidate {
	list := make([]Candidate, 0, maxCandidates)
	for _, u := range users[:min(len(users), maxCandidates)] {
		list = append(list, Candidate{AccountID: u.AccountID, DisplayName: u.DisplayName, Email: u.EmailAddress, Active: u.Active})
	}
	return list
}

// noSuchPerson makes the not_found of an e-mail or a name that nobody has: after making sure that the credential could have seen
// somebody, and with people who are near to it: those whose name begins so, or who are written nearly so.
func (d *Directory) noSuchPerson(ctx context.Context, client *jira.Client, asked string, begins []jira.User) error {
	if err := d.mayBrowse(ctx); err != nil {
		return err
	}
	near := candidates(begins[:min(len(begins), 5)])
	if len(near) == 0 {
		var err error
		if near, err = nearMatches(ctx, client, asked); err != nil {
			return err
		}
	}
	hint := "Jira's search finds active people, and by e-mail only those who show it. For someone inactive use the account id, or audit_active_users, whose report lists every account."
	if len(near) > 0 {
		hint = "If one of the near matches is meant, use its account_id. " + hint
	}
	none := fault.New(fault.NotFound, hint, "Nobody found for %q.", asked)
	if len(near) > 0 {
		none.Details = Others{Near: near}
	}
	return none
}
