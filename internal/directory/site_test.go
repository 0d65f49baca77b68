package directory_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// newDirectory starts a sandbox and gives a directory over it, with the credential of that name.
func newDirectory(t *testing.T, o sandbox.Options, token string) (*directory.Directory, *sandbox.Sandbox) {
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
	env, credential := server.Env(), sandbox.Tokens()[token]
	site := &auth.Site{SiteURL: env["ATLASSIAN_SITE_URL"], APIURL: env["ATLASSIAN_API_URL"], Email: credential.Email, Token: credential.Token}
	jiraREST, err := rest.New(rest.Config{Service: "jira", BaseURL: env["ATLASSIAN_SITE_URL"], Transport: site})
	if err != nil {
		t.Fatal(err)
	}
	scimREST, err := rest.New(rest.Config{Service: "scim", BaseURL: env["ATLASSIAN_API_URL"], Transport: auth.Bearer(env["ATLASSIAN_SCIM_TOKEN"], nil)})
	if err != nil {
		t.Fatal(err)
	}
	return directory.New(directory.Config{Jira: jira.New(jiraREST), SCIM: scim.New(scimREST, env["ATLASSIAN_SCIM_DIRECTORY_ID"])}), box
}

func resolve(t *testing.T, d *directory.Directory, text string) (directory.Person, error) {
	t.Helper()
	target, err := directory.ParseTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	return d.Resolve(context.Background(), target)
}

func TestResolve(t *testing.T) {
	d, box := newDirectory(t, sandbox.Options{Seed: 1, Users: 500, Groups: 20}, sandbox.TokenAdmin)
	for _, test := range []struct {
		name, ask   string
		id          string
		email       string
		source      string
		active      bool
		scim        bool
		managed     string
		someGroup   string
		someManager string
	}{
		{name: "by e-mail", ask: "JANE.DOE@example.com", id: "jane.doe@example.com", email: "jane.doe@example.com", source: "jira", active: true, scim: true, managed: "yes", someGroup: "engineering", someManager: "scim"},
		{name: "by account id", ask: box.AccountID("jane.doe@example.com"), id: "jane.doe@example.com", email: "jane.doe@example.com", source: "jira", active: true, scim: true, managed: "yes", someGroup: "release-managers", someManager: "jira"},
		{name: "by a name that one person has", ask: "jane doe", id: "jane.doe@example.com", email: "jane.doe@example.com", source: "jira", active: true, scim: true, managed: "yes"},
		{name: "by an e-mail that Jira hides", ask: "petra.private@example.com", id: "petra.private@example.com", email: "petra.private@example.com", source: "scim", active: true, scim: true, managed: "yes"},
		{name: "by the id of somebody whose e-mail Jira hides", ask: box.AccountID("petra.private@example.com"), id: "petra.private@example.com", email: "petra.private@example.com", source: "scim", active: true, scim: true, managed: "yes"},
		{name: "somebody inactive, whom Jira's search leaves out", ask: "lee.left@example.com", id: "lee.left@example.com", email: "lee.left@example.com", source: "jira", scim: true, managed: "yes"},
		{name: "somebody of another domain", ask: "sam.partner@partner.example", id: "sam.partner@partner.example", email: "sam.partner@partner.example", source: "jira", active: true, managed: "no", someGroup: "partners", someManager: "jira"},
		{name: "somebody managed outside of SCIM", ask: "max.manager@example.com", id: "max.manager@example.com", email: "max.manager@example.com", source: "jira", active: true, managed: "not known"},
		{name: "somebody outside whose e-mail is hidden as null", ask: box.AccountID("nils.null@partner.example"), id: "nils.null@partner.example", source: "hidden", active: true, managed: "not known"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := resolve(t, d, test.ask)
			if err != nil {
				t.Fatal(err)
			}
			if want := box.AccountID(test.id); p.AccountID != want {
				t.Errorf("account id %s, want %s", p.AccountID, want)
			}
			managed := "not known"
			if p.Managed != nil {
				managed = map[bool]string{true: "yes", false: "no"}[*p.Managed]
			}
			if p.Email != test.email || p.EmailSource != test.source || p.Active != test.active || (p.SCIM != nil) != test.scim || managed != test.managed {
				t.Errorf("got %+v, managed %s", p, managed)
			}
			if test.someGroup != "" && !slices.ContainsFunc(p.Groups, func(g directory.GroupRef) bool { return g.Name == test.someGroup && g.ManagedBy == test.someManager }) {
				t.Errorf("groups %+v lack %s managed by %s", p.Groups, test.someGroup, test.someManager)
			}
		})
	}
}

func TestWhomAnAnswerCantName(t *testing.T) {
	d, _ := newDirectory(t, sandbox.Options{Seed: 1, Users: 300}, sandbox.TokenAdmin)
	for _, test := range []struct {
		name, ask string
		code      fault.Code
		details   string // part of a display name among the candidates or near matches
	}{
		{name: "two people of one name", ask: "Alex Kim", code: fault.Ambiguous, details: "Alex Kim"},
		{name: "nobody, with somebody near", ask: "Jane Dow", code: fault.NotFound, details: "Jane Doe"},
		{name: "an e-mail that is mistyped", ask: "jane.deo@example.com", code: fault.NotFound, details: "Jane Doe"},
		{name: "the beginning of a name is nobody's name", ask: "Jane Do", code: fault.NotFound, details: "Jane Doe"},
		{name: "nobody at all", ask: "Zzyzx Qwerty", code: fault.NotFound},
		{name: "an account id that does not exist", ask: "5b10ac8d82e05b22cc7d4ef5", code: fault.NotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := resolve(t, d, test.ask)
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != test.code || f.Hint == "" {
				t.Fatalf("got %v, want %s with a hint", err, test.code)
			}
			others, _ := f.Details.(directory.Others)
			named := test.details != "" && strings.Contains(others.Text(), test.details)
			if named != (test.details != "") {
				t.Errorf("details %+v, want %q among them", f.Details, test.details)
			}
		})
	}
}

func TestAnEmptyAnswerToABlindCredentialIsNotNobody(t *testing.T) {
	d, _ := newDirectory(t, sandbox.Options{Seed: 1, Users: 100}, sandbox.TokenNoBrowse)
	for _, ask := range []string{"Max Manager", "sam.partner@partner.example"} {
		if _, err := resolve(t, d, ask); !fault.Is(err, fault.PermissionDenied) || !strings.Contains(err.Error(), "Browse users and groups") {
			t.Errorf("%s: %v, want permission_denied naming the permission", ask, err)
		}
	}
	if _, err := d.Search(context.Background(), "Max", 10, ""); !fault.Is(err, fault.PermissionDenied) {
		t.Errorf("search: %v, want permission_denied", err)
	}
}

func TestATokenThatMayNotAskWhatItMayIsToldSo(t *testing.T) {
	for _, status := range []int{401, 403} {
		d, box := newDirectory(t, sandbox.Options{Seed: 1, Users: 100}, sandbox.TokenScoped)
		if err := box.AddFault(sandbox.Fault{Kind: sandbox.FaultStatus, Path: "/rest/api/3/mypermissions", Status: status}); err != nil {
			t.Fatal(err)
		}
		if _, err := resolve(t, d, "nobody.here@example.com"); !fault.Is(err, fault.PermissionDenied) || !strings.Contains(err.Error(), "read:jira-work") {
			t.Errorf("%d: %v, want permission_denied that names the scope", status, err)
		}
	}
}

func TestRequestsAreNotWasted(t *testing.T) {
	d, box := newDirectory(t, sandbox.Options{Seed: 1, Users: 2000}, sandbox.TokenAdmin)
	sent := func(ask string) int {
		t.Helper()
		target, err := directory.ParseTarget(ask)
		if err != nil {
			t.Fatal(err)
		}
		before := len(box.Requests())
		if _, err := d.Resolve(context.Background(), target); err != nil {
			t.Fatal(err)
		}
		return len(box.Requests()) - before
	}
	provisioned, outside := box.AccountID("jane.doe@example.com"), box.AccountID("sam.partner@partner.example")
	sent(provisioned)
	if n := sent(provisioned); n != 2 {
		t.Errorf("a second look-up of somebody in SCIM sent %d requests, want one to Jira and one to SCIM", n)
	}
	sent(outside)
	if n := sent(outside); n != 2 {
		t.Errorf("a second look-up of somebody outside of SCIM sent %d requests, want one to Jira and one to SCIM", n)
	}
}

func TestSearch(t *testing.T) {
	ctx := context.Background()
	d, _ := newDirectory(t, sandbox.Options{Seed: 1, Users: 5000}, sandbox.TokenAdmin)
	t.Run("an exact e-mail that Jira hides is found through SCIM", func(t *testing.T) {
		found, err := d.Search(ctx, "petra.private@example.com", 10, "")
		if err != nil || len(found.People) != 1 || found.People[0].EmailSource != "scim" {
			t.Errorf("got %+v, %v", found, err)
		}
	})
	t.Run("pages join up to the whole, each person once, and stop at the wall", func(t *testing.T) {
		seen := map[string]bool{}
		cursor, truncated := "", false
		for range 30 {
			found, err := d.Search(ctx, "a", 100, cursor)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range found.People {
				if seen[p.AccountID] {
					t.Fatalf("%s came twice", p.AccountID)
				}
				seen[p.AccountID] = true
			}
			if cursor, truncated = found.Next, found.Truncated; cursor == "" {
				break
			}
		}
		if len(seen) < 50 {
			t.Errorf("only %d people", len(seen))
		}
		if truncated != (len(seen) >= 1000) {
			t.Errorf("truncated %v after %d people", truncated, len(seen))
		}
	})
	t.Run("a cursor of another query is refused", func(t *testing.T) {
		found, err := d.Search(ctx, "a", 5, "")
		if err != nil || found.Next == "" {
			t.Fatalf("%+v, %v", found, err)
		}
		if _, err := d.Search(ctx, "b", 5, found.Next); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		if found, err := d.Search(ctx, "zzyzx", 5, ""); err != nil || len(found.People) != 0 || found.Truncated {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

func TestGroups(t *testing.T) {
	ctx := context.Background()
	d, box := newDirectory(t, sandbox.Options{Seed: 1, Users: 500, Groups: 80}, sandbox.TokenAdmin)
	groups, err := d.ResolveGroups(ctx, []string{"engineering", box.GroupID("partners", false), "engineering"})
	if err != nil || len(groups) != 2 || groups[0].ManagedBy != "scim" || groups[1].Name != "partners" || groups[1].ManagedBy != "jira" {
		t.Errorf("got %+v, %v", groups, err)
	}
	if _, err := d.ResolveGroups(ctx, []string{"contractors"}); !fault.Is(err, fault.Ambiguous) {
		t.Errorf("a name that two groups share: %v", err)
	}
	if _, err := d.ResolveGroups(ctx, []string{"Engineering"}); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "engineering") {
		t.Errorf("a name in other letters: %v, want not_found that names the near one", err)
	}
	total := 0
	for cursor := ""; ; {
		page, err := d.ListGroups(ctx, "", "", 7, cursor)
		if err != nil {
			t.Fatal(err)
		}
		total += len(page.Groups)
		if cursor = page.Next; cursor == "" {
			if total != page.Total {
				t.Errorf("pages hold %d groups, the total is %d", total, page.Total)
			}
			break
		}
	}
	admins, err := d.AdminGroups(ctx)
	if err != nil || len(admins) != 3 {
		t.Errorf("administrators' groups %+v, %v", admins, err)
	}
	page, err := d.ListMembers(ctx, "partners", false, 2, "")
	if err != nil || len(page.Members) != 2 || page.Next == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	if next, err := d.ListMembers(ctx, "partners", false, 2, page.Next); err != nil || len(next.Members) == 0 || next.Members[0].AccountID == page.Members[0].AccountID {
		t.Errorf("second page %+v, %v", next, err)
	}
}
