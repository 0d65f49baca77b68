package lifecycle_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

func TestProvisioningByTheOrganization(t *testing.T) {
	t.Parallel()
	const ann = "ann.other@elsewhere.example"
	const adding = "await_account=done add_to_group=done"
	for _, test := range []struct {
		name    string
		email   string
		route   string
		groups  []string
		knobs   sandbox.OrgKnobs
		prepare func(t *testing.T, s *site)
		outcome string
		says    []string
		in      []string // groups afterwards
		posts   int      // invitations that were sent
		more    bool     // asking again does more: the account is linked to the own domain's directory
	}{
		{name: "somebody of another domain is invited with groups, in one request", email: ann, groups: []string{"partners"}, outcome: "succeeded: invite_user=done " + adding + " verify=done", says: []string{"given with the invitation"}, in: []string{"jira-software-users", "partners"}, posts: 1},
		{name: "the own domain stays with SCIM", email: nina, outcome: "succeeded: create_user=done verify=done"},
		{name: "the route can be named", email: "nora.n@example.com", route: lifecycle.RouteOrganization, outcome: "succeeded: invite_user=done verify=done", in: []string{"jira-software-users"}, posts: 1},
		{name: "Jira's invitation can be named", email: ann, route: lifecycle.RouteJira, outcome: "succeeded: invite_user=done verify=done", in: []string{"jira-software-users"}},
		{name: "who is there already needs nothing", email: sam, outcome: "succeeded", in: []string{"jira-software-users", "partners"}},
		{name: "who is suspended gets the access back, and no invitation", email: susi, outcome: "succeeded: restore_access=done verify=done", says: []string{"still in groups"}, in: []string{"jira-software-users", "partners"}},
		{name: "who is deactivated and managed is activated", email: max, prepare: func(t *testing.T, s *site) { s.offboarded(t, max) }, outcome: "succeeded: reactivate=done verify=done", more: true},
		{
			name: "who is suspended and inactive in SCIM gets both back", email: sam, outcome: "succeeded: restore_access=done reactivate=done verify=done",
			prepare: func(t *testing.T, s *site) {
				if _, err := s.service.Provision(t.Context(), lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: sam, GivenName: "S", FamilyName: "P", Route: lifecycle.RouteSCIM}}); err != nil {
					t.Fatal(err)
				}
				s.offboarded(t, sam, lifecycle.PartDeactivate)
			},
		},
		{name: "whom Google manages stays inactive", email: "kilian.export@example.com", outcome: "blocked", says: []string{"export control"}},
		{name: "whom Google manages is not linked to SCIM", email: gina, route: lifecycle.RouteSCIM, outcome: "blocked", says: []string{"can't be linked", "Google Workspace"}, in: []string{"jira-software-users"}},
		{name: "whom Google manages keeps the access they have", email: gina, groups: []string{"partners"}, outcome: "succeeded: add_to_group=done verify=done", says: []string{"Google Workspace", "stays where it is"}, in: []string{"jira-software-users", "partners"}},
		{name: "whose address was never verified is linked with a warning", email: uma, route: lifecycle.RouteSCIM, outcome: "succeeded: create_user=done verify=done", says: []string{"never verified"}},
		{name: "who is inactive and somebody else's is a blocker", email: "ingo.idle@partner.example", outcome: "blocked", says: []string{"does not own it"}},
		{name: "who is marked for deletion is a blocker", email: dora, outcome: "blocked", says: []string{"marked for deletion", "restore_user"}},
		{name: "a managed account that is on no site is invited", email: neo, route: lifecycle.RouteOrganization, outcome: "succeeded: invite_user=done verify=done", in: []string{"jira-software-users"}, posts: 1},
		{name: "a group of SCIM is a blocker", email: ann, groups: []string{"engineering"}, outcome: "blocked", says: []string{"belongs to SCIM"}},
		{name: "without a paid subscription", email: ann, knobs: sandbox.OrgKnobs{Unpaid: true}, outcome: "failed: invite_user=failed verify=skipped", says: []string{"402", "subscription"}, posts: 1},
		{name: "past the user limit", email: ann, knobs: sandbox.OrgKnobs{SeatLimit: 1}, outcome: "failed: invite_user=failed verify=skipped", says: []string{"limit"}, posts: 1},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			s := newSite(t, withOrganization)
			if test.prepare != nil {
				test.prepare(t, s)
			}
			if err := s.SetOrganization(test.knobs); err != nil {
				t.Fatal(err)
			}
			ask := lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: test.email, GivenName: "A", FamilyName: "B", Route: test.route}, Groups: test.groups}
			r, err := s.service.Provision(t.Context(), ask)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.outcome, outcome(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, r.Text())
			}
			for _, words := range test.says {
				if !strings.Contains(r.Text(), words) {
					t.Errorf("it does not say %q:\n%s", words, r.Text())
				}
			}
			if test.in != nil {
				if diff := cmp.Diff(test.in, s.facts(t)[test.email].groups); diff != "" {
					t.Errorf("groups (-want +got):\n%s", diff)
				}
			}
			posts := 0
			for _, q := range s.writes() {
				if strings.HasSuffix(q.Path, "/users/invite") {
					posts++
				}
			}
			if posts != test.posts {
				t.Errorf("%d invitations were sent, want %d", posts, test.posts)
			}
			if r.Status != lifecycle.Succeeded || test.more {
				return
			}
			sent := len(s.writes())
			again, err := s.service.Provision(t.Context(), ask)
			if err != nil || again.Status != lifecycle.Succeeded || len(s.writes()) != sent {
				t.Errorf("asked again: %s, %v, sent %v", outcome(again), err, s.writes()[sent:])
			}
		})
	}
}

// partly lets invitations through without their groups, and answers as the service does when it did not do all: 206.
type partly struct{ http.RoundTripper }

func (p partly) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/users/invite") {
		return p.RoundTripper.RoundTrip(r)
	}
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	delete(body, "additionalGroups")
	less, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	sent := r.Clone(r.Context())
	sent.Body, sent.ContentLength = io.NopCloser(bytes.NewReader(less)), int64(len(less))
	res, err := p.RoundTripper.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it is read to its end
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	answer = bytes.Replace(answer, []byte(`"results":[`), []byte(`"results":[{"status":"FAILED","message":"The group is full."},`), 1)
	res.StatusCode, res.Body, res.ContentLength = http.StatusPartialContent, io.NopCloser(bytes.NewReader(answer)), int64(len(answer))
	return res, nil
}

func TestAnInvitationThatIsDoneInPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, withOrganization)
		p := s.process(t, s.home, func(c *lifecycle.Config) { c.Directory = s.people(t, partly{s.to}) })
		r, err := p.Provision(t.Context(), lifecycle.ProvisionRequest{Who: lifecycle.Newcomer{Email: "ann@elsewhere.example", GivenName: "A", FamilyName: "B"}, Groups: []string{"partners"}})
		if err != nil {
			t.Fatal(err)
		}
		if want := "succeeded: invite_user=done await_account=done add_to_group=done verify=done"; outcome(r) != want || !strings.Contains(r.Text(), "The group is full.") {
			t.Errorf("%s, want %s and what the service said:\n%s", outcome(r), want, r.Text())
		}
		if !slices.ContainsFunc(s.writes(), func(q sandbox.Request) bool { return strings.HasSuffix(q.Path, "/memberships") }) {
			t.Error("what the invitation did not give was not made up for")
		}
	})
}
