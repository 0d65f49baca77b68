package webpage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// chart is a figure of the page, drawn by page.html as SVG. Lengths across are in percent, so that a chart fits any width and its words keep
// their size; heights are in pixels.
type chart struct {
	ID, Title string
	Told      string // the whole chart in words, for who can't see it
	Empty     string // instead of a chart: why there is nothing to draw
	Height    int
	Bars      []bar // across
	Columns   []column
	Axis      []tick
	Legend    []key
	Note      string // below the chart
}

// bar is a line of a chart with its label above.
type bar struct {
	Label, Value string
	Text, Y      int // the baseline of the label, the top of the bar
	Parts        []part
}

type part struct{ X, Width, Class string }

type column struct {
	X, Width   string
	Y, Height  int
	Class, Tip string
}

type tick struct{ X, Anchor, Label string }

type key struct{ Class, Label string }

const (
	barPitch  = 46 // from a bar to the next
	barTop    = 20 // from a label's top to its bar
	maxBars   = 8
	plotTop   = 18
	plotHigh  = 132
	axisSpace = 22
)

func charts(h Header) []chart {
	return []chart{severityChart(h), typeChart(h), activityChart(h), seatChart(h)}
}

// percent writes n of most as a length.
func percent(n, most int) string {
	if most <= 0 || n <= 0 {
		return "0%"
	}
	return fmt.Sprintf("%.2f%%", max(0.4, 100*float64(n)/float64(most))) // what there is can be seen
}

func severityChart(h Header) chart {
	c := chart{ID: "severity", Title: "Findings by severity"}
	most := 0
	for _, s := range severities {
		most = max(most, of(h.Severities, s))
	}
	if most == 0 {
		c.Empty = "Nothing was found."
		return c
	}
	for _, s := range severities {
		n := of(h.Severities, s)
		c.add(grade(s), number(n), part{"0%", percent(n, most), s})
	}
	return c
}

var typeTitles = map[string]string{
	"atlassian": "People", "app": "Apps and bots", "customer": "Portal customers", "unknown": "Type not known",
}

func typeTitle(name string) string {
	if t := typeTitles[name]; t != "" {
		return t
	}
	return words(name)
}

func typeChart(h Header) chart {
	c := chart{ID: "types", Title: "Accounts by type"}
	types := slices.DeleteFunc(slices.Clone(h.Types), func(t Count) bool { return t.N <= 0 })
	slices.SortStableFunc(types, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name)) })
	if len(types) == 0 {
		c.Empty = "No account was found."
		return c
	}
	for _, t := range types[:min(len(types), maxBars)] {
		c.add(typeTitle(t.Name), number(t.N), part{"0%", percent(t.N, types[0].N), "plain"})
	}
	c.leftOut(len(types))
	return c
}

func seatChart(h Header) chart {
	c := chart{ID: "seats", Title: "Seats by product"}
	if len(h.Seats) == 0 {
		c.Empty = "Seats were not looked at: the credential may not read them, or no product was found."
		return c
	}
	seats := slices.Clone(h.Seats)
	slices.SortStableFunc(seats, func(a, b Seat) int { return cmp.Compare(b.Reclaimable, a.Reclaimable) })
	shown, most := seats[:min(len(seats), maxBars)], 0
	for _, s := range shown {
		most = max(most, s.Used, s.Limit)
	}
	for _, s := range shown {
		freed := min(s.Reclaimable, s.Used)
		value := number(s.Used)
		if s.Limit > 0 {
			value += " of " + number(s.Limit)
		}
		kept := s.Used - freed
		parts := []part{{"0%", percent(kept, most), "plain"}, {percent(kept, most), percent(freed, most), "medium"}}
		if s.Limit > s.Used {
			parts = append(parts, part{percent(s.Used, most), percent(s.Limit-s.Used, most), "free"})
		}
		c.add(cmp.Or(s.Product, s.Key, "Product without a name"), fmt.Sprintf("%s, %s can be freed", value, number(freed)), parts...)
	}
	c.leftOut(len(seats))
	c.Legend = []key{{"plain", "in use"}, {"medium", "can be freed"}, {"free", "left"}}
	return c
}

// add adds a bar.
func (c *chart) add(label, value string, parts ...part) {
	top := len(c.Bars) * barPitch
	c.Bars = append(c.Bars, bar{Label: short(label), Value: value, Text: top + 13, Y: top + barTop, Parts: parts})
	c.Height = top + barTop + 14
	if c.Told != "" {
		c.Told += "; "
	}
	c.Told += label + ": " + value
}

func (c *chart) leftOut(all int) {
	if more := all - maxBars; more > 0 {
		c.Note = fmt.Sprintf("%d more are not drawn.", more)
	}
}

func short(s string) string {
	if r := []rune(s); len(r) > 28 {
		return string(r[:27]) + "…"
	}
	return s
}

// activityChart draws the weeks from the oldest to this one.
func activityChart(h Header) chart {
	c := chart{ID: "activity", Title: "People by week of last activity"}
	a := h.Activity
	if a.known() == 0 {
		c.Empty = "No source said when people were last active. An organization key, or the admin console’s export, does."
		return c
	}
	most := slices.Max(a.Weeks[:])
	const wide = 100.0 / weeks
	dormant := 0
	for i := range weeks {
		week := weeks - 1 - i // 0 is drawn last
		n := a.Weeks[week]
		class := "plain"
		if h.DormantDays > 0 && week*7 >= h.DormantDays {
			class = "medium"
			dormant += n
		}
		if n == 0 {
			continue
		}
		height := max(2, n*plotHigh/most)
		c.Columns = append(c.Columns, column{
			X: fmt.Sprintf("%.3f%%", wide*float64(i)), Width: fmt.Sprintf("%.3f%%", wide*0.78),
			Y: plotTop + plotHigh - height, Height: height, Class: class, Tip: weekName(week) + ": " + number(n),
		})
	}
	c.Height = plotTop + plotHigh + axisSpace
	c.Axis = []tick{{"0%", "start", "a year ago and more"}, {"50%", "middle", "half a year"}, {"100%", "end", "this week"}}
	c.Told = fmt.Sprintf("Last active this week: %s; within 4 weeks: %s; 4 to 13 weeks ago: %s; 13 to 52 weeks ago: %s; a year ago and more: %s",
		number(a.Weeks[0]), number(a.sum(0, 4)), number(a.sum(4, 13)), number(a.sum(13, weeks-1)), number(a.Weeks[weeks-1]))
	c.Note = fmt.Sprintf("The tallest stands for %s. Never active: %s. Not known: %s.", number(most), number(a.Never), number(a.Unknown))
	if h.DormantDays > 0 {
		c.Legend = []key{{"plain", "active lately"}, {"medium", fmt.Sprintf("not for %d days", h.DormantDays)}}
		c.Told += fmt.Sprintf("; not for %d days: about %s", h.DormantDays, number(dormant))
	}
	return c
}

func (a *Activity) sum(from, to int) int {
	sum := 0
	for _, n := range a.Weeks[from:to] {
		sum += n
	}
	return sum
}

func weekName(week int) string {
	switch week {
	case 0:
		return "This week"
	case 1:
		return "1 week ago"
	case weeks - 1:
		return "A year ago and more"
	}
	return fmt.Sprintf("%d weeks ago", week)
}
