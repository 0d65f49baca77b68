// Package batchcsv reads the lists of people that one call may change: CSV files in a folder that the settings allow.
//
// A list is checked whole: every row's problem is told with the line on which the row begins, so that a person can mend a file in one
// go. It says what is wrong with the texts; whether the people exist is for package lifecycle. What a file holds is untrusted: the values in
// problems are cleaned and capped.
package batchcsv

import (
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
)

// Lists says which files may be read, and how long a list may be.
type Lists struct {
	Dir      string   // absolute; "" = no file may be read
	Limit    int      // people that the policy allows in one call
	Products []string // that an invitation may give
	Routes   []string // by which a person may come in
}

// Leaver is a row of a list to offboard.
type Leaver struct {
	Line   int    // where the row begins in the file, from 1
	User   string // account id or e-mail
	Reason string // "" = none of its own
}

// Newcomer is a row of a list to provision. What is not given is "" or nil.
type Newcomer struct {
	Line                                                         int // where the row begins in the file, from 1
	Email, GivenName, FamilyName, DisplayName, Title, Department string
	Groups, Products                                             []string
	Route                                                        string
}

// Leavers reads a list with the columns user (or email, or account_id) and reason. The problems are those of single rows, which are left out of
// the list then; they are for [Refuse], together with what else may be wrong with the people. An error is about the file, and a fault.
func (l Lists) Leavers(path string) ([]Leaver, []Problem, error) {
	var list []Leaver
	problems, err := l.read(path, leaverColumns, func(r row) {
		if leaver, ok := r.leaver(); ok {
			list = append(list, leaver)
		}
	})
	return list, problems, err
}

// Newcomers is [Lists.Leavers] for a list with the columns email, given_name, family_name, display_name, title, department, groups, products and
// route. Of groups and products there may be several, with semicolons between.
func (l Lists) Newcomers(path string) ([]Newcomer, []Problem, error) {
	var list []Newcomer
	problems, err := l.read(path, newcomerColumns, func(r row) {
		if newcomer, ok := r.newcomer(l); ok {
			list = append(list, newcomer)
		}
	})
	return list, problems, err
}

func (l Lists) read(path string, c columns, each func(row)) ([]Problem, error) {
	file, err := csvdir.Folder(l.Dir).Open(path, csvdir.Use{Argument: "csv_path", Most: maxFile})
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was read only
	return l.scan(file, c, each)
}

// person is how two ways to write one person compare equal: addresses without regard to case.
func person(user string) string {
	if strings.Contains(user, "@") {
		return strings.ToLower(user)
	}
	return user
}
