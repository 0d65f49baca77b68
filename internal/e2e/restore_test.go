package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// restore calls restore_user, and confirms its plan where that is asked for.
func (s *session) restore(t *testing.T, operation string) answer {
	t.Helper()
	return s.change(t, "restore_user", args{"operation_id": operation})
}

func (a answer) id() string { return a.str("operation.operation_id") }

// TestRestoreGivesBackWhatWasTakenAndNothingElse takes from one person three times, and gives back each time what that took.
func TestRestoreGivesBackWhatWasTakenAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	whole := s.facts(t, jane)
	one := c.change(t, "remove_user_from_group", args{"user": jane, "groups": []string{"release-managers"}})
	two := c.change(t, "offboard_user", args{"user": jane, "steps": []string{"jira_groups"}})
	three := c.change(t, "offboard_user", args{"user": jane})
	s.want(t, jane, facts{OnSite: true, InSCIM: true})

	before := len(s.writes())
	got := c.restore(t, three.id())
	got.wantSteps(t, "operation.steps", "reactivate Jane Doe (jane.doe@example.com): done", "add_to_group engineering: done", "verify Jane Doe (jane.doe@example.com): done")
	s.wroteOnce(t, before, got)
	s.want(t, jane, facts{OnSite: true, Active: true, InSCIM: true, SCIMActive: true, Groups: []string{"engineering"}})
	c.restore(t, two.id()).wants(t, map[string]any{"status": "succeeded"})
	s.want(t, jane, facts{OnSite: true, Active: true, InSCIM: true, SCIMActive: true, Groups: []string{"confluence-users", "engineering", "jira-software-users"}})
	c.restore(t, one.id()).wants(t, map[string]any{"status": "succeeded"})
	s.want(t, jane, whole)

	// Twice is "already", and sends nothing.
	before = len(s.writes())
	for _, id := range []string{one.id(), two.id(), three.id()} {
		again := c.restore(t, id)
		again.wants(t, map[string]any{"status": "succeeded"})
		for _, status := range again.all("operation.steps", "status") {
			if status != "already" && status != "done" {
				t.Errorf("a second restore: %s", again.text)
			}
		}
		again.says(t, "already")
	}
	if sent := s.writes()[before:]; len(sent) != 0 {
		t.Errorf("a second restore sent %v", sent)
	}
	s.want(t, jane, whole)
}

// TestRestoreAtTheSameMoment has eight clients undo one offboarding together: it is done once.
func TestRestoreAtTheSameMoment(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	whole := s.facts(t, jane)
	id := c.change(t, "offboard_user", args{"user": jane}).id()
	before := len(s.writes())
	outcomes := make(chan string, 8)
	for range 8 {
		go func() {
			result, err := c.CallTool(t.Context(), request("restore_user", args{"operation_id": id}))
			if err != nil {
				outcomes <- err.Error()
				return
			}
			got := read(t, "restore_user", result)
			outcomes <- got.str("status") + got.str("code")
		}()
	}
	for range 8 {
		if outcome := <-outcomes; outcome != "succeeded" && outcome != "conflict" {
			t.Errorf("outcome %q", outcome)
		}
	}
	if sent := s.writes()[before:]; len(sent) != 5 {
		t.Errorf("sent %v", sent)
	}
	s.want(t, jane, whole)
}

// TestRestoreTellsWhatCannotBePutBack has things change between an offboarding and its undoing.
func TestRestoreTellsWhatCannotBePutBack(t *testing.T) {
	without := func(f facts, groups ...string) facts {
		f.Groups = slices.DeleteFunc(slices.Clone(f.Groups), func(g string) bool { return slices.Contains(groups, g) })
		return f
	}
	for name, tt := range map[string]struct {
		user  string
		steps []string
		since func(t *testing.T, s *site, c *session)
		again func(*setup) // the server that restores, where it is another one
		code  string       // of the error; "" is a success
		words []string
		want  func(before facts) facts
	}{
		"a group that is gone": {
			user: jane,
			since: func(t *testing.T, s *site, c *session) {
				c.change(t, "delete_group", args{"group": "release-managers"})
			},
			words: []string{"release-managers is gone since", "Still to do by a person"},
			want:  func(f facts) facts { return without(f, "release-managers") },
		},
		"a group that was made again under its name": {
			user: jane,
			since: func(t *testing.T, s *site, c *session) {
				c.change(t, "delete_group", args{"group": "release-managers"})
				c.change(t, "create_group", args{"name": "release-managers"})
			},
			words: []string{"release-managers is gone since"},
			want:  func(f facts) facts { return without(f, "release-managers") },
		},
		"a SCIM link that was deleted": {
			user:  jane,
			since: func(t *testing.T, s *site, _ *session) { s.unlink(t, jane) },
			words: []string{"link to the SCIM directory is gone", "engineering"},
			want: func(f facts) facts {
				f = without(f, "engineering")
				f.Active, f.InSCIM, f.SCIMActive = false, false, false
				return f
			},
		},
		"a group that is protected by now": {
			user: jane, again: with("JIRA_LIFECYCLE_PROTECTED_GROUPS", "release-managers"),
			words: []string{"release-managers is protected by the policy"},
			want:  func(f facts) facts { return without(f, "release-managers") },
		},
		"a person who is protected by now": {
			user: jane, again: with("JIRA_LIFECYCLE_PROTECTED_USERS", jane), code: "protected", words: []string{"JIRA_LIFECYCLE_PROTECTED_USERS"},
		},
		"a domain that is protected by now": {
			user: jane, again: with("JIRA_LIFECYCLE_PROTECTED_DOMAINS", "example.com"), code: "protected", words: []string{"JIRA_LIFECYCLE_PROTECTED_DOMAINS"},
		},
		"a server that is read-only by now": {
			user: jane, again: with("JIRA_LIFECYCLE_READ_ONLY", "true"), code: "protected", words: []string{"read-only"},
		},
		"an administrators' group": {
			user: "boris.backup@example.com", words: []string{"site-admins makes its members administrators", "admin.atlassian.com"},
			want: func(f facts) facts { return without(f, "site-admins") },
		},
		"somebody who was removed from the site": {
			user: sam, steps: []string{"jira_groups", "remove_from_site"}, code: "not_found", words: []string{"not on the site any more", "provision_user"},
		},
		"somebody who came back": {
			user: jane,
			since: func(t *testing.T, s *site, c *session) {
				c.change(t, "provision_user", args{"email": jane, "given_name": "Jane", "family_name": "Doe", "groups": []string{"partners"}}).wants(t, map[string]any{"status": "succeeded"})
			},
			want: func(f facts) facts { f.Groups = slices.Sorted(slices.Values(append(f.Groups, "partners"))); return f },
		},
		"an offboarding that was left partial": {
			user: jane,
			want: func(f facts) facts { return f },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			sameState := with("JIRA_LIFECYCLE_STATE_DIR", t.TempDir())
			c := connect(t, s, sameState)
			before := s.facts(t, tt.user)
			if strings.Contains(name, "partial") {
				s.fault(t, sandbox.Fault{Kind: sandbox.FaultStatus, Status: http.StatusForbidden, Method: http.MethodDelete, Path: membershipPath, Times: 1})
			}
			arguments := args{"user": tt.user}
			if tt.steps != nil {
				arguments["steps"] = tt.steps
			}
			gone := c.change(t, "offboard_user", arguments)
			if tt.since != nil {
				tt.since(t, s, c)
			}
			if tt.again != nil {
				c = connect(t, s, sameState, tt.again)
			}
			left := s.facts(t, tt.user)
			got := c.restore(t, gone.id())
			got.says(t, tt.words...)
			if tt.code != "" {
				got.wants(t, map[string]any{"code": tt.code})
				s.want(t, tt.user, left)
				return
			}
			got.wants(t, map[string]any{"status": "succeeded"})
			s.want(t, tt.user, tt.want(before))
		})
	}
}

// unlink deletes somebody's SCIM user as the identity provider would, which deactivates the account.
func (s *site) unlink(t *testing.T, email string) {
	t.Helper()
	for _, u := range s.state(t).SCIM.Users {
		if u.UserName != email {
			continue
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.env["ATLASSIAN_API_URL"]+"/scim/directory/"+sandbox.DirectoryID+"/Users/"+u.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.env["ATLASSIAN_SCIM_TOKEN"])
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusNoContent {
			t.Fatalf("delete the SCIM user: %s", res.Status)
		}
	}
	if s.facts(t, email).InSCIM {
		t.Fatalf("%s is in the SCIM directory still", email)
	}
}

// TestRestoreThatWidensAsksAPerson has somebody get a group after they were offboarded: the account comes back with more than it had, which a person has
// to agree to.
func TestRestoreThatWidensAsksAPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	before := s.facts(t, jane)
	id := c.change(t, "offboard_user", args{"user": jane}).id()
	c.call(t, "add_user_to_group", args{"user": jane, "groups": []string{"partners"}}).wants(t, map[string]any{"status": "succeeded"})
	sent := len(s.writes())
	plan := c.call(t, "restore_user", args{"operation_id": id})
	plan.wants(t, map[string]any{"status": "confirmation_required", "operation": nil})
	plan.says(t, "groups that it was not in before", "partners")
	if now := s.writes(); len(now) != sent {
		t.Fatalf("the plan wrote %v", now[sent:])
	}
	c.call(t, "restore_user", args{"operation_id": id, "confirm": plan.str("confirmation.token") + "A"}).wants(t, map[string]any{"code": "confirmation_invalid"})
	c.call(t, "offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")}).wants(t, map[string]any{"code": "confirmation_invalid"})
	done := c.call(t, "restore_user", args{"operation_id": id, "confirm": plan.str("confirmation.token")})
	done.wants(t, map[string]any{"status": "succeeded"})
	before.Groups = slices.Sorted(slices.Values(append(before.Groups, "partners")))
	s.want(t, jane, before)
	c.operation(t, done.id()).wants(t, map[string]any{"operation.confirmation.means": "token", "operation.confirmation.by": "loopback"})
}

// TestWhatCannotBeRestored tries to undo what took nothing from anybody, and what is not over.
func TestWhatCannotBeRestored(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s, impatient)
	ahead := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	ids := map[string]string{}
	refusals := map[string][]string{}
	add := func(name string, got answer, status, code string, words ...string) {
		t.Helper()
		ids[name], refusals[name] = got.id(), append([]string{code}, words...)
		c.becomes(t, got.id(), status)
	}
	add("a provisioning", c.change(t, "provision_user", args{"email": "nina.new@example.com", "given_name": "Nina", "family_name": "New"}), "succeeded", "invalid_argument", "offboard_user")
	add("an added group", c.change(t, "add_user_to_group", args{"user": sam, "groups": []string{"release-managers"}}), "succeeded", "invalid_argument", "remove_user_from_group")
	add("a new group", c.change(t, "create_group", args{"name": "brand-new"}), "succeeded", "invalid_argument", "create_group")
	add("a deleted group", c.change(t, "delete_group", args{"group": "brand-new"}), "succeeded", "invalid_argument", "delete_group")
	add("a scheduled one", c.change(t, "offboard_user", args{"user": petra, "effective_at": ahead}), "scheduled", "conflict", "not over")
	gone := c.change(t, "offboard_user", args{"user": alex2})
	c.becomes(t, gone.id(), "succeeded")
	add("a restore", c.restore(t, gone.id()), "succeeded", "invalid_argument", "restore_user")
	s.refuse(t)
	add("a failed one", c.change(t, "remove_user_from_group", args{"user": manager, "groups": []string{"release-managers"}}), "failed", "invalid_argument", "changed nothing")
	s.ClearFaults()
	plan := c.call(t, "offboard_user", args{"user": jane})
	release := s.hold(t, http.MethodPatch, scimUserPath)
	running := c.call(t, "offboard_user", args{"user": jane, "confirm": plan.str("confirmation.token")})
	s.held(t)
	add("a running one", running, "running", "conflict", "not over")

	before := len(s.writes())
	for name, id := range ids {
		t.Run(name, func(t *testing.T) {
			got := c.call(t, "restore_user", args{"operation_id": id})
			got.wants(t, map[string]any{"code": refusals[name][0]})
			got.says(t, append([]string{id}, refusals[name][1:]...)...)
		})
	}
	if now := s.writes(); len(now) != before {
		t.Errorf("wrote %v", now[before:])
	}
	release()
	c.becomes(t, running.id(), "succeeded")
}
