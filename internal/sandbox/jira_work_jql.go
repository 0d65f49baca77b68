package sandbox

import (
	"regexp"
	"strings"
)

// jqlQuery is the part of JQL that is served: terms joined by AND.
type jqlQuery struct {
	assignee, reporter string // account ids
	byAssignee         bool
	byReporter         bool
	open               bool     // statusCategory != Done
	keys               []string // nil is any
}

const (
	jqlQuoted = `"((?:[^"\\]|\\.)*)"`
	jqlWord   = `[A-Za-z0-9_-]+`
)

var (
	jqlPerson  = regexp.MustCompile(`^(?i:(assignee|reporter))\s*=\s*` + jqlQuoted)
	jqlOpen    = regexp.MustCompile(`^(?i:statusCategory\s*!=\s*"?Done"?)`)
	jqlKeys    = regexp.MustCompile(`^(?i:key|issuekey)\s+(?i:in)\s*\(\s*((?:` + jqlQuoted + `|` + jqlWord + `)(?:\s*,\s*(?:` + jqlQuoted + `|` + jqlWord + `))*)\s*\)`)
	jqlAnd     = regexp.MustCompile(`^\s+(?i:AND)\s+`)
	jqlKey     = regexp.MustCompile(jqlQuoted + `|` + jqlWord)
	jqlEscaped = regexp.MustCompile(`\\(.)`)
)

// parseJQL reads a query. problem is what Jira says to one that it can't read or that has no bounds.
func parseJQL(text string) (q jqlQuery, problem string) {
	rest := strings.TrimSpace(text)
	if rest == "" {
		return q, unbounded
	}
	for {
		if m := jqlPerson.FindStringSubmatch(rest); m != nil {
			id := unquoteJQL(m[2])
			if strings.EqualFold(m[1], "assignee") {
				q.assignee, q.byAssignee = id, true
			} else {
				q.reporter, q.byReporter = id, true
			}
			rest = rest[len(m[0]):]
		} else if m := jqlOpen.FindString(rest); m != "" {
			q.open = true
			rest = rest[len(m):]
		} else if m := jqlKeys.FindStringSubmatch(rest); m != nil {
			for _, key := range jqlKey.FindAllString(m[1], -1) {
				q.keys = append(q.keys, unquoteJQL(strings.Trim(key, `"`)))
			}
			rest = rest[len(m[0]):]
		} else {
			return q, "Error in the JQL Query: the sandbox does not serve '" + rest + "'."
		}
		if rest == "" {
			break
		}
		m := jqlAnd.FindString(rest)
		if m == "" {
			return q, "Error in the JQL Query: Expecting either 'OR' or 'AND' but got '" + strings.TrimSpace(rest) + "'."
		}
		rest = rest[len(m):]
	}
	if !q.byAssignee && !q.byReporter && q.keys == nil {
		return q, unbounded
	}
	return q, ""
}

const unbounded = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."

func unquoteJQL(s string) string { return jqlEscaped.ReplaceAllString(s, "$1") }
