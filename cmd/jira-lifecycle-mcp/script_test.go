package main

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

const binary = "jira-lifecycle-mcp"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){binary: main})
}

// TestScripts drives the real program as a user does. Each script has a home of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("GORACE", "atexit_sleep_ms=0") // a race detector would have each of the programs linger for a second at its end
			env.Setenv("LAST_MONTH", time.Now().UTC().AddDate(0, 0, -29).Format(time.RFC3339))
			env.Setenv("LAST_YEAR", time.Now().UTC().AddDate(-1, 0, 0).Format(time.RFC3339))
			env.Setenv("TOMORROW", time.Now().UTC().AddDate(0, 0, 1).Format(time.RFC3339))
			env.Values[processes{}] = map[string]*exec.Cmd{}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "superuser" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"capture": capture,
			"exits":   exits,
			"journal": changeJournal,
			"sandbox": startSandboxProcess,
			"start":   start,
			"stop":    stop,
			"until":   until,
		},
	})
}

// processes is the key under which a script's background processes are kept.
type processes struct{}

// exits CODE ARG... runs the program and checks its exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(binary, args[1:]...)
	var exit *exec.ExitError
	switch got := 0; {
	case err != nil && !errors.As(err, &exit):
		ts.Fatalf("%v", err)
	case exit != nil:
		got = exit.ExitCode()
		fallthrough
	default:
		if got != want {
			ts.Fatalf("exit code %d, want %d", got, want)
		}
	}
}

// capture NAME PATTERN keeps the pattern's first group of the last output as a variable.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	match := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if match == nil {
		ts.Fatalf("no match for %s", args[1])
	}
	ts.Setenv(args[0], match[1])
}

// journal SQL changes the journal behind the program's back.
func changeJournal(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", filepath.Join(ts.Getenv("JIRA_LIFECYCLE_STATE_DIR"), "journal.db"))
	ts.Check(err)
	defer db.Close()
	result, err := db.Exec(args[0])
	ts.Check(err)
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("nothing was changed: %v", err)
	}
}

// until PATTERN ARG... runs the program until its output matches, for half a minute at most.
func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern, deadline := regexp.MustCompile(args[0]), time.Now().Add(30*time.Second)
	for {
		ts.Check(ts.Exec(binary, args[1:]...))
		switch out := ts.ReadFile("stdout"); {
		case pattern.MatchString(out):
			return
		case time.Now().After(deadline):
			ts.Fatalf("no match for %s; at last it was\n%s", args[0], out)
		}
	}
}

// sandbox FLAG... starts a sandbox process and sets its environment for the rest of the script.
func startSandboxProcess(ts *testscript.TestScript, _ bool, args []string) {
	line := background(ts, "sandbox", regexp.MustCompile(`^\{.*\}$`), append([]string{"sandbox", "--listen=127.0.0.1:0"}, args...))
	var ready sandbox.Ready
	ts.Check(json.Unmarshal([]byte(line[0]), &ready))
	ts.Setenv("SANDBOX", ready.URL)
	for name, value := range ready.Env {
		ts.Setenv(name, value)
	}
}

// start NAME PATTERN ARG... starts the program and waits for a line that matches. NAME then holds the pattern's first group.
func start(ts *testscript.TestScript, _ bool, args []string) {
	if match := background(ts, args[0], regexp.MustCompile(args[1]), args[2:]); len(match) > 1 {
		ts.Setenv(args[0], match[1])
	}
}

// stop NAME asks a background process to end, and expects it to do so well.
func stop(ts *testscript.TestScript, _ bool, args []string) {
	cmd := ts.Value(processes{}).(map[string]*exec.Cmd)[args[0]]
	ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil {
		ts.Fatalf("%s: %v", args[0], err)
	}
}

func background(ts *testscript.TestScript, name string, pattern *regexp.Regexp, args []string) []string {
	cmd := exec.Command(binary, args...)
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, binary); cmd.Err != nil {
			if _, err := os.Stat(path); err == nil {
				cmd.Path, cmd.Err = path, nil
			}
		}
	}
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), scriptEnv(ts)
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	ts.Check(cmd.Start())
	ts.Value(processes{}).(map[string]*exec.Cmd)[name] = cmd
	ts.Defer(func() { _ = cmd.Process.Kill(); _ = writer.Close() })

	found := make(chan []string, 1)
	go func() {
		lines := bufio.NewScanner(reader)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if match := pattern.FindStringSubmatch(lines.Text()); match != nil {
				select {
				case found <- match:
				default: // an earlier line matched; the rest only has to be read
				}
			}
		}
	}()
	select {
	case match := <-found:
		return match
	case <-time.After(30 * time.Second):
		ts.Fatalf("%s: no line matches %s", name, pattern)
		return nil
	}
}

// scriptEnv gives the script's environment to a process that the script's own exec did not start.
func scriptEnv(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range append([]string{"PATH", "HOME", "TMPDIR", "XDG_STATE_HOME"}, scriptVariables...) {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

var scriptVariables = []string{
	"ATLASSIAN_SITE_URL", "ATLASSIAN_API_URL", "ATLASSIAN_EMAIL", "ATLASSIAN_API_TOKEN", "ATLASSIAN_SCIM_DIRECTORY_ID", "ATLASSIAN_SCIM_TOKEN",
	"ATLASSIAN_ORG_ID", "ATLASSIAN_ORG_API_KEY",
	"JIRA_LIFECYCLE_STATE_DIR", "TESTSCRIPT_COMMAND", "GOCOVERDIR",
}
