package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The widths of a transcript, in characters.
const (
	transcriptWidth = 96
	roleWidth       = 11
)

// The colours of a transcript, as ANSI codes.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	cyan   = "36"
)

// transcript writes a conversation down for people to read.
type transcript struct {
	w      io.Writer
	colour bool
	scenes int
	checks int
}

func newTranscript(w io.Writer, colour bool) *transcript { return &transcript{w: w, colour: colour} }

func (t *transcript) paint(code, text string) string {
	if !t.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (t *transcript) open() {
	fmt.Fprintf(t.w, "%s\n%s\n", t.paint(bold, "jira-lifecycle-mcp demo"),
		t.paint(dim, wrap("A simulated Jira site, SCIM directory and organization run inside this process. The assistant's lines are scripted; its calls, the server and every answer are real.", 0)))
}

func (t *transcript) scene(title string) {
	t.scenes++
	head := fmt.Sprintf("%d. %s ", t.scenes, title)
	fmt.Fprintf(t.w, "\n%s%s\n\n", t.paint(bold, head), t.paint(dim, strings.Repeat("─", transcriptWidth-utf8.RuneCountInString(head))))
}

func (t *transcript) person(text string)    { t.line("You", green, text) }
func (t *transcript) assistant(text string) { t.line("Assistant", blue, text) }

// called writes down a tool call, its arguments in the order of their names.
func (t *transcript) called(tool string, in args) {
	var b strings.Builder
	b.WriteString("→ " + tool)
	for _, name := range slices.Sorted(maps.Keys(in)) {
		value, _ := json.Marshal(in[name]) // texts, numbers and lists of texts
		fmt.Fprintf(&b, " %s=%s", name, value)
	}
	t.line("Assistant", blue, shorten(b.String()))
}

// answered writes down what the server said.
func (t *transcript) answered(r reply) {
	code := cyan
	if r.failed {
		code = yellow
	}
	t.line("Server", code, shorten(r.text))
}

func (t *transcript) checked(format string, values ...any) {
	t.checks++
	t.line("✓ checked", green, fmt.Sprintf(format, values...))
}

func (t *transcript) failed(err error) {
	t.line("✗ failed", red, err.Error())
}

func (t *transcript) close(took time.Duration) {
	fmt.Fprintf(t.w, "\n%s\n%s\n", t.paint(green, fmt.Sprintf("All %d scenes did what they say, in %.1f s. Nothing left this machine.", t.scenes, took.Seconds())),
		t.paint(dim, "The simulated site and its report are gone again.\nREADME.md says how to connect an assistant and a real site."))
}

// line writes what a role says, in a column of its own.
func (t *transcript) line(role, code, text string) {
	pad := strings.Repeat(" ", max(1, roleWidth-utf8.RuneCountInString(role)))
	fmt.Fprintf(t.w, "%s%s%s\n", t.paint(code, role), pad, wrap(text, roleWidth))
}

// longText is what nobody reads to its end: confirmation tokens.
var longText = regexp.MustCompile(`[A-Za-z0-9_-]{60,}`)

func shorten(text string) string {
	return longText.ReplaceAllStringFunc(text, func(s string) string { return s[:8] + "…" })
}

// wrap breaks text to fit beside a column of indent characters: at spaces, and within a word only where it is longer than a
// line. What continues a line beside a column
// is set in by two more than the line itself.
func wrap(text string, indent int) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		lead := strings.Repeat(" ", len(line)-len(strings.TrimLeft(line, " ")))
		next := lead
		if indent > 0 {
			next += "  "
		}
		current := ""
		for word := range strings.FieldsSeq(line) {
			if current != "" && utf8.RuneCountInString(current+" "+word) <= transcriptWidth-indent {
				current += " " + word
				continue
			}
			if current != "" {
				out = append(out, current)
				lead = next
			}
			letters := []rune(lead + word)
			for len(letters) > transcriptWidth-indent {
				out = append(out, string(letters[:transcriptWidth-indent]))
				letters = letters[transcriptWidth-indent:]
			}
			current = string(letters)
		}
		out = append(out, current)
	}
	for i := 1; i < len(out); i++ {
		if out[i] != "" {
			out[i] = strings.Repeat(" ", indent) + out[i]
		}
	}
	return strings.Join(out, "\n")
}
