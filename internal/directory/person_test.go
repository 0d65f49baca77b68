package directory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

func TestJoin(t *testing.T) {
	yes, no := true, false
	domains := []string{"example.com"}
	user := jira.User{AccountID: "1", DisplayName: "Petra", AccountType: "atlassian", Active: true, Groups: []jira.Group{{ID: "g1", Name: "engineering"}, {ID: "g2", Name: "users"}}}
	visible := user
	visible.EmailAddress = "petra@example.com"
	provisioned := scim.User{ID: "s1", UserName: "petra@example.com", Email: "petra@example.com", Active: true, AccountID: "1", DisplayName: "Petra P", Groups: []scim.GroupRef{{ID: "sg1", Name: "engineering"}}}
	link := &SCIMLink{ID: "s1", UserName: "petra@example.com", Active: true}
	for _, test := range []struct {
		name string
		jira *jira.User
		scim *scim.User
		want Person
	}{
		{
			name: "a hidden e-mail comes from SCIM, and says so", jira: &user, scim: &provisioned,
			want: Person{
				AccountID: "1", DisplayName: "Petra", Email: "petra@example.com", EmailSource: "scim", AccountType: "atlassian", Active: true, Managed: &yes,
				Groups: []GroupRef{{ID: "g1", Name: "engineering", ManagedBy: "scim"}, {ID: "g2", Name: "users", ManagedBy: "jira"}}, SCIM: link, Sources: []string{"jira", "scim"},
			},
		},
		{
			name: "an e-mail that Jira shows is Jira's", jira: &visible, scim: &provisioned,
			want: Person{
				AccountID: "1", DisplayName: "Petra", Email: "petra@example.com", EmailSource: "jira", AccountType: "atlassian", Active: true, Managed: &yes,
				Groups: []GroupRef{{ID: "g1", Name: "engineering", ManagedBy: "scim"}, {ID: "g2", Name: "users", ManagedBy: "jira"}}, SCIM: link, Sources: []string{"jira", "scim"},
			},
		},
		{
			name: "without SCIM whether somebody is managed is not known", jira: &user,
			want: Person{
				AccountID: "1", DisplayName: "Petra", EmailSource: "hidden", AccountType: "atlassian", Active: true,
				Groups: []GroupRef{{ID: "g1", Name: "engineering", ManagedBy: "jira"}, {ID: "g2", Name: "users", ManagedBy: "jira"}}, Sources: []string{"jira"},
			},
		},
		{
			name: "an app is not managed", jira: &jira.User{AccountID: "2", DisplayName: "Bot", AccountType: "app", Active: true},
			want: Person{AccountID: "2", DisplayName: "Bot", EmailSource: "hidden", AccountType: "app", Active: true, Managed: &no, Groups: []GroupRef{}, Sources: []string{"jira"}},
		},
		{
			name: "SCIM alone is a person whom the site does not show", scim: &provisioned,
			want: Person{AccountID: "1", DisplayName: "Petra P", Email: "petra@example.com", EmailSource: "scim", AccountType: "atlassian", Active: true, Managed: &yes, Groups: []GroupRef{}, SCIM: link, Sources: []string{"scim"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := join(test.jira, test.scim, true, domains)
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(Person{}, "Warnings"), cmpopts.IgnoreFields(GroupRef{}, "SCIMID"), cmpopts.IgnoreFields(SCIMLink{}, "Groups")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOfTwoGroupsWithOneNameSCIMsCantBeTold(t *testing.T) {
	s := &scim.User{ID: "s", Groups: []scim.GroupRef{{ID: "sg", Name: "contractors"}}}
	got := joinGroups([]jira.Group{{ID: "a", Name: "contractors"}, {ID: "b", Name: "contractors"}}, s, true)
	for _, g := range got {
		if g.ManagedBy != ManagedByUnknown {
			t.Errorf("group %s is managed by %s, want unknown", g.ID, g.ManagedBy)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"jane", "jane", 0}, {"jane", "jnae", 2}, {"jane", "jan", 1}, {"", "abc", 3}, {"müller", "muller", 1}} {
		if got := editDistance(test.a, test.b); got != test.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
