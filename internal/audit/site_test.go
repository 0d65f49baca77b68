package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// site is a Jira site and a SCIM directory in memory.
type site struct {
	users     [][]jira.User // pages
	groups    [][]jira.Group
	admins    map[string][][]jira.Group // by access type
	members   map[string][]jira.User    // by group id
	scimUsers []scim.User
	most      int // members or SCIM users on a page, whatever is asked for; 0 = as asked

	// fail gives the error of a page, by the list ("users", "groups", a group's id, "scim") and the page's number; nil: none.
	fail func(list string, page int) error

	mu     sync.Mutex
	served int // pages given
}

func (s *site) AllUsers(ctx context.Context, _ rest.PageOptions) iter.Seq2[[]jira.User, error] {
	return serve(ctx, s, "users", s.users)
}

func (s *site) AllGroups(ctx context.Context, q jira.GroupQuery, _ rest.PageOptions) iter.Seq2[[]jira.Group, error] {
	if q.AccessType != "" {
		return serve(ctx, s, "administrators", s.admins[q.AccessType])
	}
	return serve(ctx, s, "groups", s.groups)
}

func (s *site) GroupMembers(ctx context.Context, id string, inactive bool, start, most int) (jira.MemberPage, error) {
	if !inactive {
		return jira.MemberPage{}, errors.New("asked for active members only")
	}
	users, err := cut(ctx, s, id, s.members[id], start, most)
	return jira.MemberPage{Users: users, Total: len(s.members[id]), Last: start+len(users) >= len(s.members[id])}, err
}

// directory is the SCIM side of a site.
type directory struct{ *site }

func (d directory) Users(ctx context.Context, _ scim.Filter, start, count int) (scim.UserPage, error) {
	users, err := cut(ctx, d.site, "scim", d.scimUsers, start-1, count)
	return scim.UserPage{Users: users, Total: len(d.scimUsers), StartIndex: start}, err
}

func serve[T any](ctx context.Context, s *site, list string, pages [][]T) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for i, page := range pages {
			if err := s.page(ctx, list, i); err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

// cut gives a page of a list.
func cut[T any](ctx context.Context, s *site, list string, items []T, start, most int) ([]T, error) {
	if s.most > 0 {
		most = min(most, s.most)
	}
	if err := s.page(ctx, list, start/most); err != nil {
		return nil, err
	}
	items = items[min(start, len(items)):]
	return items[:min(most, len(items))], nil
}

// page counts a page, or gives the error that it is to have.
func (s *site) page(ctx context.Context, list string, number int) error {
	err := ctx.Err()
	if err == nil && s.fail != nil {
		err = s.fail(list, number)
	}
	if err == nil {
		s.mu.Lock()
		s.served++
		s.mu.Unlock()
	}
	return err
}

// naive does in memory what Run does: it gives the rows and the findings, sorted.
func naive(s *site, r rules) ([]Row, []Finding) {
	accounts := map[string]account{}
	for _, u := range slices.Concat(s.users...) {
		a := fromJira(u)
		accounts[string(a.appendKey(nil))] = a
	}
	users := map[string]scimUser{}
	for _, u := range s.scimUsers {
		users[u.ID] = fromSCIM(u)
	}
	byAccount := map[string][]scimUser{}
	var findings []Finding
	for _, u := range users {
		if u.accountID == "" {
			var matches []string
			for _, a := range accounts {
				if a.person() && a.email != "" && strings.EqualFold(a.email, u.address()) && !slices.Contains(matches, a.id) {
					matches = append(matches, a.id)
				}
			}
			if len(matches) != 1 {
				findings = append(findings, unlinked(u, len(matches)))
				continue
			}
			u.accountID = matches[0]
		}
		byAccount[u.accountID] = append(byAccount[u.accountID], u)
	}
	var rows []Row
	for key, a := range accounts {
		j := joined{account: a, found: true, scim: byAccount[key], groups: []string{}}
		delete(byAccount, key)
		slices.SortFunc(j.scim, func(a, b scimUser) int { return strings.Compare(a.id, b.id) })
		seen := map[string]bool{}
		for _, g := range slices.Concat(s.groups...) {
			for _, m := range s.members[g.ID] {
				if m.AccountID == key && !seen[g.ID] {
					seen[g.ID] = true
					j.in = append(j.in, &group{id: g.ID, name: g.Name})
				}
			}
		}
		slices.SortFunc(j.in, func(a, b *group) int { return strings.Compare(a.name+"\x00"+a.id, b.name+"\x00"+b.id) })
		j.groups = namesOf(j.in)
		if a.active && a.person() {
			j.same = namesakes(a, accounts)
		}
		if a.person() {
			j.twins = twins(a, accounts, users)
		}
		row := j.row()
		for _, f := range r.judge(j) {
			row.Findings = append(row.Findings, f.Code)
			findings = append(findings, f)
		}
		rows = append(rows, row)
	}
	for _, strays := range byAccount {
		for _, u := range strays {
			findings = append(findings, orphan(u))
		}
	}
	slices.SortFunc(rows, compareRows)
	slices.SortFunc(findings, compareFindings)
	return rows, findings
}

// twins looks for the accounts with an e-mail of a, whether Jira or a SCIM user that holds the account shows it. Of several such e-mails the last counts.
func twins(a account, accounts map[string]account, users map[string]scimUser) (n sameName) {
	owners := map[string][]string{}
	add := func(email, id string) {
		if email = foldEmail(email); email != "" && id != "" && !slices.Contains(owners[email], id) {
			owners[email] = append(owners[email], id)
		}
	}
	for _, o := range accounts {
		if o.person() {
			add(o.email, o.id)
		}
	}
	for _, u := range users {
		if strings.Contains(u.userName, "@") {
			add(u.userName, u.accountID)
		}
		add(u.email, u.accountID)
	}
	for _, email := range slices.Sorted(maps.Keys(owners)) {
		ids := owners[email]
		if len(ids) < 2 || !slices.Contains(ids, a.id) {
			continue
		}
		n = sameName{count: len(ids)}
		slices.Sort(ids)
		for _, id := range ids {
			if id != a.id && len(n.others) < maxOthers {
				n.others = append(n.others, id)
			}
		}
	}
	return n
}

// namesakes looks for the active people called like a.
func namesakes(a account, accounts map[string]account) sameName {
	fold := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	var ids []string
	for _, o := range accounts {
		if o.active && o.person() && fold(o.name) == fold(a.name) && fold(o.name) != "" && !slices.Contains(ids, o.id) {
			ids = append(ids, o.id)
		}
	}
	if len(ids) < 2 {
		return sameName{}
	}
	n := sameName{count: len(ids)}
	slices.Sort(ids)
	for _, id := range ids {
		if id != a.id && len(n.others) < maxOthers {
			n.others = append(n.others, id)
		}
	}
	return n
}

func compareRows(a, b Row) int {
	return strings.Compare(fmt.Sprint(a.AccountID, "\x00", a.DisplayName, "\x00", a.Email), fmt.Sprint(b.AccountID, "\x00", b.DisplayName, "\x00", b.Email))
}

func compareFindings(a, b Finding) int {
	text := func(f Finding) string {
		b, _ := json.Marshal(f)
		return string(b)
	}
	return strings.Compare(text(a), text(b))
}
