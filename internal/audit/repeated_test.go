package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
)

// Rows of one person count once, and how many there were is told.
func TestRepeatedRowsOfFilesAreTold(t *testing.T) {
	s, dir := largeSite(20), t.TempDir()
	id := s.users[0][0].AccountID
	for name, text := range map[string]string{
		"export.csv": fmt.Sprintf("User id,email,User status,Group name\n%[1]s,a@example.com,Active,x\n%[1]s,a@example.com,Active,y\n%[1]s,a@example.com,Active,z\n", id),
		"roster.csv": fmt.Sprintf("Account id,Email,Work secondary email,Status\n%[1]s,a@example.com,b@example.com,Terminated\n%[1]s,b@example.com,a@example.com,Active\n", id),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := Auditor{Jira: s, StateDir: t.TempDir(), Files: csvdir.Folder(dir)}
	r, err := a.Run(context.Background(), Options{Export: "export.csv", Roster: "roster.csv", ConfirmRoster: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range []string{
		"Export: rows of people who have another row there, which were put together: 2.",
		"Roster: rows of people who have another row there, of which one that is not marked as left counts: 1.",
	} {
		if !slices.Contains(r.Notes, note) {
			t.Errorf("no note %q in\n%s", note, strings.Join(r.Notes, "\n"))
		}
	}
	for row, err := range a.Rows(r.Report.ID) {
		if err != nil {
			t.Fatal(err)
		}
		if row.AccountID == id && (row.Roster == nil || row.Roster.Status != "active") {
			t.Errorf("%+v", row.Roster)
		}
	}
}
