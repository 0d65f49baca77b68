package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// Every row and every finding of a report is on its page, each finding with the row that it is about.
func TestPageHasEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSite(t)
		dir, err := os.MkdirTemp("", "page")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		a := &Auditor{Jira: s, SCIM: directory{s}, StateDir: dir}
		r, err := a.Run(context.Background(), Options{})
		if fault.Is(err, fault.PermissionDenied) {
			t.Skip("a site without any account, which no audit reports on")
		} else if err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(r.Report.Folder)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		put, err := newAside(root)
		if err != nil {
			t.Fatal(err)
		}
		open := func(file string) *json.Decoder {
			f, err := a.Open(r.Report.ID, file)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			return json.NewDecoder(f)
		}
		m := pageMerge{rows: open(RowsFile), findings: open(FindingsFile), aside: put}
		var got, want []string
		rows := readAll[Row](t, a, r.Report.ID, RowsFile)
		for p, err := range m.people {
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) == 0 || p.AccountID != rows[0].AccountID || len(p.Findings) != len(rows[0].Findings) {
				t.Fatalf("%+v is on the page, want %+v", p, rows[:min(1, len(rows))])
			}
			rows = rows[1:]
			for _, f := range p.Findings {
				got = append(got, f.Code+f.Detail)
			}
		}
		for f, err := range m.others {
			if err != nil || f.Subject == "" {
				t.Fatalf("%+v, %v", f, err)
			}
			got = append(got, f.Code+f.Detail)
		}
		if err := put.close(); err != nil {
			t.Fatal(err)
		}
		for _, f := range readAll[Finding](t, a, r.Report.ID, FindingsFile) {
			want = append(want, string(f.Code)+f.Detail)
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" || len(rows) > 0 {
			t.Fatalf("%d rows are missing; findings (-report +page):\n%s", len(rows), diff)
		}
	})
}

func TestPageIsMadeOnceAndLeavesNothingElse(t *testing.T) {
	s := largeSite(40)
	s.scimUsers = append(s.scimUsers, scim.User{ID: "gone", UserName: "ghost@example.com", AccountID: "elsewhere", Active: true})
	a := &Auditor{Jira: s, SCIM: directory{s}, StateDir: t.TempDir(), Site: "https://acme.example.net"}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	read := func() (string, os.FileInfo) {
		f, err := a.Open(r.Report.ID, PageFile)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		text, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		return string(text), info
	}
	page, first := read()
	for _, want := range []string{"acme.example.net", r.Report.ID, "“The identity provider and Jira disagree”", "People who can sign in"} {
		if !strings.Contains(page, want) && !strings.Contains(page, strings.Trim(want, "“”")) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if again, second := read(); again != page || !os.SameFile(first, second) || first.Mode().Perm() != 0o600 {
		t.Errorf("the page was made twice, or for others to read (%s)", first.Mode())
	}
	entries, err := os.ReadDir(r.Report.Folder)
	if err != nil || len(entries) != 5 {
		t.Errorf("the report has %v, %v", entries, err)
	}
}

// A page that can't be made leaves nothing behind and says why.
func TestPageOfADamagedReport(t *testing.T) {
	s := largeSite(40)
	a := &Auditor{Jira: s, SCIM: directory{s}, StateDir: t.TempDir()}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	findings := filepath.Join(r.Report.Folder, FindingsFile)
	text, err := os.ReadFile(findings)
	if err != nil || len(text) == 0 {
		t.Fatal("nothing was found", err)
	}
	for name, damaged := range map[string][]byte{"cut off": text[:len(text)/2], "empty": nil} {
		if err := os.WriteFile(findings, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Open(r.Report.ID, PageFile); err == nil || !strings.Contains(err.Error(), "findings") {
			t.Errorf("%s: %v", name, err)
		}
		if entries, err := os.ReadDir(r.Report.Folder); err != nil || len(entries) != 4 {
			t.Errorf("%s: the report has %v, %v", name, entries, err)
		}
	}
	if _, err := a.Open("audit-20260102T030405Z-ab12", PageFile); err == nil || !strings.Contains(err.Error(), "no report") {
		t.Errorf("a report that is not there: %v", err)
	}
}

// Whoever uses a report that was damaged is told so, and what to do.
func TestADamagedReportIsToldAsOne(t *testing.T) {
	a := &Auditor{Jira: largeSite(40), StateDir: t.TempDir()}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{RowsFile, FindingsFile} { // cut off at the end of a line, and empty
		path := filepath.Join(r.Report.Folder, file)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range [][]byte{nil, whole[:bytes.LastIndexByte(whole[:len(whole)-1], '\n')+1]} {
			if err := os.WriteFile(path, part, 0o600); err != nil {
				t.Fatal(err)
			}
			var last error
			for _, last = range a.Found(r.Report.ID, SuspendedButActive) {
			}
			if file == RowsFile {
				for _, last = range a.Rows(r.Report.ID) {
				}
			}
			if !fault.Is(last, fault.Internal) || !strings.Contains(last.Error(), "is damaged: its file "+file+" can't be read: it has ") {
				t.Errorf("%s with %d bytes: %v", file, len(part), last)
			}
			if _, err := a.Open(r.Report.ID, PageFile); err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("the page of a report whose %s has %d bytes: %v", file, len(part), err)
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{SummaryFile, RowsFile, FindingsFile} {
		if err := os.WriteFile(filepath.Join(r.Report.Folder, file), []byte(`{"account_id":"1","code":"hidden_email"}`+"\n{cut o"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rows := func(yield func(error) bool) {
		for _, err := range a.Rows(r.Report.ID) {
			yield(err)
		}
	}
	findings := func(yield func(error) bool) {
		for _, err := range a.Found(r.Report.ID, HiddenEmail) {
			yield(err)
		}
	}
	summary := func(yield func(error) bool) {
		if err := os.WriteFile(filepath.Join(r.Report.Folder, SummaryFile), []byte(`{"counts":`), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := a.Summary(r.Report.ID)
		yield(err)
	}
	for name, all := range map[string]func(func(error) bool){RowsFile: rows, FindingsFile: findings, SummaryFile: summary} {
		var last error
		for err := range all {
			last = err
		}
		if !fault.Is(last, fault.Internal) || !strings.Contains(last.Error(), "is damaged: its file "+name) {
			t.Errorf("%s: %v", name, last)
		}
	}
}

// Each kind of finding has its plain words and its advice, and notes use them.
func TestKindsInPlainWords(t *testing.T) {
	for code := range advice {
		w := plainWords[code]
		if w.title == "" || w.why == "" {
			t.Errorf("%s has no words", code)
		}
		if Remedy(code) != "" && w.owner == "" {
			t.Errorf("%s has a tool that mends it and nobody to use it", code)
		}
	}
	if len(plainWords) != len(advice) {
		t.Errorf("%d kinds have words, %d have advice", len(plainWords), len(advice))
	}
	if got := plainCodes("No roster_path was given: active_leaver was not checked."); got != "No roster was given: “Should have left, but can still sign in” was not checked." {
		t.Error(got)
	}
}

// Who can sign in are people alone, and those who are not suspended: the figure that is signed.
func TestWhoCanSignIn(t *testing.T) {
	rows := `{"account_type":"atlassian","active":true}
{"account_type":"atlassian","active":true,"organization":{"status":"active"}}
{"account_type":"atlassian","active":true,"organization":{"status":"suspended"}}
{"account_type":"atlassian","active":false}
{"account_type":"app","active":true}
{"account_type":"customer","active":true}`
	r := Result{Counts: Counts{Total: 6, ByAccountType: map[string]int{"atlassian": 4, "app": 1, "customer": 1}}, Report: Report{Rows: 6}}
	h, err := newPageHeader("", r, strings.NewReader(rows), strings.NewReader(""))
	if err != nil || h.CanSignIn != 2 {
		t.Errorf("%d can sign in, %v", h.CanSignIn, err)
	}
	var page strings.Builder
	if err := webpage.Write(&page, h, func(func(webpage.Person, error) bool) {}, func(func(webpage.Finding, error) bool) {}); err != nil || !strings.Contains(page.String(), "of 4 people") {
		t.Errorf("the page does not say of how many: %v", err)
	}
}

// What a row knows of is what the page shows.
func TestRowAsThePageShowsIt(t *testing.T) {
	m := pageMerge{products: map[string]string{"jira-software": "Jira"}}
	p := m.show(Row{
		AccountID: "1", DisplayName: "Anna", LastActive: "2026-08-15", Seats: []string{"jira-software", "other"}, Admin: true, Active: true,
		Organization: &OrganizationRef{Status: statusSuspended, Managed: true},
	})
	if !p.LastActive.Equal(time.Date(2026, 8, 15, 0, 0, 0, 0, time.UTC)) || p.Status != statusSuspended || !p.Managed || !slices.Equal(p.Products, []string{"Jira", "other"}) || len(p.Roles) != 1 {
		t.Errorf("%+v", p)
	}
	if p := m.show(Row{LastActive: never}); !p.NeverActive || !p.LastActive.IsZero() {
		t.Errorf("%+v", p)
	}
	if p := m.show(Row{Organization: &OrganizationRef{Status: statusActive}}); p.Status != "" || p.NeverActive || !p.LastActive.IsZero() {
		t.Errorf("%+v", p)
	}
}
