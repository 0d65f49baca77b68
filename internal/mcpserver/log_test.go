package mcpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLogHidesWhatNobodyShouldRead(t *testing.T) {
	for _, format := range []string{"json", "text", "auto"} {
		var out bytes.Buffer
		log := NewLogger(&out, LogOptions{Format: format, Hide: []string{"hunter2", ""}})
		log.With("who", "jane.doe@example.com").Info("found jane.doe@example.com with hunter2", "error", errors.New("token hunter2 of max@example.com"),
			"list", []string{"sam@partner.example"}, slog.Group("g", "mail", "lee@example.com"), "took", 1500*time.Millisecond, "count", 3)
		got := out.String()
		for _, secret := range []string{"jane.doe@", "max@", "sam@", "lee@", "hunter2"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %q in %s", format, secret, got)
			}
		}
		for _, want := range []string{"j***@example.com", "[hidden]", "1.5s", "3"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in %s", format, want, got)
			}
		}
		if isJSON := json.Valid(out.Bytes()); isJSON == (format == "text") {
			t.Errorf("%s is JSON: %v: %s", format, isJSON, got)
		}
	}
}

func TestLogOnATerminal(t *testing.T) {
	for name, tt := range map[string]struct {
		options LogOptions
		colour  bool
	}{
		"terminal":           {LogOptions{Format: "auto", Terminal: true}, true},
		"without colour":     {LogOptions{Format: "auto", Terminal: true, NoColor: true}, false},
		"text into a file":   {LogOptions{Format: "text"}, false},
		"JSON on a terminal": {LogOptions{Format: "json", Terminal: true}, false},
	} {
		var out bytes.Buffer
		log := NewLogger(&out, tt.options)
		log.Debug("below the level")
		log.Info("hello", "key", "value")
		if strings.Contains(out.String(), "\x1b[") != tt.colour || strings.Contains(out.String(), "below") || !strings.Contains(out.String(), "hello") {
			t.Errorf("%s: %q", name, out.String())
		}
	}
}
