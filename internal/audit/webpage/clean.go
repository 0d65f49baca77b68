package webpage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// maxText is how many characters of a text a page shows; neither a name nor a reason has any business being longer.
const maxText = 2000

// clean takes out what can't be seen and yet changes how a page reads: control, bidirectional and zero-width characters.
func clean(s string) string {
	if plain(s) {
		return s
	}
	return rest.CleanTo(s, maxText)
}

// plain reports that there is nothing to clean, as with most.
func plain(s string) bool {
	if len(s) > maxText {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func cleanAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = clean(s)
	}
	return out
}

// severities, most severe first. Whatever else a severity may be called comes last.
var severities = [...]string{"high", "medium", "low", "info"}

func severityRank(s string) int {
	if i := slices.Index(severities[:], s); i >= 0 {
		return i
	}
	return len(severities) - 1
}

// clean gives the header with clean texts, its kinds most severe first.
func (h Header) clean() Header {
	h.ID, h.Site, h.Organization = clean(h.ID), clean(h.Site), clean(h.Organization)
	h.Notes = cleanAll(h.Notes)
	h.Types, h.Severities = cleanCounts(h.Types), cleanCounts(h.Severities)
	h.Seats, h.Figures = slices.Clone(h.Seats), slices.Clone(h.Figures)
	for i, s := range h.Seats {
		h.Seats[i].Product, h.Seats[i].Key = clean(s.Product), clean(s.Key)
	}
	for i, f := range h.Figures {
		h.Figures[i].Label, h.Figures[i].Hint = clean(f.Label), clean(f.Hint)
	}
	h.Sources = slices.Clone(h.Sources)
	for i, s := range h.Sources {
		h.Sources[i].Name, h.Sources[i].Detail = clean(s.Name), clean(s.Detail)
	}
	h.Kinds = slices.Clone(h.Kinds)
	for i, k := range h.Kinds {
		k.Code, k.Severity, k.Title, k.Why = clean(k.Code), clean(k.Severity), clean(k.Title), clean(k.Why)
		k.Advice, k.Owner, k.Call = clean(k.Advice), clean(k.Owner), clean(k.Call)
		if k.Title == "" {
			k.Title = words(k.Code)
		}
		h.Kinds[i] = k
	}
	slices.SortStableFunc(h.Kinds, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)), cmp.Compare(b.Count, a.Count))
	})
	return h
}

func cleanCounts(list []Count) []Count {
	list = slices.Clone(list)
	for i := range list {
		list[i].Name = clean(list[i].Name)
	}
	return list
}

// words makes a title of a code: "never_active" is "Never active".
func words(code string) string {
	text := strings.TrimSpace(strings.ReplaceAll(code, "_", " "))
	if text == "" {
		return "Without a name"
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
