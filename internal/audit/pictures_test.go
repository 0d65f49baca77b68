package audit_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/chromium"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

var update = flag.Bool("update", false, "take the pictures of docs/img anew")

// The pictures in docs/access-review.md are of an audit of the sandbox, with a roster.
func TestPictures(t *testing.T) {
	const folder, largest = "../../docs/img", 200 << 10
	const toLeavers = `const rows = [...document.querySelectorAll("#findings-part tbody tr")]; rows[1].querySelector("button.more").click(); document.getElementById("findings").scrollIntoView()`
	pictures := []struct {
		name          string
		width, height int64
		prefer        chromium.Action
		show          string // brings there what is to be seen
	}{
		{"access-review-summary.png", 1180, 1040, chromium.Light(), ``},
		{"access-review-finding.png", 1180, 900, chromium.Light(), toLeavers},
		{"access-review-dark.png", 1180, 700, chromium.Dark(), `document.getElementById("charts").scrollIntoView()`},
	}
	if !*update {
		for _, p := range pictures {
			if info, err := os.Stat(filepath.Join(folder, p.name)); err != nil || info.Size() > largest {
				t.Errorf("%s: %v, or larger than %d bytes; make pictures takes it anew", p.name, err, largest)
			}
		}
		return
	}
	b := chromium.Need(t)
	page := auditedPage(t)
	for _, p := range pictures {
		tab := b.Open(t, page, chromium.Size(p.width, p.height), p.prefer)
		if err := tab.Wait(`document.documentElement.dataset.state === "ready"`); err != nil {
			t.Fatal(err)
		}
		if _, err := chromium.Value[bool](tab, fmt.Sprintf(`(() => { %s; return true })()`, p.show)); err != nil {
			t.Fatal(err)
		}
		png, err := chromium.Get(tab, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, p.name), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// auditedPage audits a sandbox of 2,400 accounts with a roster of those who are active, of whom some have left, and gives the page.
func auditedPage(t *testing.T) string {
	a, url := startSandbox(t, sandbox.Options{Seed: 3, Users: 2400, Groups: 40})
	withOrganization(t, a, url)
	a.Site = "https://sandbox.example"
	var state truth
	getJSON(t, url+"/_sandbox/state", &state)
	roster := "email,status,last day\n"
	for i, u := range state.Jira.Users {
		switch {
		case u.AccountType != "atlassian" || !u.Active || u.EmailAddress == "" || i%400 == 7:
		case i%150 == 11:
			roster += u.EmailAddress + ",terminated,2026-10-30\n"
		default:
			roster += u.EmailAddress + ",active,\n"
		}
	}
	lists := t.TempDir()
	if err := os.WriteFile(filepath.Join(lists, "people.csv"), []byte(roster), 0o600); err != nil {
		t.Fatal(err)
	}
	a.Files = csvdir.Folder(lists)
	r, err := a.Run(context.Background(), audit.Options{Roster: "people.csv"})
	if err != nil {
		t.Fatal(err)
	}
	file, err := a.Open(r.Report.ID, audit.PageFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return filepath.Join(r.Report.Folder, audit.PageFile)
}
