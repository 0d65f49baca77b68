package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func playDemo(t *testing.T) (code int, transcript string) {
	t.Helper()
	var out, problems bytes.Buffer
	code = run([]string{"demo"}, program{stdin: strings.NewReader(""), stdout: &out, stderr: &problems, getenv: os.Getenv})
	if problems.Len() > 0 {
		t.Errorf("stderr: %s", problems.String())
	}
	return code, out.String()
}

func TestDemo(t *testing.T) {
	t.Setenv("ATLASSIAN_SITE_URL", "https://real.atlassian.net") // not used
	code, transcript := playDemo(t)
	if code != exitOK || !strings.Contains(transcript, "All 9 scenes did what they say") || strings.Count(transcript, "✓ checked") != len(scenes) {
		t.Fatalf("exit %d:\n%s", code, transcript)
	}
	for line := range strings.SplitSeq(transcript, "\n") {
		if utf8.RuneCountInString(line) > 100 {
			t.Errorf("wider than 100 columns: %s", line)
		}
	}
	if strings.Contains(transcript, "\x1b") {
		t.Error("coloured, though nobody sees colours here")
	}
}

func TestDemoFailsWhenASceneDoes(t *testing.T) {
	all := scenes
	t.Cleanup(func() { scenes = all })
	scenes = []func(context.Context, *demo) error{find, func(context.Context, *demo) error { return errors.New("the curtain fell") }, plan}
	code, transcript := playDemo(t)
	if code != exitError || !strings.Contains(transcript, "✗ failed   the curtain fell") || strings.Contains(transcript, "Plan before") || strings.Contains(transcript, "did what they say") {
		t.Errorf("exit %d:\n%s", code, transcript)
	}
}

func TestScenesNoticeWhatIsWrong(t *testing.T) {
	d, end, err := startDemo(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = end() })
	d.transcript = newTranscript(new(bytes.Buffer), false)
	d.memory = memory{jane: "712020:nobody", token: "forged"}
	for name, scene := range map[string]func(context.Context, *demo) error{"plan": plan, "apply": apply, "check": checkSite} {
		if err := scene(t.Context(), d); err == nil {
			t.Errorf("%s: all is well, though it can't be", name)
		}
	}
}

func TestWrap(t *testing.T) {
	word := strings.Repeat("x", 40)
	for name, tt := range map[string]struct{ text, want string }{
		"short":         {"a b", "a b"},
		"long":          {word + " " + word + " " + word, word + " " + word + "\n             " + word},
		"list":          {"- a\n\n  - b", "- a\n\n             - b"},
		"one long word": {strings.Repeat("y", 90), strings.Repeat("y", 85) + "\n           yyyyy"},
	} {
		if got := wrap(tt.text, roleWidth); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestTranscriptInColour(t *testing.T) {
	var out bytes.Buffer
	newTranscript(&out, true).person("hello")
	if got := out.String(); got != "\x1b[32mYou\x1b[0m        hello\n" {
		t.Errorf("got %q", got)
	}
}
