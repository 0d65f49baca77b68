package lifecycle

import (
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

func TestGuardPerson(t *testing.T) {
	for _, test := range []struct {
		name    string
		policy  Policy
		person  directory.Person
		self    string
		refused bool
	}{
		{name: "an ordinary person passes", person: person(), self: "5f:admin"},
		{name: "yourself", person: person(), self: "5f:jane", refused: true},
		{name: "an app", person: person(func(p *directory.Person) { p.AccountType = "app" }), refused: true},
		{name: "a customer", person: person(func(p *directory.Person) { p.AccountType = "customer" }), refused: true},
		{name: "a type that nobody knows yet", person: person(func(p *directory.Person) { p.AccountType = "robot" }), refused: true},
		{name: "the corrupted record", person: person(func(p *directory.Person) { p.AccountID = "unknown" }), refused: true},
		{name: "protected by account id", policy: Policy{ProtectedUsers: []string{"5f:jane"}}, person: person(), refused: true},
		{name: "protected by e-mail in other letters", policy: Policy{ProtectedUsers: []string{"JANE.DOE@example.com"}}, person: person(), refused: true},
		{
			name: "protected by the SCIM user name when Jira hides the e-mail", policy: Policy{ProtectedUsers: []string{"jane.doe@example.com"}},
			person: person(func(p *directory.Person) { p.Email = "" }), refused: true,
		},
		{name: "protected by domain", policy: Policy{ProtectedDomains: []string{"Example.com"}}, person: person(), refused: true},
		{
			name: "protected by the domain of the SCIM user name", policy: Policy{ProtectedDomains: []string{"@example.com"}},
			person: person(func(p *directory.Person) { p.Email = "" }), refused: true,
		},
		{
			name: "a hidden e-mail may be a protected one", policy: Policy{ProtectedDomains: []string{"example.com"}},
			person: person(outsideSCIM, func(p *directory.Person) { p.Email = "" }), refused: true,
		},
		{
			name: "a hidden e-mail is no matter where nobody is protected by one", policy: Policy{ProtectedUsers: []string{"5f:ceo"}},
			person: person(outsideSCIM, func(p *directory.Person) { p.Email = "" }),
		},
		{name: "somebody else is protected", policy: Policy{ProtectedUsers: []string{"5f:ceo"}, ProtectedDomains: []string{"board.example"}}, person: person()},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.policy.guardPerson(test.person, test.self)
			if got := fault.Is(err, fault.Protected); got != test.refused || (err != nil) != test.refused {
				t.Errorf("got %v, want refused: %v", err, test.refused)
			}
		})
	}
}

func TestGuardLastAdmin(t *testing.T) {
	if err := guardLastAdmin(person(), []AdminGroup{{Name: "site-admins", HasOther: true}}); err != nil {
		t.Errorf("with another member: %v", err)
	}
	if err := guardLastAdmin(person(), []AdminGroup{{Name: "a", HasOther: true}, {Name: "site-admins"}}); !fault.Is(err, fault.Protected) {
		t.Errorf("last member: %v, want protected", err)
	}
}

func TestGuardGroups(t *testing.T) {
	policy := Policy{ProtectedGroups: []string{"Engineering", "g-x"}}
	if err := policy.guardMembership(person()); !fault.Is(err, fault.Protected) {
		t.Errorf("member of a protected group: %v", err)
	}
	if err := policy.guardGroup(directory.Group{ID: "g-x", Name: "x"}); !fault.Is(err, fault.Protected) {
		t.Errorf("protected by id: %v", err)
	}
	if err := policy.guardGroup(directory.Group{ID: "g-y", Name: "y"}); err != nil {
		t.Errorf("an ordinary group: %v", err)
	}
	if err := guardGrant([]directory.Group{{ID: "g-admins"}}, []string{"g-admins"}); !fault.Is(err, fault.Protected) {
		t.Errorf("granting administration: %v", err)
	}
}
