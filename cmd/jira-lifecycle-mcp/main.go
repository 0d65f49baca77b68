// Command jira-lifecycle-mcp is an MCP server for the people of a Jira Cloud site: look up, onboard, offboard, audit.
//
// Each command has a file: it parses, then calls one function of the packages that do the work.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
)

// The exit codes, which scripts may rely on.
const (
	exitOK          = 0
	exitError       = 1 // something failed that has no code of its own
	exitUsage       = 2 // wrong flags or settings, invalid_argument
	exitUnconfirmed = 3 // nothing was changed: the plan waits for confirmation, or was declined
	exitPartial     = 4 // the change failed, or was made only in part
	exitNotFound    = 5 // not_found, ambiguous
	exitRefused     = 6 // a credential, permission, guard or policy is in the way
	exitRetry       = 7 // rate_limited, upstream_unavailable, timeout: the same call may work later
)

const description = `An MCP server for the people of a Jira Cloud site: look up, onboard, offboard, audit.

Without a command it serves MCP on stdin and stdout. "demo" shows it on a simulated site; nothing needs to be set up for that.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 waits for confirmation, 4 changed in part, 5 nobody or several found, 6 refused, 7 try later.`

type cli struct {
	Serve      serveCmd      `cmd:"" default:"withargs" help:"Serve MCP (the default)."`
	Demo       demoCmd       `cmd:"" help:"Show the main job on a simulated site."`
	Call       callCmd       `cmd:"" help:"Call one tool from the shell."`
	Audit      auditCmd      `cmd:"" help:"Audit all accounts, and look at, compare and prune the reports."`
	Operations operationsCmd `cmd:"" help:"Look at changes, steer them, and check and export their record."`
	Events     eventsCmd     `cmd:"" help:"Ask the organization's audit log what happened to people and access, and follow it."`
	Worker     workerCmd     `cmd:"" help:"Run scheduled operations, and those that were left, without a client."`
	Sandbox    sandboxCmd    `cmd:"" help:"Run a simulated Jira site and SCIM directory."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// program is what a command gets from its surroundings.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	sources        *config.Sources
}

// exitError ends a command with a code of its own. A nil err has been told already.
type exitStatus struct {
	code int
	err  error
}

func (e *exitStatus) Error() string { return fmt.Sprint(e.err) }
func (e *exitStatus) Unwrap() error { return e.err }

func main() {
	os.Exit(run(os.Args[1:], program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}))
}

// run runs one command and gives the exit code.
func run(args []string, p program) int {
	p.sources = &config.Sources{Getenv: p.getenv}
	exited := -1
	parser, err := kong.New(grammarFor(args),
		kong.Name("jira-lifecycle-mcp"),
		kong.Description(description),
		kong.ExplicitGroups([]kong.Group{
			{Key: "server", Title: "Server:"},
			{Key: "policy", Title: "Policy:"},
			{Key: "atlassian", Title: "Atlassian (secrets only by environment, file or settings file: ATLASSIAN_API_TOKEN, ATLASSIAN_SCIM_TOKEN, ATLASSIAN_ORG_API_KEY):"},
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(code int) { exited = code }),
		p.sources.Option(),
	)
	if err != nil {
		return p.fail(exitError, err)
	}
	ctx, err := parser.Parse(args)
	switch {
	case exited >= 0: // --help
		return exited
	case err != nil:
		return p.fail(exitUsage, err)
	}
	err = ctx.Run(&p)
	var status *exitStatus
	switch {
	case errors.As(err, &status):
		if status.err == nil {
			return status.code
		}
		return p.fail(status.code, status.err)
	case err != nil:
		return p.fail(exitError, err)
	}
	return exitOK
}

// grammarFor gives the commands that args may mean. What clients start has to be quick, and the grammar of all commands takes longer to build than
// everything else before the answer to initialize: serve, when it is named or when nothing is, has one of its own.
func grammarFor(args []string) any {
	help := slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "--help" })
	if !help && (len(args) == 0 || args[0] == "serve" || strings.HasPrefix(args[0], "-")) {
		return &struct {
			Serve serveCmd `cmd:"" default:"withargs" help:"Serve MCP (the default)."`
		}{}
	}
	return &cli{}
}

func (p program) fail(code int, err error) int {
	fmt.Fprintf(p.stderr, "jira-lifecycle-mcp: %v\n", err)
	return code
}

// isTerminal reports whether a person looks at w, or types into it.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colour reports whether text for w may be coloured, as no-color.org has it.
func (p program) colour(w io.Writer) bool {
	return isTerminal(w) && p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb"
}
