package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// unit is what the numbers of a row are.
type unit string

const (
	milliseconds unit = "ms"
	megabytes    unit = "MB" // of 2^20 bytes
	times        unit = ""   // a count
)

// against says what a bar limits.
type against int

const (
	nothing    against = iota // the row only informs
	ratio                     // value divided by floor
	roundTrips                // the same, where the floor is one round trip
	value                     // the value itself
	more                      // what value has more than floor
	faster                    // value divided by floor, which the bar is the least of
)

// row is one line of the table.
type row struct {
	group   string
	measure string
	unit    unit
	value   sample
	floor   sample // nil = none

	against against
	bar     float64
	note    string // what the reader of the figure has to know; below the table
}

// ratio is value by floor, by their medians; 0 where there is no floor.
func (r row) ratio() float64 {
	if len(r.floor) == 0 || r.floor.median() == 0 {
		return 0
	}
	return r.value.median() / r.floor.median()
}

// verdict is "ok", "missed", or "" where there is no bar.
func (r row) verdict() string {
	v := r.ratio()
	switch r.against {
	case nothing:
		return ""
	case value:
		v = r.value.median()
	case more:
		v = r.surplus()
	case faster:
		v = -v
	}
	unproven := r.against != value && r.ratio() == 0 // without a floor nothing is shown
	if unproven || v > r.limit() {
		return "missed"
	}
	return "ok"
}

// limit is what a figure must not exceed.
func (r row) limit() float64 {
	if r.against == faster {
		return -r.bar
	}
	return r.bar
}

// surplus is value less floor, by their medians.
func (r row) surplus() float64 { return r.value.median() - r.floor.median() }

// quotient is what the column of ratios shows.
func (r row) quotient() string {
	switch q := r.ratio(); {
	case q == 0:
		return "-"
	case r.against == more:
		return fmt.Sprintf("%+.2f %s", r.surplus(), r.unit)
	default:
		return strconv.FormatFloat(q, 'f', 2, 64)
	}
}

func (r row) barText() string {
	bar := strconv.FormatFloat(r.bar, 'f', -1, 64)
	switch r.against {
	case ratio:
		return "≤ " + bar + " ×"
	case roundTrips:
		return "≤ " + bar + " trips"
	case value:
		return "≤ " + r.show(r.bar)
	case more:
		return "≤ " + bar + " " + string(r.unit) + " more"
	case faster:
		return "≥ " + bar + " ×"
	}
	return "-"
}

func (r row) show(v float64) string {
	switch {
	case r.unit == times:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case r.unit == milliseconds && v >= 10_000:
		return fmt.Sprintf("%.1f s", v/1000)
	case v < 10:
		return fmt.Sprintf("%.2f %s", v, r.unit)
	}
	return fmt.Sprintf("%.1f %s", v, r.unit)
}

// cell shows a sample; all of it where verbose.
func (r row) cell(s sample, verbose bool) string {
	if len(s) == 0 {
		return "-"
	}
	text := r.show(s.median())
	if verbose && len(s) > 1 {
		text += fmt.Sprintf(" (%s to %s, %d)", r.show(slices.Min(s)), r.show(slices.Max(s)), len(s))
	}
	return text
}

func missed(rows []row) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return r.verdict() == "missed" })
}

// report is the table with where it was measured.
type report struct {
	options options
	rows    []row
	cores   int
	date    time.Time
}

func newReport(o options, rows []row) report {
	return report{options: o, rows: rows, cores: runtime.NumCPU(), date: time.Now()}
}

func (r report) print(w io.Writer) error {
	if r.options.json {
		return r.printJSON(w)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "measure\tvalue\tfloor\tratio\tbar\tverdict")
	for _, row := range r.rows {
		verdict := row.verdict()
		if verdict == "" {
			verdict = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", row.measure, row.cell(row.value, r.options.verbose), row.cell(row.floor, r.options.verbose),
			row.quotient(), row.barText(), verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	told := map[string]bool{}
	for _, row := range r.rows {
		if row.note != "" && !told[row.note] { // several rows may share one
			told[row.note] = true
			fmt.Fprintf(w, "%s: %s\n", strings.TrimSpace(row.measure), row.note)
		}
	}
	quick := ""
	if r.options.quick {
		quick = ", --quick: smaller populations, fewer repetitions"
	}
	_, err := fmt.Fprintf(w, "%d cores, %s %s/%s, %s%s\n", r.cores, runtime.Version(), runtime.GOOS, runtime.GOARCH, r.date.Format(time.DateTime), quick)
	return err
}

func (r report) printJSON(w io.Writer) error {
	type line struct {
		Group   string  `json:"group"`
		Measure string  `json:"measure"`
		Unit    unit    `json:"unit,omitempty"`
		Value   *sample `json:"value,omitempty"`
		Floor   *sample `json:"floor,omitempty"`
		Ratio   float64 `json:"ratio,omitempty"`
		Bar     string  `json:"bar,omitempty"`
		Verdict string  `json:"verdict,omitempty"`
		Note    string  `json:"note,omitempty"`
	}
	lines := []line{}
	for _, row := range r.rows {
		l := line{Group: row.group, Measure: row.measure, Unit: row.unit, Ratio: row.ratio(), Verdict: row.verdict(), Note: row.note}
		if len(row.value) > 0 { // what was left out has none
			l.Value = &row.value
		}
		if len(row.floor) > 0 {
			l.Floor = &row.floor
		}
		if row.against != nothing {
			l.Bar = row.barText()
		}
		lines = append(lines, l)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		Date  string `json:"date"`
		Cores int    `json:"cores"`
		Go    string `json:"go"`
		OS    string `json:"os"`
		Quick bool   `json:"quick"`
		Rows  []line `json:"rows"`
	}{r.date.Format(time.RFC3339), r.cores, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, r.options.quick, lines})
}
