package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// People of the sandbox that are always there.
const (
	admin   = "admin@example.com"
	jane    = "jane.doe@example.com"
	sam     = "sam.partner@partner.example"
	manager = "max.manager@example.com"
	petra   = "petra.private@example.com"
	lee     = "lee.left@example.com"
)

// site is a simulated site that one test has for itself.
type site struct {
	*sandbox.Sandbox
	url string
	env map[string]string // what serve needs
}

func newSite(t *testing.T, edits ...func(*sandbox.Options)) *site {
	t.Helper()
	options := sandbox.Options{Seed: 1, Users: 120, Groups: 40}
	for _, edit := range edits {
		edit(&options)
	}
	box, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server, err := box.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("stop the sandbox: %v", err)
		}
		neverSent(t, box)
	})
	return &site{Sandbox: box, url: server.URL(), env: server.Env()}
}

// state is what the sandbox holds, as its control endpoint tells it.
type state struct {
	Jira struct {
		Users []struct {
			AccountID, EmailAddress, AccountType string
			Active                               bool
		}
		Groups []struct {
			GroupID, Name string
			Members       []string
		}
	}
	SCIM struct {
		Users []struct {
			ID, UserName, AccountID string
			Active                  bool
		}
		Groups []struct {
			ID, DisplayName string
			Members         []string
		}
	}
	Organization struct {
		Users []struct {
			Email, Status string
			Tokens        []string // ids of those that live
		}
	}
	// Work is who has which issues, projects, components, filters and dashboards.
	Work sandbox.WorkState `json:"-"`
}

func (s *site) state(t *testing.T) state {
	t.Helper()
	var now state
	res, err := http.Get(s.url + "/_sandbox/state")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&now); err != nil {
		t.Fatal(err)
	}
	now.Work = s.Work()
	return now
}

// facts is what the sandbox holds of one person.
type facts struct {
	OnSite, Active, InSCIM, SCIMActive bool
	Groups                             []string // of Jira and of SCIM, sorted, each name once
}

func (s *site) facts(t *testing.T, email string) facts {
	t.Helper()
	now, id := s.state(t), s.AccountID(email)
	var f facts
	for _, u := range now.Jira.Users {
		if u.AccountID == id {
			f.OnSite, f.Active = true, u.Active
		}
	}
	scimID := ""
	for _, u := range now.SCIM.Users {
		if strings.EqualFold(u.UserName, email) {
			scimID, f.InSCIM, f.SCIMActive = u.ID, true, u.Active
		}
	}
	for _, g := range now.Jira.Groups {
		if slices.Contains(g.Members, id) {
			f.Groups = append(f.Groups, g.Name)
		}
	}
	for _, g := range now.SCIM.Groups {
		if scimID != "" && slices.Contains(g.Members, scimID) {
			f.Groups = append(f.Groups, g.DisplayName)
		}
	}
	slices.Sort(f.Groups)
	f.Groups = slices.Compact(f.Groups)
	return f
}

// writes lists the requests that may have changed something.
func (s *site) writes() []sandbox.Request {
	return slices.DeleteFunc(s.Requests(), sandbox.Request.Reads)
}

// changesNothing checks that no request that may change something arrives from here to the end of the test.
func (s *site) changesNothing(t *testing.T) {
	t.Helper()
	before := len(s.writes())
	t.Cleanup(func() {
		if now := s.writes(); len(now) != before {
			t.Errorf("requests that may change something: %v", now[before:])
		}
	})
}

func (s *site) fault(t *testing.T, f sandbox.Fault) {
	t.Helper()
	if err := s.AddFault(f); err != nil {
		t.Fatal(err)
	}
}

// idle tells whether no request is under way at the site. It sends one of its own, which says how many ran beside it.
func (s *site) idle(t *testing.T) bool {
	t.Helper()
	res, err := http.Get(s.url + "/_edge/tenant_info")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	requests := s.Requests()
	return requests[len(requests)-1].InFlight == 1
}
