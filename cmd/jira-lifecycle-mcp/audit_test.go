package main

import (
	"strings"
	"testing"
)

func TestWrongUseOfAuditIsToldBeforeAnythingIsRead(t *testing.T) {
	for args, says := range map[string]string{
		"audit run --limit=0":                    "--limit must be 1 to 1000, not 0",
		"audit compare --limit=1001":             "--limit must be 1 to 1000, not 1001",
		"audit compare a b --csv --output=json":  "--csv and --output=json exclude each other",
		"audit prune":                            "--keep",
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
