package batchcsv

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// Most that a field may hold, in characters, as the tools' own arguments; of groups and products also how many.
const (
	maxUser    = 255
	maxReason  = 500
	maxName    = 100
	maxText    = 200
	maxGroup   = 255
	maxGroups  = 50
	maxProduct = 50
)

// row is a row with as many fields as the header. Its slice of fields is used again for the next one.
type row struct {
	line   int
	fields []string
	index  map[string]int
	state  *state
}

// leaver checks a row. What is wrong goes to the problems, and the row is not ok then.
func (r row) leaver() (Leaver, bool) {
	before := len(r.state.problems)
	column := "user"
	for _, name := range []string{"email", "account_id"} {
		if _, ok := r.index[name]; ok {
			column = name
		}
	}
	leaver := Leaver{Line: r.line, Reason: r.text("reason", maxReason, false)}
	if leaver.User = r.text(column, maxUser, true); leaver.User != "" {
		target, err := directory.ParseExactTarget(leaver.User)
		switch {
		case err != nil:
			r.refuse(leaver.User, err)
		case column == "email" && target.Kind != directory.ByEmail:
			r.state.add(r.line, leaver.User, "email is not an e-mail address")
		case column == "account_id" && target.Kind != directory.ByAccountID:
			r.state.add(r.line, leaver.User, "account_id is not an account id")
		default:
			leaver.User = strings.Clone(target.Value)
			r.once(leaver.User)
		}
	}
	return leaver, len(r.state.problems) == before
}

// newcomer checks a row. What is wrong goes to the problems, and the row is not ok then.
func (r row) newcomer(l Lists) (Newcomer, bool) {
	before := len(r.state.problems)
	n := Newcomer{
		Line: r.line, Email: r.text("email", maxUser, true), GivenName: r.text("given_name", maxName, true), FamilyName: r.text("family_name", maxName, true),
		DisplayName: r.text("display_name", maxText, false), Title: r.text("title", maxText, false), Department: r.text("department", maxText, false),
		Groups: r.list("groups", maxGroups, maxGroup), Products: r.list("products", max(len(l.Products), 1), maxProduct), Route: strings.ToLower(r.text("route", maxProduct, false)),
	}
	if n.Email != "" {
		if email, err := directory.ParseEmail(n.Email); err != nil {
			r.refuse(n.Email, err)
		} else {
			n.Email = strings.Clone(email)
			r.once(n.Email)
		}
	}
	for _, product := range n.Products {
		if !slices.Contains(l.Products, product) {
			r.state.add(r.line, product, "there is no such product; products are %s", strings.Join(l.Products, ", "))
		}
	}
	if n.Route != "" && !slices.Contains(l.Routes, n.Route) {
		r.state.add(r.line, n.Route, "there is no such route; routes are %s", strings.Join(l.Routes, ", "))
	}
	return n, len(r.state.problems) == before
}

// refuse notes what a check of a person said.
func (r row) refuse(value string, err error) {
	text := err.Error()
	if f, ok := errors.AsType[*fault.Error](err); ok {
		text = f.Message // the hint is about the arguments of a call
	}
	r.state.add(r.line, value, "%s", strings.TrimSuffix(text, "."))
}

// once notes a person who was in an earlier row already.
func (r row) once(user string) {
	key := person(user)
	if line, ok := r.state.lines[key]; ok {
		r.state.add(r.line, user, "the same person is on line %d already", line)
		return
	}
	r.state.lines[key] = r.line
}

// text gives a field, trimmed, or "" with a problem noted. A column that is not there is empty.
func (r row) text(name string, most int, required bool) string {
	i, ok := r.index[name]
	if !ok {
		return ""
	}
	value := strings.TrimSpace(r.fields[i])
	if name == "reason" {
		value = strings.Join(strings.Fields(value), " ") // people break lines in it
	}
	switch problem := r.wrong(name, value, most); {
	case value == "" && required:
		r.state.add(r.line, "", "%s is empty", name)
	case problem != "":
		r.state.add(r.line, value, "%s", problem)
	default:
		return strings.Clone(value) // the row's text would be kept for as long as a part of it
	}
	return ""
}

// list gives a field that may hold several, with semicolons between.
func (r row) list(name string, most, longest int) []string {
	i, ok := r.index[name]
	if !ok {
		return nil
	}
	var list []string
	for entry := range strings.SplitSeq(r.fields[i], ";") {
		if entry = strings.TrimSpace(entry); entry == "" || slices.Contains(list, entry) {
			continue
		}
		if len(list) == most {
			r.state.add(r.line, r.fields[i], "%s has more than %d entries", name, most)
			return nil
		}
		if problem := r.wrong(name, entry, longest); problem != "" {
			r.state.add(r.line, entry, "%s", problem)
			return nil
		}
		list = append(list, strings.Clone(entry))
	}
	return list
}

// wrong says what is wrong with a text, or "".
func (r row) wrong(name, value string, most int) string {
	switch {
	case strings.ContainsFunc(value, func(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == utf8.RuneError }):
		return name + " has control or invisible characters or a line break in it"
	case utf8.RuneCountInString(value) > most:
		return name + " is longer than " + plural(most, "character")
	}
	return ""
}
