package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

// execute runs a command in this process.
func execute(t *testing.T, environment map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, program{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: func(name string) string { return environment[name] }})
	return code, out.String(), errs.String()
}

func TestTheShellSaysWhatIsWrongWithTheDatabase(t *testing.T) {
	cluster := pgtest.Start(t)
	good := cluster.URL(t)
	const secret = "wrong-Secret-2"
	wrong, nobody := cluster.TCP(t, good, secret), "postgres://app:"+secret+"@127.0.0.1:1/x?sslmode=disable"
	for _, c := range []struct {
		name, url string
		args      string
		code      int
		says      string // on stderr, or on stdout when the code is 0
	}{
		{"an empty database has no operations", good, "operations list -o text", exitOK, "No operations."},
		{"an empty record is whole", good, "operations verify -o text", exitOK, "The record is whole: 0 records"},
		{"an empty record is exported", good, "operations export --redact --format=csv", exitOK, "seq,time"},
		{"a wrong password", wrong, "operations list", exitError, "refused the login"},
		{"a wrong password for a check", wrong, "operations verify", exitError, "refused the login"},
		{"a wrong password for an export", wrong, "operations export --redact", exitError, "refused the login"},
		{"a wrong password for a worker", wrong, "worker", exitError, "refused the login"},
		{"a server that is away", nobody, "operations list", exitRetry, "can't be reached"},
		{"a server that is away, for a decision", nobody, "operations approve op-1", exitRetry, "can't be reached"},
		{"a server that is away, for a worker", nobody, "worker --once", exitRetry, "can't be reached"},
		{"no address", "mysql://app:" + secret + "@127.0.0.1/x", "operations list", exitUsage, "is not the address of a PostgreSQL database"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := execute(t, map[string]string{
				"HOME": t.TempDir(), "JIRA_LIFECYCLE_DATABASE_URL": c.url,
				"ATLASSIAN_SITE_URL": "http://127.0.0.1:1", "ATLASSIAN_EMAIL": "admin@example.com", "ATLASSIAN_API_TOKEN": "token",
			}, strings.Fields(c.args)...)
			told := stderr
			if c.code == exitOK {
				told = stdout
			}
			if code != c.code || !strings.Contains(told, c.says) {
				t.Errorf("exit code %d, want %d; stdout %q, stderr %q", code, c.code, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, secret) {
				t.Errorf("the password is in %q, %q", stdout, stderr)
			}
			if c.code != exitOK && stdout != "" {
				t.Errorf("stdout has %q", stdout)
			}
		})
	}
}

func TestAnAge(t *testing.T) {
	for text, want := range map[string]time.Duration{"400d": 400 * 24 * time.Hour, "8w": 56 * 24 * time.Hour, "720h": 720 * time.Hour, "0d": 0} {
		var got age
		if err := got.UnmarshalText([]byte(text)); err != nil || time.Duration(got) != want {
			t.Errorf("%s: %s, %v", text, time.Duration(got), err)
		}
	}
	for _, text := range []string{"", "d", "400", "-400d", "-1h", "1.5d", "99999999999d", "32768d", "1y", "400 d", "4e2d"} {
		var got age
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %s", text, time.Duration(got))
		}
	}
}
