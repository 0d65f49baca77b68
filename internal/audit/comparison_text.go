package audit

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvcell"
)

// Text tells the counts and the changes of the answer.
func (c Comparison) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Since %s: ", c.Before)
	var counts []string
	for _, kind := range slices.Sorted(maps.Keys(c.Counts)) {
		counts = append(counts, fmt.Sprintf("%s %d", kind, c.Counts[kind]))
	}
	if len(counts) == 0 {
		counts = []string{"nothing changed"}
	}
	b.WriteString(strings.Join(counts, ", ") + ".")
	for _, side := range []struct {
		word  string
		codes map[Code]int
	}{{"New", c.New}, {"Fixed", c.Fixed}} {
		for i, code := range slices.Sorted(maps.Keys(side.codes)) {
			if i == 0 {
				fmt.Fprintf(&b, " %s:", side.word)
			}
			fmt.Fprintf(&b, " %s %d", code, side.codes[code])
		}
		if len(side.codes) > 0 {
			b.WriteString(".")
		}
	}
	for _, change := range c.Changes {
		b.WriteString("\n- " + change.Text())
	}
	if more := c.Total - len(c.Changes); more > 0 {
		fmt.Fprintf(&b, "\n- and %d more", more)
	}
	for _, w := range c.Warnings {
		b.WriteString("\nNote: " + w)
	}
	if c.Total > 0 {
		fmt.Fprintf(&b, "\nAll %d changes: %s", c.Total, c.File)
	}
	return b.String()
}

// Text tells one change in a line.
func (c Change) Text() string {
	who := cmp.Or(c.Name, "no name")
	switch {
	case c.GroupID != "":
		who += " (group_id " + c.GroupID + ")"
	case c.AccountID != "":
		who += " (account_id " + c.AccountID + ")"
	}
	var what string
	switch c.Kind {
	case NewAccount:
		what = "new account"
	case GoneAccount:
		what = "no longer listed"
	case NewFinding:
		what = fmt.Sprintf("new [%s] %s: %s", c.Severity, c.Code, clip(c.Detail, 160))
	case FixedFinding:
		what = fmt.Sprintf("fixed [%s] %s", c.Severity, c.Code)
	case AdminChange:
		what = "is " + c.After + " now"
	default:
		what = string(c.Kind)
		if c.Source != "" && c.Source != sourceJira {
			what += " (" + c.Source + ")"
		}
		if c.Before != "" || c.After != "" {
			what += fmt.Sprintf(": %s, was %s", cmp.Or(c.After, "none"), cmp.Or(c.Before, "none"))
		}
		for _, list := range []struct {
			sign  string
			names []string
		}{{"+", c.Added}, {"-", c.Removed}} {
			for _, name := range list.names[:min(3, len(list.names))] {
				what += fmt.Sprintf(" %s%q", list.sign, clip(name, 60))
			}
			if more := len(list.names) - 3; more > 0 {
				what += fmt.Sprintf(" %s%d more", list.sign, more)
			}
		}
	}
	return who + ": " + what
}

// WriteChanges writes changes as a table that is harmless in a spreadsheet.
func WriteChanges(w io.Writer, changes iter.Seq2[Change, error]) error {
	table := csv.NewWriter(w)
	record := []string{"kind", "account_id", "display_name", "email", "source", "before", "after", "added", "removed", "code", "severity", "detail", "group_id"}
	if err := table.Write(record); err != nil {
		return err
	}
	for c, err := range changes {
		if err != nil {
			return err
		}
		record = append(record[:0], string(c.Kind), c.AccountID, c.Name, c.Email, c.Source, c.Before, c.After,
			strings.Join(c.Added, "; "), strings.Join(c.Removed, "; "), string(c.Code), string(c.Severity), c.Detail, c.GroupID)
		for i, cell := range record {
			record[i] = csvcell.Safe(cell)
		}
		if err := table.Write(record); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}
