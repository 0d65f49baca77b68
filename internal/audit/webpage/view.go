package webpage

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"
)

// view is what page.html shows: every word and figure of it as it will be read.
type view struct {
	Policy template.HTMLAttr // the content security policy
	Style  template.CSS
	Script template.JS

	Title, Subject, When string
	ID                   string
	Lead                 string
	Figures              []shown
	Kinds                []kindView
	Charts               []chart
	Sources              []sourceView
	Notes                []string
	People, Findings     string
	Dormant              int
}

// shown is a headline figure.
type shown struct{ Label, Value, Hint string }

type kindView struct {
	Kind
	Number, Grade string // the count, and the severity in a word
	Show          string // the label of the link to its findings
}

type sourceView struct {
	Title, State, Detail string
	Read                 bool
}

func newView(h Header) view {
	v := view{
		Policy: template.HTMLAttr(`content="` + policy() + `"`),
		Style:  template.CSS(style), Script: template.JS(script),
		Subject: subject(h), When: moment(h.Started), ID: h.ID,
		Lead: lead(h), Figures: headline(h), Charts: charts(h), Notes: h.Notes,
		People: number(h.People), Findings: number(h.Findings), Dormant: h.DormantDays,
	}
	v.Title = "Access review of " + v.Subject
	for _, k := range h.Kinds {
		if k.Count == 0 {
			continue
		}
		show := fmt.Sprintf("Show all %s", number(k.Count))
		if k.Count == 1 {
			show = "Show it"
		}
		v.Kinds = append(v.Kinds, kindView{Kind: k, Number: number(k.Count), Grade: grade(k.Severity), Show: show})
	}
	for _, s := range h.Sources {
		v.Sources = append(v.Sources, newSourceView(s))
	}
	return v
}

// policy lets the page do nothing but show itself: no request of any kind, no script and no style but its own.
func policy() string {
	return "default-src 'none'; script-src " + hash(script) + "; style-src " + hash(style) + "; base-uri 'none'; form-action 'none'"
}

func subject(h Header) string {
	_, host, whole := strings.Cut(h.Site, "://")
	if !whole {
		host = h.Site
	}
	for _, name := range []string{strings.TrimSuffix(host, "/"), h.Organization} {
		if name != "" {
			return name
		}
	}
	return "the site"
}

// lead says in a sentence or two how bad it is.
func lead(h Header) string {
	high, medium := of(h.Severities, "high"), of(h.Severities, "medium")
	unread := slices.ContainsFunc(h.Sources, func(s Source) bool { return !s.Read })
	var text string
	switch {
	case high == 1:
		text = "One finding can’t wait: access that should have ended has not."
	case high > 1:
		text = fmt.Sprintf("%s findings can’t wait: access that should have ended has not.", number(high))
	case medium == 1:
		text = "Nothing is urgent. One finding should be looked at soon."
	case medium > 1:
		text = fmt.Sprintf("Nothing is urgent. %s findings should be looked at soon.", number(medium))
	case h.Findings > 0:
		text = "Nothing needs to be done soon; what was found is for the next tidying up."
	default:
		text = "Nothing was found that needs anybody to act."
	}
	if unread {
		text += " Not every source was read, so there may be more; see what was looked at."
	}
	return text
}

// headline chooses the figures at the top.
func headline(h Header) []shown {
	list := []shown{
		{"Need action first", number(of(h.Severities, "high")), "findings of high severity"},
		{"Findings in all", number(h.Findings), "also those that are only worth knowing"},
		{"People who can sign in", number(h.CanSignIn), "of " + number(of(h.Types, "atlassian")) + " people"},
	}
	used, free := 0, 0
	for _, s := range h.Seats {
		used, free = used+s.Used, free+s.Reclaimable
	}
	if len(h.Seats) > 0 {
		list = append(list, shown{"Seats that can be freed", number(free), "of " + number(used) + " in use"})
	}
	for _, f := range h.Figures[:min(len(h.Figures), 4)] {
		list = append(list, shown{f.Label, number(f.Value), f.Hint})
	}
	return list
}

func of(counts []Count, name string) int {
	for _, c := range counts {
		if c.Name == name {
			return c.N
		}
	}
	return 0
}

func grade(severity string) string {
	return [...]string{"High", "Medium", "Low", "To know"}[severityRank(severity)]
}

var sourceTitles = map[string]string{
	"jira": "Jira", "scim": "User provisioning (SCIM)", "organization": "Atlassian organization",
	"export": "Admin console’s export", "roster": "Roster of who should have access",
}

func newSourceView(s Source) sourceView {
	v := sourceView{Title: sourceTitles[s.Name], State: "not read", Detail: s.Detail, Read: s.Read}
	if v.Title == "" {
		v.Title = words(s.Name)
	}
	if s.Read {
		v.State = "read, " + number(s.Records) + " records"
		if s.Records == 1 {
			v.State = "read, 1 record"
		}
	}
	return v
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}

// number writes 100000 as 100,000.
func number(n int) string {
	text := strconv.Itoa(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(text) - 3; i > start; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
