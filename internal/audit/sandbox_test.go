package audit_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// startSandbox gives an Auditor of a sandbox, and the sandbox's address.
func startSandbox(t *testing.T, o sandbox.Options) (*audit.Auditor, string) {
	t.Helper()
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	env := server.Env()
	site := &auth.Site{
		SiteURL: env["ATLASSIAN_SITE_URL"], APIURL: env["ATLASSIAN_API_URL"],
		Email: env["ATLASSIAN_EMAIL"], Token: env["ATLASSIAN_API_TOKEN"], Base: rest.NewTransport(),
	}
	jiraCore, err := rest.New(rest.Config{Service: "jira", BaseURL: site.SiteURL, Transport: site})
	if err != nil {
		t.Fatal(err)
	}
	scimCore, err := rest.New(rest.Config{
		Service: "scim", BaseURL: site.APIURL, Transport: auth.Bearer(env["ATLASSIAN_SCIM_TOKEN"], rest.NewTransport()),
	})
	if err != nil {
		t.Fatal(err)
	}
	client := jira.New(jiraCore)
	return &audit.Auditor{
		Jira: client, SCIM: scim.New(scimCore, env["ATLASSIAN_SCIM_DIRECTORY_ID"]), StateDir: t.TempDir(),
		Site: site.SiteURL, CloudID: client.CloudID,
	}, server.URL()
}

// Somebody whom the organization tells of once for each of their directories is one person.
func TestAPersonInTwoDirectoriesIsOne(t *testing.T) {
	counts := func(rows bool) (audit.Counts, audit.Row) {
		a, url := startSandbox(t, sandbox.Options{Seed: 1, Users: 40, Groups: 4, Organization: sandbox.OrgKnobs{RowPerDirectory: rows}})
		withOrganization(t, a, url)
		r, err := a.Run(t.Context(), audit.Options{Limit: audit.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		var found []audit.Row
		for row, err := range a.Rows(r.Report.ID) {
			if err != nil {
				t.Fatal(err)
			}
			if row.DisplayName == "Emil Empty" {
				found = append(found, row)
			}
		}
		if len(found) != 1 {
			t.Fatalf("%d rows of one person", len(found))
		}
		return r.Counts, found[0]
	}
	once, row := counts(false)
	twice, again := counts(true)
	if diff := cmp.Diff(once, twice); diff != "" {
		t.Errorf("counts (-one row +a row a directory):\n%s", diff)
	}
	if diff := cmp.Diff(row, again); diff != "" {
		t.Errorf("the person (-one row +a row a directory):\n%s", diff)
	}
}

// withOrganization gives the auditor the sandbox's organization.
func withOrganization(t *testing.T, a *audit.Auditor, url string) {
	t.Helper()
	core, err := rest.New(rest.Config{Service: admin.Service, BaseURL: url, Transport: auth.Bearer("sandbox-org-full-key", rest.NewTransport())})
	if err != nil {
		t.Fatal(err)
	}
	a.Organization = admin.New(core, sandbox.OrgID)
}

// An audit by an organization that isn't the site's would say that all is well.
func TestAnOrganizationThatIsNotTheSites(t *testing.T) {
	a, url := startSandbox(t, sandbox.Options{Seed: 1, Users: 40, Groups: 4})
	core, err := rest.New(rest.Config{Service: admin.Service, BaseURL: url, Transport: auth.Bearer(sandbox.OrgKeys()[sandbox.OrgKeyForeign].Key, rest.NewTransport())})
	if err != nil {
		t.Fatal(err)
	}
	a.Organization = admin.New(core, sandbox.OtherOrgID)
	strange := errors.New("another organization")
	a.Strange = func(context.Context) error { return strange }
	if _, err := a.Run(t.Context(), audit.Options{}); !errors.Is(err, strange) {
		t.Errorf("got %v, want what the check said", err)
	}
	a.Strange = func(context.Context) error { return nil } // the owner of the credential is nobody whom an organization lists
	if _, err := a.Run(t.Context(), audit.Options{}); !fault.Is(err, fault.NotConfigured) || !strings.Contains(err.Error(), "knows none of the") {
		t.Errorf("got %v, want that it knows nobody", err)
	}
}

// The people of the simulated organization are found for what they are, over HTTP and from pages: nobody is asked about alone.
func TestAuditOfTheOrganization(t *testing.T) {
	a, url := startSandbox(t, sandbox.Options{Seed: 1, Users: 300, Groups: 20})
	withOrganization(t, a, url)
	r, err := a.Run(context.Background(), audit.Options{Limit: audit.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range r.Findings {
		found[string(f.Code)+" "+f.Name] = true
		if len(f.Evidence) == 0 && f.Code != audit.SCIMJiraMismatch {
			t.Errorf("without evidence: %+v", f)
		}
	}
	for _, want := range []string{
		"managed_outside_scim Max Manager", "old_api_token Max Manager", "never_active Nina Never", "dormant_seat Rita Retired",
		"organization_admin Avery Admin", "site_admin Boris Backup", "not_in_jira Neo Notinvited", "inactive_with_groups Dora Deletion",
	} {
		if !found[want] {
			t.Errorf("not found: %s", want)
		}
	}
	bySeat := map[string]audit.Seat{}
	for _, s := range r.Seats {
		bySeat[s.Product] = s
	}
	if jira := bySeat["jira-software"]; jira.Used == 0 || jira.Total != jira.Used+jira.Left || jira.Reclaimable == 0 || jira.Source != "jira" {
		t.Errorf("seats %+v", jira)
	}
	var sent []struct{ Path string }
	getJSON(t, url+"/_sandbox/requests", &sent)
	alone := 0
	for _, s := range sent {
		if strings.HasSuffix(s.Path, "/last-active-dates") {
			alone++
		}
	}
	if alone > 5 {
		t.Errorf("%d people were asked about alone, although the pages tell", alone)
	}
}

// truth is what the sandbox knows of itself.
type truth struct {
	Jira struct {
		Users []struct {
			AccountID, EmailAddress, AccountType string
			Active                               bool
		}
		Groups []struct {
			Name    string
			Members []string
		}
	}
	SCIM struct {
		Users []struct {
			ID, UserName, AccountID string
			Active                  bool
		}
	}
}

func getJSON(t *testing.T, url string, out any) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
}

// The counts and the rows of an audit over HTTP are those of the sandbox's own state, also when pages fail on the way.
func TestAuditAgreesWithTheSandbox(t *testing.T) {
	for name, faults := range map[string][]string{
		"undisturbed": nil,
		"every tenth request refused, a page too slow, a connection lost, clamped pages": {
			"kind=rate_limit,every=10,retry_after=0,reason=jira-burst-based",
			"kind=conflict_slow,path=/rest/api/3/users/search,skip=1,times=1",
			"kind=reset_before,path=/rest/api/3/group/member,skip=3,times=1",
			"kind=clamp_page,path=/rest/api/3/users/search,max=300",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, url := startSandbox(t, sandbox.Options{Seed: 7, Users: 1500, Groups: 20, Faults: faults})
			r, err := a.Run(context.Background(), audit.Options{Limit: audit.MaxLimit})
			if err != nil {
				t.Fatal(err)
			}
			var state truth
			getJSON(t, url+"/_sandbox/state", &state)
			want, groups := expected(state)
			got := r.Counts
			got.ByFinding = map[audit.Code]int{}
			for code := range want.ByFinding {
				got.ByFinding[code] = r.Counts.ByFinding[code]
			}
			got.HiddenEmail, got.EmailFromSCIM, got.BySeverity, got.BySource = 0, 0, nil, nil // the state shows what Jira hides
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("counts (-sandbox +audit):\n%s", diff)
			}
			for _, row := range rows(t, a, r.Report.ID) {
				if diff := cmp.Diff(groups[row.AccountID], row.Groups); diff != "" && len(row.Groups)+len(groups[row.AccountID]) > 0 {
					t.Fatalf("groups of %s (-sandbox +audit):\n%s", row.AccountID, diff)
				}
			}
			if notes := strings.Join(r.Notes, "\n"); strings.Count(notes, "\n") != 2 || !strings.Contains(notes, "No organization is configured") {
				t.Errorf("notes: %s", notes)
			}
		})
	}
}

// expected computes from the state what an audit should count, and each account's groups.
func expected(s truth) (audit.Counts, map[string][]string) {
	c := audit.Counts{
		Total: len(s.Jira.Users), SCIMUsers: len(s.SCIM.Users), Groups: len(s.Jira.Groups),
		ByAccountType: map[string]int{},
		ByFinding:     map[audit.Code]int{audit.InactiveWithGroups: 0, audit.ActiveWithoutGroups: 0, audit.UnknownAccount: 0},
	}
	groups := map[string][]string{}
	for _, g := range s.Jira.Groups {
		for _, id := range g.Members {
			groups[id] = append(groups[id], g.Name)
			c.Memberships++
		}
	}
	provisioned := map[string]bool{}
	for _, u := range s.SCIM.Users {
		provisioned[u.AccountID] = true
	}
	for _, u := range s.Jira.Users {
		slices.Sort(groups[u.AccountID])
		c.ByAccountType[u.AccountType]++
		in := len(groups[u.AccountID])
		if u.Active {
			c.Active++
		} else {
			c.Inactive++
		}
		if in == 0 {
			c.WithoutGroups++
		}
		if provisioned[u.AccountID] {
			c.InSCIM++
		}
		if !u.Active && in > 0 {
			c.ByFinding[audit.InactiveWithGroups]++
		}
		if u.Active && in == 0 && u.AccountType == "atlassian" {
			c.ByFinding[audit.ActiveWithoutGroups]++
		}
		if u.AccountType == "unknown" {
			c.ByFinding[audit.UnknownAccount]++
		}
	}
	return c, groups
}

func rows(t *testing.T, a *audit.Auditor, id string) []audit.Row {
	t.Helper()
	f, err := a.Open(id, audit.RowsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []audit.Row
	for in := bufio.NewScanner(f); in.Scan(); {
		var r audit.Row
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// The people that every sandbox has are reported as what they are.
func TestAuditOfSeededPeople(t *testing.T) {
	a, _ := startSandbox(t, sandbox.Options{Seed: 1})
	r, err := a.Run(context.Background(), audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	byEmail := map[string]audit.Row{}
	for _, row := range rows(t, a, r.Report.ID) {
		byEmail[row.Email] = row
	}
	jane := byEmail["jane.doe@example.com"]
	if want := []string{"confluence-users", "engineering", "jira-software-users", "release-managers"}; !slices.Equal(jane.Groups, want) || !jane.Active ||
		jane.SCIM == nil || !jane.SCIM.Active || slices.Contains(jane.Findings, audit.SCIMJiraMismatch) {
		t.Errorf("Jane: %+v", jane)
	}
	sam := byEmail["sam.partner@partner.example"]
	if !slices.Contains(sam.Findings, audit.UnmanagedExternal) || sam.SCIM != nil {
		t.Errorf("Sam: %+v", sam)
	}
}

// Cancelling ends the requests, and the answer is the context's error.
func TestCancelOverHTTP(t *testing.T) {
	a, url := startSandbox(t, sandbox.Options{Seed: 7, Users: 20_000, Groups: 20})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ctx = request.With(ctx, request.Info{Progress: func(float64, float64, string) { cancel() }})
	if _, err := a.Run(ctx, audit.Options{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	var sent []struct{ Path string }
	getJSON(t, url+"/_sandbox/requests", &sent)
	// What was under way at either service, and the page of groups; a whole audit asks for more than 600.
	if most := 3 * rest.DefaultMaxParallel; len(sent) > most {
		t.Errorf("%d requests, although the first progress cancelled", len(sent))
	}
	left, err := os.ReadDir(a.StateDir + "/reports")
	if err != nil || slices.ContainsFunc(left, func(e os.DirEntry) bool { return strings.Contains(e.Name(), "audit") }) {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A credential that the site refuses fails the audit with the site's answer.
func TestWrongCredentialFails(t *testing.T) {
	a, url := startSandbox(t, sandbox.Options{Seed: 7, Users: 300})
	core, err := rest.New(rest.Config{Service: "scim", BaseURL: url, Transport: auth.Bearer("wrong", rest.NewTransport())})
	if err != nil {
		t.Fatal(err)
	}
	a.SCIM = scim.New(core, sandbox.DirectoryID)
	if _, err := a.Run(context.Background(), audit.Options{}); !rest.IsStatus(err, http.StatusUnauthorized) || !strings.Contains(err.Error(), "SCIM directory") {
		t.Errorf("got %v", err)
	}
}

// An export that knows of later activity keeps a seat from being dormant. Without it the seat is, and was: that is not new.
func TestASeatThatOnlyTheExportKnewInUseIsNotNewlyDormant(t *testing.T) {
	a, url := startSandbox(t, sandbox.Options{Seed: 1})
	withOrganization(t, a, url)
	folder := t.TempDir()
	a.Files = csvdir.Folder(folder)
	rita := "User id,User name,email,User status,Last seen in Jira,Last seen in Confluence\n" +
		accountOf(t, url, "rita.retired@example.com") + ",Rita Retired,rita.retired@example.com,Active,DAY,DAY\n"
	if err := os.WriteFile(filepath.Join(folder, "export.csv"), []byte(strings.ReplaceAll(rita, "DAY", time.Now().Format("02 Jan 2006"))), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := a.Run(context.Background(), audit.Options{Export: "export.csv"})
	if err != nil {
		t.Fatal(err)
	}
	a.Now = func() time.Time { return time.Now().Add(time.Minute) }
	second, err := a.Run(context.Background(), audit.Options{CompareTo: first.Report.ID})
	if err != nil {
		t.Fatal(err)
	}
	if before, after := first.Counts.ByFinding[audit.DormantSeat], second.Counts.ByFinding[audit.DormantSeat]; after != before+1 {
		t.Fatalf("%d seats were dormant with the export, and %d without", before, after)
	}
	c := second.Comparison
	if c.New[audit.DormantSeat] != 0 || !strings.Contains(strings.Join(c.Warnings, "\n"), "dormant_seat 1") {
		t.Errorf("new %v, warnings %q", c.New, c.Warnings)
	}
}

// accountOf is the account with an e-mail, as the sandbox knows it.
func accountOf(t *testing.T, url, email string) string {
	t.Helper()
	var state truth
	getJSON(t, url+"/_sandbox/state", &state)
	for _, u := range state.Jira.Users {
		if u.EmailAddress == email {
			return u.AccountID
		}
	}
	t.Fatalf("nobody has %s", email)
	return ""
}
