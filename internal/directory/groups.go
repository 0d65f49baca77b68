package directory

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Group is a Jira group with the side that may change it.
type Group struct {
	ID        string `json:"group_id"`
	Name      string `json:"name"`
	ManagedBy string `json:"managed_by" jsonschema:"jira, scim or unknown: the side that may change its members"`
	SCIMID    string `json:"-"`
}

// GroupList is one page of groups.
type GroupList struct {
	Groups []Group
	Next   string
	Total  int // -1 when the source does not count
}

// MemberList is one page of a group's members.
type MemberList struct {
	Group   Group
	Members []Person
	Next    string
	Total   int
}

// AccessTypes are the values of accessType in GET /group/bulk.
var AccessTypes = []string{"site-admin", "admin", "user"}

const maxGroupName = 255

var groupIDForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// CheckGroup refuses text that can be neither a group id nor a group name.
func CheckGroup(text string) (string, error) {
	value := strings.TrimSpace(text)
	switch {
	case value == "":
		return "", fault.New(fault.InvalidArgument, "Give a group id or an exact group name; list_groups shows both.", "A group is empty.")
	case utf8.RuneCountInString(value) > maxGroupName:
		return "", fault.New(fault.InvalidArgument, "Give a group id or an exact group name; list_groups shows both.", "A group name has more than %d characters.", maxGroupName)
	case strings.ContainsFunc(value, invisible):
		return "", fault.New(fault.InvalidArgument, "Type it again without copying, or use the group id from list_groups.", "A group name contains control or invisible characters.")
	}
	return value, nil
}

// ResolveGroups turns ids and exact names into groups, in the order asked, each once. It costs one round trip, and a second one
// for groups asked by id when SCIM is configured, since SCIM knows groups by name only.
func (d *Directory) ResolveGroups(ctx context.Context, asked []string) ([]Group, error) {
	client, err := d.Jira()
	if err != nil {
		return nil, err
	}
	var ids, names []string
	for i, text := range asked {
		value, err := CheckGroup(text)
		if err != nil {
			return nil, err
		}
		asked[i] = value
		if groupIDForm.MatchString(value) {
			ids = append(ids, value)
		} else {
			names = append(names, value)
		}
	}
	var byID, byName []jira.Group
	owners := owners{}
	all, all1 := parallel.WithContext(ctx)
	collect := func(q jira.GroupQuery, into *[]jira.Group) func() error {
		return func() error {
			for page, err := range client.AllGroups(all1, q, rest.PageOptions{}) {
				if err != nil {
					return err
				}
				*into = append(*into, page...)
			}
			return nil
		}
	}
	if len(ids) > 0 {
		all.Go(collect(jira.GroupQuery{IDs: ids}, &byID))
	}
	if len(names) > 0 {
		all.Go(collect(jira.GroupQuery{Names: names}, &byName))
	}
	all.Go(func() error { return d.learnOwners(all1, owners, names) })
	if err := all.Wait(); err != nil {
		return nil, err
	}
	shared, err := d.learnOwnersOf(ctx, client, byID, owners)
	if err != nil {
		return nil, err
	}

	var groups []Group
	for _, want := range asked {
		pool, same := byName, func(g jira.Group) bool { return g.Name == want }
		if groupIDForm.MatchString(want) {
			pool, same = byID, func(g jira.Group) bool { return strings.EqualFold(g.ID, want) }
		}
		matches := slices.DeleteFunc(slices.Clone(pool), func(g jira.Group) bool { return !same(g) })
		switch len(matches) {
		case 0:
			return nil, d.noSuchGroup(ctx, client, want)
		case 1:
			group := d.owned(matches[0], owners)
			if shared[group.Name] { // which of them is SCIM's can't be told
				group.ManagedBy, group.SCIMID = ManagedByUnknown, ""
			}
			if !slices.ContainsFunc(groups, func(g Group) bool { return g.ID == group.ID }) {
				groups = append(groups, group)
			}
		default:
			candidates := make([]Group, len(matches))
			for i, g := range matches {
				candidates[i] = d.owned(g, nil)
				candidates[i].ManagedBy = ManagedByUnknown
			}
			return nil, fault.New(fault.Ambiguous, "Use the group_id of the one that is meant; list_group_members shows who is in each.", "%d groups are named %q.", len(matches), want).
				With(OtherGroups{Candidates: candidates})
		}
	}
	return groups, nil
}

// learnOwnersOf asks SCIM for the names of groups that were found by id, and Jira whether other groups have these names too: SCIM knows its groups by name
// only, and a name that two groups share tells nothing of either.
func (d *Directory) learnOwnersOf(ctx context.Context, client *jira.Client, groups []jira.Group, into owners) (shared map[string]bool, err error) {
	if d.scim == nil || len(groups) == 0 {
		return nil, nil
	}
	count := map[string]int{}
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() error { return d.learnOwners(both1, into, namesOf(groups)) })
	both.Go(func() error {
		for page, err := range client.AllGroups(both1, jira.GroupQuery{Names: namesOf(groups)}, rest.PageOptions{}) {
			if err != nil {
				return err
			}
			for _, g := range page {
				count[g.Name]++
			}
		}
		return nil
	})
	if err := both.Wait(); err != nil {
		return nil, err
	}
	shared = map[string]bool{}
	for name, n := range count {
		shared[name] = n > 1
	}
	return shared, nil
}

func (d *Directory) noSuchGroup(ctx context.Context, client *jira.Client, want string) error {
	if err := d.mayBrowse(ctx); err != nil {
		return err
	}
	none := fault.New(fault.NotFound, "Group names must match exactly, with upper and lower case; list_groups shows them.", "There is no group %q on this site.", want)
	near, err := client.FindGroups(ctx, want, 5)
	if err != nil {
		return err
	}
	if len(near) > 0 {
		names := make([]string, len(near))
		for i, g := range near {
			names[i] = g.Name
		}
		none.Hint = "Near to it: " + strings.Join(names, ", ") + ". " + none.Hint
	}
	return none
}

// ListGroups returns the groups of the site, those whose name contains query, or those that grant an access type.
func (d *Directory) ListGroups(ctx context.Context, query, accessType string, limit int, cursor string) (GroupList, error) {
	client, err := d.Jira()
	if err != nil {
		return GroupList{}, err
	}
	start, err := openCursor(cursor, "groups", query+"\x00"+accessType)
	if err != nil {
		return GroupList{}, err
	}
	var page jira.GroupPage
	var owners owners
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() (err error) {
		if query == "" {
			page, err = client.Groups(both1, jira.GroupQuery{AccessType: accessType}, start, limit)
			return err
		}
		found, err := client.FindGroups(both1, query, start+limit+1)
		page = jira.GroupPage{Groups: found[min(start, len(found)):min(start+limit, len(found))], Total: -1, Last: len(found) <= start+limit}
		return err
	})
	both.Go(func() (err error) {
		owners, err = d.scimGroupIDs(both1)
		return err
	})
	if err := both.Wait(); err != nil {
		return GroupList{}, err
	}
	list := GroupList{Groups: make([]Group, len(page.Groups)), Total: page.Total}
	for i, g := range page.Groups {
		list.Groups[i] = d.owned(g, owners)
	}
	if !page.Last && len(page.Groups) > 0 {
		list.Next = sealCursor("groups", query+"\x00"+accessType, start+len(page.Groups))
	}
	if len(list.Groups) == 0 && start == 0 {
		return list, d.mayBrowse(ctx)
	}
	return list, nil
}

// ListMembers returns members of one group, active ones or all.
func (d *Directory) ListMembers(ctx context.Context, asked string, includeInactive bool, limit int, cursor string) (MemberList, error) {
	client, err := d.Jira()
	if err != nil {
		return MemberList{}, err
	}
	groups, err := d.ResolveGroups(ctx, []string{asked})
	if err != nil {
		return MemberList{}, err
	}
	query := groups[0].ID
	if includeInactive {
		query += "\x00all"
	}
	start, err := openCursor(cursor, "members", query)
	if err != nil {
		return MemberList{}, err
	}
	page, err := client.GroupMembers(ctx, groups[0].ID, includeInactive, start, limit)
	if err != nil {
		return MemberList{}, err
	}
	list := MemberList{Group: groups[0], Members: make([]Person, len(page.Users)), Total: page.Total}
	for i := range page.Users {
		list.Members[i] = join(&page.Users[i], nil, false, d.knownDomains())
	}
	if !page.Last && len(page.Users) > 0 {
		list.Next = sealCursor("members", query, start+len(page.Users))
	}
	return list, nil
}
