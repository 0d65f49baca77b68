package sandbox

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// checkModel fails when the two directions of membership differ, or the directory's list and the accounts do.
func checkModel(t *rapid.T, m *model) {
	members := make([][]int, len(m.groups))
	var provisioned []int
	var room scratch
	for index := range m.next {
		for _, g := range m.groupsOf(index) {
			members[g] = append(members[g], index)
			if !m.groups[g].members.has(&m.pop, index) {
				t.Fatalf("account %d is in group %d, whose roster denies it", index, g)
			}
		}
		if m.look(index, &room).scim != nil {
			provisioned = append(provisioned, index)
		}
	}
	sorted := func(r *roster) []int {
		list := []int{}
		m.eachMember(r, func(index int) { list = append(list, index) })
		slices.Sort(list)
		return list
	}
	for i, g := range m.groups {
		if g.deleted {
			continue
		}
		got := sorted(&g.members)
		if diff := cmp.Diff(append([]int{}, members[i]...), got); diff != "" {
			t.Fatalf("group %d (-by account +by group):\n%s", i, diff)
		}
		// Pages of seven together are the whole.
		var paged []int
		for start := 0; ; start += 7 {
			page, total := g.members.page(&m.pop, len(g.members.segments), start, 7, func(int) bool { return true })
			if total != len(got) {
				t.Fatalf("group %d says it has %d members, it has %d", i, total, len(got))
			}
			if len(page) == 0 {
				break
			}
			paged = append(paged, page...)
		}
		slices.Sort(paged)
		if !slices.Equal(paged, got) {
			t.Fatalf("group %d: pages give %v, want %v", i, paged, got)
		}
	}
	if diff := cmp.Diff(provisioned, sorted(&m.directory)); diff != "" {
		t.Fatalf("directory (-by account +by list):\n%s", diff)
	}
}

// Whatever changes, in whatever order, both directions of every relation agree.
func TestModelStaysConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(rapid.Int64().Draw(t, "seed"), rapid.IntRange(1, 90).Draw(t, "users"), rapid.IntRange(0, 30).Draw(t, "groups"))
		account := rapid.Custom(func(t *rapid.T) int { return rapid.IntRange(0, m.next-1).Draw(t, "account") })
		alive := func(t *rapid.T) int {
			g := rapid.IntRange(0, len(m.groups)-1).Draw(t, "group")
			if m.groups[g].deleted {
				t.Skip("deleted")
			}
			return g
		}
		t.Repeat(map[string]func(*rapid.T){
			"":      func(t *rapid.T) { checkModel(t, m) },
			"join":  func(t *rapid.T) { m.join(alive(t), account.Draw(t, "who")) },
			"leave": func(t *rapid.T) { m.leave(alive(t), account.Draw(t, "who")) },
			"drop":  func(t *rapid.T) { m.dropGroup(alive(t)) },
			"remove": func(t *rapid.T) {
				index := account.Draw(t, "who")
				m.removeFromSite(index)
				if len(m.groupsOf(index)) > 0 {
					t.Fatal("a removed person is still in groups")
				}
			},
			"unlink": func(t *rapid.T) {
				index := account.Draw(t, "who")
				var room scratch
				if m.look(index, &room).scim == nil {
					t.Skip("not provisioned")
				}
				m.unlink(index, epoch)
			},
			"provision": func(t *rapid.T) {
				index := account.Draw(t, "who")
				var room scratch
				a := m.look(index, &room)
				if a.scim != nil || a.email == "" {
					t.Skip("provisioned")
				}
				m.provision(index, scimUser{id: uuid(1, 2, uint64(index)), profile: profile{UserName: a.email, Active: true, Emails: []profileValue{{Value: a.email, Primary: true}}}})
			},
			"deactivate": func(t *rapid.T) {
				index := account.Draw(t, "who")
				var room scratch
				a := m.look(index, &room)
				if a.scim == nil {
					t.Skip("not provisioned")
				}
				p := a.scim.profile
				p.Active = !p.Active
				m.update(index, p, time.Time{})
			},
		})
	})
}

// A copy and its original do not see each other's changes.
func TestCloneSharesNothingThatChanges(t *testing.T) {
	m := newModel(1, 100, 20)
	before := m.clone()
	for index := range 60 {
		m.removeFromSite(index)
	}
	m.dropGroup(groupEngineering)
	fresh := newModel(1, 100, 20)
	var one, other scratch
	for index := range 100 {
		if diff := cmp.Diff(fresh.groupsOf(index), before.groupsOf(index)); diff != "" {
			t.Fatalf("account %d (-want +got):\n%s", index, diff)
		}
		if fresh.look(index, &one).access != before.look(index, &other).access {
			t.Fatalf("account %d lost its access in the copy", index)
		}
	}
}
