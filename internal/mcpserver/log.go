package mcpserver

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lmittmann/tint"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// LogOptions say how the log looks.
type LogOptions struct {
	Level  slog.Level
	Format string // auto, text or json
	// Terminal says that a person watches: auto then means text, and text is coloured unless NoColor.
	Terminal, NoColor bool
	// Hide are texts that never appear, whatever a library writes.
	Hide []string
}

// NewLogger logs to w, which is never stdout. E-mail addresses are shortened in every message and attribute.
func NewLogger(w io.Writer, o LogOptions) *slog.Logger {
	redact := redactor(o.Hide)
	if o.Format == "json" || o.Format == "auto" && !o.Terminal {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: o.Level, ReplaceAttr: redact}))
	}
	return slog.New(tint.NewTextHandler(w, &tint.Options{
		Level: o.Level, TimeFormat: time.TimeOnly, NoColor: o.NoColor || !o.Terminal, ReplaceAttr: redact,
	}))
}

var emailPattern = regexp.MustCompile(`[^\s"'<>,;:=()/\\]+@[^\s"'<>,;:=()/\\]+`)

// redactor rewrites every attribute, the message included. It is the last line: nobody should log such things.
func redactor(hide []string) func([]string, slog.Attr) slog.Attr {
	hide = slices.DeleteFunc(slices.Clone(hide), func(text string) bool { return text == "" })
	return func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return a
		}
		a.Value = a.Value.Resolve()
		switch a.Value.Kind() {
		case slog.KindDuration:
			return slog.String(a.Key, a.Value.Duration().String())
		case slog.KindString, slog.KindAny:
			text := a.Value.String()
			if a.Value.Kind() == slog.KindAny {
				text = fmt.Sprint(a.Value.Any())
			}
			for _, secret := range hide {
				text = strings.ReplaceAll(text, secret, "[hidden]")
			}
			return slog.String(a.Key, emailPattern.ReplaceAllStringFunc(text, rest.RedactEmail))
		}
		return a
	}
}
