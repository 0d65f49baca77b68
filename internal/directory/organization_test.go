package directory_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// newOrganization is newDirectory with an organization, by the key of that name, and SCIM only where scimToo.
func newOrganization(t *testing.T, o sandbox.Options, key string, scimToo bool) (*directory.Directory, *sandbox.Sandbox) {
	t.Helper()
	return newOrganizationOf(t, o, "", key, scimToo, sandbox.Tokens()[sandbox.TokenAdmin].Email)
}

// newOrganizationOf is newOrganization with another organization's id, and an address that the owner of the credential is known to have.
func newOrganizationOf(t *testing.T, o sandbox.Options, id, key string, scimToo bool, owner string) (*directory.Directory, *sandbox.Sandbox) {
	t.Helper()
	box, err := sandbox.New(o)
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
	})
	env, credential := server.Env(), sandbox.Tokens()[sandbox.TokenAdmin]
	client := func(service string, c rest.Config) *rest.Client {
		c.Service = service
		made, err := rest.New(c)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	api := env["ATLASSIAN_API_URL"]
	site := &auth.Site{SiteURL: env["ATLASSIAN_SITE_URL"], APIURL: api, Email: credential.Email, Token: credential.Token}
	config := directory.Config{
		Owner: owner,
		Jira:  jira.New(client("jira", rest.Config{BaseURL: env["ATLASSIAN_SITE_URL"], Transport: site})),
		Admin: admin.New(client(admin.Service, rest.Config{BaseURL: api, Transport: auth.Bearer(sandbox.OrgKeys()[key].Key, nil)}), cmp.Or(id, sandbox.OrgID)),
	}
	if scimToo {
		config.SCIM = scim.New(client("scim", rest.Config{BaseURL: api, Transport: auth.Bearer(sandbox.SCIMToken, nil)}), sandbox.DirectoryID)
	}
	return directory.New(config), box
}

func TestAPersonWithTheOrganization(t *testing.T) {
	both, box := newOrganization(t, sandbox.Options{Seed: 1, Users: 200}, sandbox.OrgKeyFull, true)
	alone, _ := newOrganization(t, sandbox.Options{Seed: 1, Users: 200}, sandbox.OrgKeyFull, false)
	for _, test := range []struct {
		name, ask string
		d         *directory.Directory
		id        string // e-mail of the account; ask when empty
		source    string // of the e-mail
		status    string
		managed   bool
		active    bool
		last      bool   // whether a last activity is told
		note      string // why not
		warning   string
		sources   string
	}{
		{name: "somebody in all services", ask: "jane.doe@example.com", d: both, source: "jira", status: admin.StatusActive, managed: true, active: true, last: true, sources: "jira scim organization"},
		{name: "somebody managed outside of SCIM", ask: "max.manager@example.com", d: both, source: "jira", status: admin.StatusActive, managed: true, active: true, last: true, sources: "jira organization"},
		{name: "an address that Jira hides is found without SCIM", ask: "petra.private@example.com", d: alone, source: "organization", status: admin.StatusActive, managed: true, active: true, last: true, sources: "jira organization"},
		{name: "an address that Jira hides, by account id", ask: box.AccountID("nils.null@partner.example"), id: "nils.null@partner.example", d: both, source: "organization", status: admin.StatusActive, active: true, note: "no app of this site", sources: "jira organization"},
		{name: "SCIM leads for the address where it has it", ask: "petra.private@example.com", d: both, source: "scim", status: admin.StatusActive, managed: true, active: true, last: true, sources: "jira scim organization"},
		{name: "somebody inactive is found by e-mail without SCIM", ask: "lee.left@example.com", d: alone, source: "jira", status: admin.StatusDeactivated, managed: true, last: true, sources: "jira organization"},
		{name: "somebody suspended", ask: "susi.suspended@partner.example", d: both, source: "jira", status: admin.StatusSuspended, last: true, warning: "suspended", sources: "jira organization"},
		{name: "somebody who is being deleted", ask: "dora.deletion@example.com", d: both, source: "jira", status: admin.StatusForDeletion, managed: true, last: true, warning: "14 days", sources: "jira organization"},
		{name: "somebody on no site", ask: "neo.notinvited@example.com", d: both, source: "organization", status: admin.StatusNotInvited, managed: true, note: "no app of this site", warning: "does not show the account on this site", sources: "organization"},
		{name: "somebody on no site, by account id", ask: box.AccountID("neo.notinvited@example.com"), id: "neo.notinvited@example.com", d: both, source: "organization", status: admin.StatusNotInvited, managed: true, note: "no app of this site", sources: "organization"},
		{name: "activity on another site is none here", ask: "oscar.othersite@example.com", d: both, source: "jira", status: admin.StatusActive, managed: true, active: true, note: "no activity on this site", sources: "jira organization"},
		{name: "somebody who was never active", ask: "nina.never@example.com", d: both, source: "jira", status: admin.StatusActive, managed: true, active: true, note: "no activity on this site", sources: "jira organization"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := resolve(t, test.d, test.ask)
			if err != nil {
				t.Fatal(err)
			}
			email := test.ask
			if test.id != "" {
				email = test.id
			}
			if p.AccountID != box.AccountID(email) || p.Email != email || p.EmailSource != test.source {
				t.Errorf("%s, %s from %s; want %s from %s", p.AccountID, p.Email, p.EmailSource, email, test.source)
			}
			if p.Org == nil || p.Org.Status != test.status || p.Managed == nil || *p.Managed != test.managed || p.Active != test.active {
				t.Errorf("organization %+v, managed %v, active %v; want %s, %v, %v", p.Org, p.Managed, p.Active, test.status, test.managed, test.active)
			}
			if (p.LastActive != nil) != test.last || (p.LastActiveNote != "") == test.last || !strings.Contains(p.LastActiveNote, test.note) {
				t.Errorf("last active %v (%s)", p.LastActive, p.LastActiveNote)
			}
			if warnings := strings.Join(p.Warnings, "\n"); !strings.Contains(warnings, test.warning) {
				t.Errorf("warnings %q, want one with %q", warnings, test.warning)
			}
			if got := strings.Join(p.Sources, " "); got != test.sources {
				t.Errorf("sources %s, want %s", got, test.sources)
			}
		})
	}
	t.Run("an organization admin", func(t *testing.T) {
		if p, err := resolve(t, both, "dana.admin@example.com"); err != nil || !p.Org.Admin() {
			t.Errorf("%+v, %v", p.Org, err)
		}
	})
}

func TestWhomAnOrganizationThatCantBeAskedHides(t *testing.T) {
	d, box := newOrganization(t, sandbox.Options{Seed: 1, Users: 200}, sandbox.OrgKeyExpired, true)
	p, err := resolve(t, d, "jane.doe@example.com")
	if err != nil || p.OrgUnread == nil || p.Org != nil || !strings.Contains(strings.Join(p.Warnings, " "), "could not be asked") || p.LastActiveNote == "" {
		t.Errorf("%+v, %v: want the person, with why the organization says nothing", p, err)
	}
	if _, err := resolve(t, d, "nobody.at.all@example.com"); err == nil || fault.Is(err, fault.NotFound) {
		t.Errorf("nobody: %v, want the error of the organization, which may know them", err)
	}
	if _, err := resolve(t, d, box.AccountID("neo.notinvited@example.com")); !fault.Is(err, fault.NotFound) {
		t.Errorf("an account that the site does not have: %v", err)
	}
}

func TestTheOrganizationsLinkReplacesTheWalk(t *testing.T) {
	d, box := newOrganization(t, sandbox.Options{Seed: 1, Users: 6000}, sandbox.OrgKeyFull, true)
	before := len(box.Requests())
	id := box.AccountID("petra.private@example.com")
	p, err := d.ResolveToChange(context.Background(), directory.Target{Kind: directory.ByAccountID, Value: id})
	if err != nil || p.SCIM == nil || p.SCIMUnsure || p.Control == nil || len(p.Control.May) == 0 {
		t.Fatalf("%+v, %v: want the SCIM user of an account whose address Jira hides, in a directory that is too large to walk", p, err)
	}
	p, err = d.ResolveToChange(context.Background(), directory.Target{Kind: directory.ByAccountID, Value: box.AccountID("max.manager@example.com")})
	if err != nil || p.SCIM != nil || p.SCIMUnsure || len(p.Control.Tokens) != 2 {
		t.Errorf("%+v, %v: want a proof that the account is not in SCIM, and its two tokens", p, err)
	}
	pages := 0
	for _, r := range box.Requests()[before:] {
		if strings.HasSuffix(r.Path, "/Users") {
			pages++
		}
	}
	if pages > 2 {
		t.Errorf("%d pages of SCIM users were read", pages)
	}
	if p, err := resolve(t, d, "max.manager@example.com"); err != nil || p.Control != nil {
		t.Errorf("a look-up asked what may be done: %+v, %v", p.Control, err)
	}
	if slices.ContainsFunc(box.Requests(), func(r sandbox.Request) bool { return r.Method == "DELETE" || r.Method == "PATCH" }) {
		t.Error("the read side wrote")
	}
}

// Who may use nothing of the site any more was there before: their activity is asked for, and nobody else's.
func TestTheActivityOfThoseWhoHaveLeft(t *testing.T) {
	for _, test := range []struct {
		name, ask string
		key       string
		last      bool
		note      string
		asked     int
	}{
		{name: "deactivated, and out of every group", ask: "kilian.export@example.com", last: true, asked: 1},
		{name: "somebody else's account, inactive", ask: "ingo.idle@partner.example", last: true, asked: 1},
		{name: "never on any site", ask: "neo.notinvited@example.com", note: "no activity on this site", asked: 1},
		{name: "deactivated, and still in groups", ask: "lee.left@example.com", last: true},
		{name: "never active, with access", ask: "nina.never@example.com", note: "no activity on this site"},
		{name: "active on another site alone", ask: "oscar.othersite@example.com", note: "no activity on this site"},
		{name: "a key that may not ask", ask: "kilian.export@example.com", key: sandbox.OrgKeyNarrow, note: "could not be read", asked: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, box := newOrganization(t, sandbox.Options{Seed: 1, Users: 20}, cmp.Or(test.key, sandbox.OrgKeyFull), true)
			p, err := resolve(t, d, test.ask)
			if err != nil {
				t.Fatal(err)
			}
			d.RecallActivity(t.Context(), &p)
			if (p.LastActive != nil) != test.last || (p.LastActiveNote != "") == test.last || !strings.Contains(p.LastActiveNote, test.note) {
				t.Errorf("last active %v (%s)", p.LastActive, p.LastActiveNote)
			}
			asked := 0
			for _, r := range box.Requests() {
				if strings.HasSuffix(r.Path, "/last-active-dates") {
					asked++
				}
			}
			if asked != test.asked {
				t.Errorf("asked %d times, want %d", asked, test.asked)
			}
		})
	}
}
