package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// TestAGroupThatAnIdentityProviderFillsIsABlocker before anything is sent, where SCIM is not configured and the organization alone tells; the search for it runs
// beside the others.
func TestAGroupThatAnIdentityProviderFillsIsABlocker(t *testing.T) {
	t.Parallel()
	const ann, trip = "ann@elsewhere.example", 100 * time.Millisecond
	noSCIM := func(o *options) { o.noSCIM = true }
	groupSearch := sandbox.Fault{Kind: sandbox.FaultStatus, Status: 403, Path: "/admin/v2/orgs/{o}/directories/{d}/groups/search"}
	for name, test := range map[string]struct {
		provision, byID bool
		who             string
		groups          []string
		fault           *sandbox.Fault
		outcome         string
		says            string
	}{
		"to add somebody":                      {who: max, groups: []string{"partners", "engineering"}, outcome: "blocked", says: "fills the group engineering"},
		"to add somebody, by the group's id":   {who: max, groups: []string{"engineering"}, byID: true, outcome: "blocked", says: "fills the group engineering"},
		"who is in it already":                 {who: jane, groups: []string{"engineering"}, outcome: "succeeded"},
		"to add somebody to another":           {who: max, groups: []string{"partners"}, outcome: "succeeded: add_to_group=done verify=done"},
		"to invite somebody":                   {provision: true, who: ann, groups: []string{"partners", "engineering"}, outcome: "blocked", says: "fills the group engineering"},
		"to invite somebody, by the id":        {provision: true, who: ann, groups: []string{"engineering"}, byID: true, outcome: "blocked", says: "fills the group engineering"},
		"to complete somebody":                 {provision: true, who: sam, groups: []string{"engineering"}, outcome: "blocked", says: "fills the group engineering"},
		"where the organization does not tell": {who: max, groups: []string{"partners"}, fault: &groupSearch, outcome: "succeeded: add_to_group=done verify=done", says: "is not known"},
	} {
		inBubble(t, name, func(t *testing.T) {
			s := newSite(t, withOrganization, noSCIM)
			if test.fault != nil {
				s.fault(t, *test.fault)
			}
			groups := test.groups
			if test.byID {
				found, err := s.people(t, s.to).ResolveGroups(t.Context(), test.groups)
				if err != nil {
					t.Fatal(err)
				}
				groups = []string{found[0].ID}
			}
			r, err := s.give(t, test.who, groups, test.provision)
			if err != nil || outcome(r) != test.outcome || !strings.Contains(r.Text(), test.says) {
				t.Errorf("%s, %v; want %s that says %q:\n%s", outcome(r), err, test.outcome, test.says, r.Text())
			}
			if test.outcome == "blocked" && len(s.writes()) > 0 {
				t.Errorf("sent %v", s.writes())
			}
		})
	}
	for _, provision := range []bool{false, true} {
		inBubble(t, "costs no round trip", func(t *testing.T) {
			took := func(edit func(*options)) time.Duration {
				s := newSite(t, noSCIM, edit, func(o *options) { o.sandbox.Latency = trip })
				began := time.Now()
				if r, err := s.give(t, jane, []string{"partners", "engineering"}, provision); err != nil {
					t.Errorf("%s, %v", outcome(r), err)
				}
				return time.Since(began)
			}
			if with, without := took(withOrganization), took(func(*options) {}); with > without {
				t.Errorf("%s to be told of the group, %s to be refused", with, without)
			}
		})
	}
}

// give asks for groups of somebody, by the one tool or the other.
func (s *site) give(t tester, who string, groups []string, provision bool) (lifecycle.Result, error) {
	if provision {
		return s.service.Provision(t.Context(), lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: who, GivenName: "A", FamilyName: "B"}, Groups: groups})
	}
	return s.service.AddToGroups(t.Context(), lifecycle.AddRequest{Target: target(t, who), Groups: groups})
}
