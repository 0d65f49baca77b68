package batchcsv

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// FuzzLists reads any bytes as both kinds of list.
func FuzzLists(f *testing.F) {
	for _, list := range []string{
		"user\njane.doe@example.com\n", "user;reason\r\n712020:0123456789;\"a\r\nb\"\r\n", "\ufeffEmail,Reason\n\"x@example.com\",\"\"\"q\"\"\"\n",
		"email,given_name,family_name,groups,products,route\nx@example.com,A,B,a;b,jira-core,scim\n", "user\n\"", "user\n,\n", "\xff\xfeu\x00", "user,user\n", "user\nJane Doe\nx@y.z,\n",
	} {
		f.Add([]byte(list))
	}
	lists := Lists{Limit: 4, Products: products, Routes: routes}
	f.Fuzz(func(t *testing.T, list []byte) {
		seen := map[string]bool{}
		check := func(line int, user string) {
			if line < 2 || line > bytes.Count(list, []byte("\n"))+1 {
				t.Errorf("a row on line %d", line)
			}
			if seen[person(user)] || user == "" || strings.TrimSpace(user) != user || !utf8.ValidString(user) {
				t.Errorf("person %q", user)
			}
			seen[person(user)] = true
		}
		rows := 0
		problems, err := lists.scan(bytes.NewReader(list), leaverColumns, func(r row) {
			if leaver, ok := r.leaver(); ok {
				rows++
				check(leaver.Line, leaver.User)
			}
		})
		checkProblems(t, rows, problems, err)

		clear(seen)
		rows = 0
		problems, err = lists.scan(bytes.NewReader(list), newcomerColumns, func(r row) {
			if n, ok := r.newcomer(lists); ok {
				rows++
				check(n.Line, n.Email)
				if n.GivenName == "" || n.FamilyName == "" || len(n.Groups) > maxGroups || len(n.Products) > len(products) {
					t.Errorf("accepted %+v", n)
				}
			}
		})
		checkProblems(t, rows, problems, err)
	})
}

// checkProblems looks at what a person is told: something whenever a list was not taken as it is, and nothing that could mislead.
func checkProblems(t *testing.T, rows int, problems []Problem, err error) {
	t.Helper()
	var f *fault.Error
	switch {
	case err != nil && (!errors.As(err, &f) || f.Code != fault.InvalidArgument && f.Code != fault.Protected || f.Hint == ""):
		t.Errorf("error %v is no fault", err)
	case err == nil && rows == 0 && len(problems) == 0:
		t.Error("neither a row nor a problem")
	case rows > 4:
		t.Errorf("%d rows", rows)
	}
	if f != nil {
		if details, ok := f.Details.(Details); ok {
			problems = details.Problems
		}
		problems = append(problems[:len(problems):len(problems)], Problem{Problem: strings.ReplaceAll(f.Message, "\"", "")})
	}
	for _, p := range problems {
		if p.Problem == "" || rest.Clean(p.Value) != p.Value || utf8.RuneCountInString(p.Value) > 80 || strings.ContainsAny(p.Problem, "\n\x00\u202e") {
			t.Errorf("problem %+v", p)
		}
	}
}
