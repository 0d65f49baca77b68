package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrongUseOfAuditIsToldBeforeAnythingIsRead(t *testing.T) {
	for args, says := range map[string]string{
		"audit run --limit=0":                    "--limit must be 1 to 1000, not 0",
		"audit compare --limit=1001":             "--limit must be 1 to 1000, not 1001",
		"audit compare a b --csv --output=json":  "--csv and --output=json exclude each other",
		"audit prune":                            "say which reports stay: --keep=N",
		"audit prune --keep=0":                   "--keep must be 1 at least, not 0",
		"audit prune --keep=1 --older-than=soon": "is not an age",
		"audit":                                  `expected one of "run", `,
	} {
		code, stdout, stderr := execute(t, map[string]string{"HOME": t.TempDir()}, strings.Fields(args)...)
		if code != exitUsage || !strings.Contains(stderr, says) || stdout != "" {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}

func TestNoReportsYet(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		says string // on stderr, or on stdout when the code is 0
	}{
		{"audit list", exitOK, `"reports": []`},
		{"audit compare", exitNotFound, "There is no report yet"},
		{"audit prune --keep=3", exitOK, `"removed": []`},
		{"audit prune --older-than=400d", exitOK, `"removed": []`},
	} {
		code, stdout, stderr := execute(t, map[string]string{"HOME": t.TempDir()}, strings.Fields(c.args)...)
		told := stderr
		if c.code == exitOK {
			told = stdout
		}
		if code != c.code || !strings.Contains(told, c.says) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", c.args, code, stdout, stderr)
		}
	}
}

func TestAuditScheduleChecksTheFilesThatAReviewReads(t *testing.T) {
	for plan, want := range map[string]struct {
		code int
		says string // on stderr, or on stdout when the code is 0
	}{
		"every_days: 3\nroster_path: people.csv\nexport_path: export.csv\n":                                {exitOK, `"every_days": 3`},
		"every_days: 3\nroster_path: ../env.sh\n":                                                          {exitUsage, "review.yaml: line 2: roster_path: The file \"../env.sh\" is outside of "},
		"every_days: 3\n\nroster_path: nobody.csv\n":                                                       {exitUsage, "review.yaml: line 3: roster_path: There is no file \"nobody.csv\""},
		"export_path: people.csv\nevery_days: 3\n":                                                         {exitUsage, "review.yaml: line 1: export_path: "},
		"every_days: 3\nrules: [{name: a, finding: active_leaver, then: offboard_user, in_groups: [x]}]\n": {exitOK, "groups that the rules name was not checked: "},
		"every_days: 3\nrules:\n- {name: a, finding: hidden_email, then: offboard_user}\n":                 {exitUsage, "review.yaml: line 3, rule 1: offboard_user does not mend hidden_email"},
		"# ours\nevery_days: 0\n":                                                                          {exitUsage, "review.yaml: line 2: every_days is 0"},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"review.yaml": plan, "people.csv": "email,name\njane@example.com,Jane\n", "export.csv": "User id,email\n1,jane@example.com\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		environment := map[string]string{"HOME": t.TempDir(), "JIRA_LIFECYCLE_CSV_DIR": dir, "JIRA_LIFECYCLE_REVIEW": filepath.Join(dir, "review.yaml")}
		code, stdout, stderr := execute(t, environment, "audit", "schedule")
		told := stderr
		if want.code == exitOK {
			told = stdout
		}
		if code != want.code || !strings.Contains(told, want.says) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q", plan, code, stdout, stderr)
		}
	}
}
