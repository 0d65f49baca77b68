package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPermutationsHaveInverses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, half := rapid.Uint64().Draw(t, "key"), rapid.UintRange(1, 32).Draw(t, "half")
		x := rapid.Uint64().Draw(t, "x") & (1<<(2*half) - 1)
		if back := unpermute(key, permute(key, x, half), half); back != x {
			t.Fatalf("unpermute(permute(%d)) = %d", x, back)
		}
	})
}

func TestShuffleIsOneToOne(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 12, 100, 1021, 750_000} {
		s := newShuffle(42, n)
		seen := make([]bool, n)
		for x := range n {
			y := s.put(x)
			if y < 0 || y >= n || seen[y] || s.take(y) != x {
				t.Fatalf("n = %d: put(%d) = %d, take = %d, seen before: %v", n, x, y, s.take(y), seen[y])
			}
			seen[y] = true
		}
	}
}

func TestIDsLeadBackToTheirNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		n := rapid.IntRange(0, 1<<40).Draw(t, "n")
		if got := parseAccountID(seed, accountID(seed, n)); got != n {
			t.Errorf("account id %s leads to %d, want %d", accountID(seed, n), got, n)
		}
		if got := parseExternalID(seed, externalID(seed, n)); got != n {
			t.Errorf("external id %s leads to %d, want %d", externalID(seed, n), got, n)
		}
		if got, ok := parseUUID(seed, saltSCIMUser, uuid(seed, saltSCIMUser, uint64(n))); !ok || got != uint64(n) {
			t.Errorf("UUID leads to %d, want %d", got, n)
		}
		if _, ok := parseUUID(seed, saltGroup, uuid(seed, saltSCIMUser, uint64(n))); ok {
			t.Error("a SCIM user's id is accepted as a group's")
		}
	})
}

func TestForeignIDsAreNobodys(t *testing.T) {
	for _, id := range []string{"", ":", "712020:", "unknown ", "5b10ac8d82e05b22cc7d4ef5", "712020:541c2250-f788-4759-8788-c1b628a38d0e", "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077"} {
		if got := parseAccountID(1, id); got != -1 {
			t.Errorf("parseAccountID(%q) = %d, want -1", id, got)
		}
	}
}

// Every key leads back to the account that has it, and so to no other.
func TestEverybodyIsFoundByEachKey(t *testing.T) {
	for _, users := range []int{1, 29, 200, 70_000} {
		t.Run(fmt.Sprint(users), func(t *testing.T) {
			m := newModel(7, users, 0)
			var room scratch
			for index := 0; index < m.next; index += 1 + m.next/2000 {
				a := *m.look(index, &room)
				if got := m.byID(a.id); got != index {
					t.Fatalf("id %s leads to %d, want %d", a.id, got, index)
				}
				if got := m.byEmail(strings.ToUpper(a.email)); a.email != "" && got != index {
					t.Fatalf("e-mail %s leads to %d, want %d", a.email, got, index)
				}
				if a.scim == nil {
					continue
				}
				s := *a.scim
				if got := m.byUserName(s.profile.UserName); got != index {
					t.Fatalf("user name %s leads to %d, want %d", s.profile.UserName, got, index)
				}
				if got := m.byExternalID(s.profile.ExternalID); got != index {
					t.Fatalf("external id %s leads to %d, want %d", s.profile.ExternalID, got, index)
				}
				if got := m.bySCIMID(s.id); got != index {
					t.Fatalf("SCIM id %s leads to %d, want %d", s.id, got, index)
				}
			}
		})
	}
}

func TestEqualOptionsGiveEqualAnswers(t *testing.T) {
	answers := func(seed int64) []string {
		c := start(t, Options{Seed: seed, Users: 500})
		var got []string
		for _, target := range []string{
			"/rest/api/3/users/search?maxResults=1000", "/rest/api/3/group/bulk", "/_sandbox/state", "/scim/directory/" + DirectoryID + "/Users",
		} {
			got = append(got, string(c.do("GET", target, "").want(200).body))
		}
		return got
	}
	one := answers(1)
	if diff := cmp.Diff(one, answers(1)); diff != "" {
		t.Errorf("the same seed gives different answers (-first +second):\n%s", diff)
	}
	if two := answers(2); two[0] == one[0] || two[2] == one[2] {
		t.Error("another seed gives the same answers")
	}
}

// The mix that the sandbox promises.
func TestPopulationIsMixed(t *testing.T) {
	m := newModel(3, 20_000, 50)
	count := map[string]int{}
	groups := 0
	var room scratch
	for index := range m.next {
		a := m.look(index, &room)
		count[a.kind]++
		if a.scim != nil {
			count["scim"]++
		}
		if !a.active {
			count["inactive"]++
		}
		if a.kind == typeAtlassian && !a.emailVisibleTo(-1) {
			count[fmt.Sprint("hidden ", a.privacy)]++
		}
		if a.kind == typeAtlassian && a.active {
			count["people"]++
			groups += len(m.groupsOf(index))
		}
	}
	for what, share := range map[string][2]float64{
		"scim": {0.55, 0.65}, typeAtlassian: {0.8, 0.9}, typeApp: {0.03, 0.07}, typeCustomer: {0.07, 0.12}, "inactive": {0.08, 0.15},
		"hidden 1": {0.01, 0.1}, "hidden 2": {0.01, 0.1}, "hidden 3": {0.01, 0.1},
	} {
		if got := float64(count[what]) / float64(m.next); got < share[0] || got > share[1] {
			t.Errorf("%s: a share of %.3f, want %.2f to %.2f", what, got, share[0], share[1])
		}
	}
	if count[typeUnknown] < 2 {
		t.Errorf("%d unknown accounts, want some", count[typeUnknown])
	}
	if mean := float64(groups) / float64(count["people"]); mean < 1.5 || mean > 2.5 {
		t.Errorf("%.2f groups a head, want about 2", mean)
	}
}

func TestSeededPeopleAreAlwaysThere(t *testing.T) {
	ids := map[string]string{}
	for _, o := range []Options{{}, {Users: 1, Groups: 1}, {Seed: 99, Users: 1000, Groups: 300}} {
		c := start(t, o)
		for email, want := range map[string]struct {
			active, scim bool
			groups       []string
		}{
			adminEmail:                    {true, false, []string{"site-admins", "jira-administrators", "jira-software-users"}},
			"jane.doe@example.com":        {true, true, []string{"jira-software-users", "engineering", "release-managers", "confluence-users"}},
			"sam.partner@partner.example": {true, false, []string{"jira-software-users", "partners"}},
			"max.manager@example.com":     {true, false, []string{"jira-software-users", "release-managers", "contractors"}},
			"petra.private@example.com":   {true, true, []string{"jira-software-users", "finance"}},
			"lee.left@example.com":        {false, true, []string{"confluence-users", "engineering"}},
		} {
			u := c.user(email)
			if u.Active != want.active {
				t.Errorf("%s: active %v, want %v", email, u.Active, want.active)
			}
			if diff := cmp.Diff(want.groups, groupNames(u.Groups.Items)); diff != "" {
				t.Errorf("%s: groups (-want +got):\n%s", email, diff)
			}
			if want.scim && c.scimUser(email).Atlassian.AccountID != u.AccountID {
				t.Errorf("%s: SCIM knows another account", email)
			}
			if id, known := ids[email]; known && id != u.AccountID {
				t.Errorf("%s: account id %s, with other options %s", email, u.AccountID, id)
			}
			ids[email] = u.AccountID
		}
		if want, got := len(listed(c)), len(c.state().Jira.Users); want != got {
			t.Errorf("%d accounts are listed, %d are in the state", want, got)
		}
	}
}

// Where there are more people than pairs of names, some share one in full and the others differ by a middle initial.
func TestSomePeopleShareAName(t *testing.T) {
	m := newModel(3, nameCount+10_000, 0)
	names, shared := map[string]int{}, 0
	room := scratch{brief: true}
	for index := range m.next {
		if a := m.look(index, &room); a.kind == typeAtlassian {
			if names[a.display]++; names[a.display] == 2 {
				shared++
			}
		}
	}
	if shared < 50 || shared > 500 {
		t.Errorf("%d names are shared, want about one in 64 of 10,000", shared)
	}
}

// listed walks the list of all users to its end.
func listed(c *client) []jiraUser {
	c.t.Helper()
	var all []jiraUser
	for startAt := 0; ; startAt += 1000 {
		var page []jiraUser
		c.jira("GET", "/users/search", "", "startAt", strconv.Itoa(startAt), "maxResults", "1000").into(200, &page)
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

func TestSiteHasAsManyAccountsAsAskedFor(t *testing.T) {
	for users, want := range map[int]int{0: 200, 1: len(seededPeople) - 2, 200: 200, 1321: 1321} {
		if got := len(listed(start(t, Options{Users: users}))); got != want {
			t.Errorf("Users %d: %d accounts, want %d", users, got, want)
		}
	}
}
