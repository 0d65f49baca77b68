package jira

import "strings"

// OpenAssigned is the JQL for the issues that are assigned to an account and not done.
func OpenAssigned(accountID string) string { return "assignee = " + quoteJQL(accountID) + open }

// OpenReported is the JQL for the issues that an account reported and that are not done.
func OpenReported(accountID string) string { return "reporter = " + quoteJQL(accountID) + open }

const open = " AND statusCategory != Done"

// IssuesWithKeys is the JQL for single issues. A key that does not exist, or that the credential may not see, makes Jira refuse the whole query.
func IssuesWithKeys(keys []string) string {
	quoted := make([]string, len(keys))
	for i, key := range keys {
		quoted[i] = quoteJQL(key)
	}
	return "key in (" + strings.Join(quoted, ", ") + ")"
}

var jqlEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// quoteJQL makes s one value of a query: nothing in it can end the value.
func quoteJQL(s string) string { return `"` + jqlEscapes.Replace(s) + `"` }
