package audit

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// Found is one finding of a stored report, with the account that it is about.
type Found struct {
	Finding
	Row *Row // nil where the finding is about no account that Jira lists
}

// Found gives the findings of one kind of a stored report, in the order of the report, and holds one at a time. Its errors are those of [Auditor.Rows].
func (a *Auditor) Found(id string, code Code) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		next, stop := iter.Pull2(a.Rows(id))
		defer stop()
		var row Row
		more := true
		for f, err := range a.FindingsOf(id) {
			if err != nil {
				yield(Found{}, err)
				return
			}
			if f.Code != code {
				continue
			}
			for more && f.AccountID != "" && row.AccountID < f.AccountID { // both files are in the order of account ids
				if row, err, more = next(); err != nil {
					yield(Found{}, err)
					return
				}
			}
			found := Found{Finding: f}
			if f.AccountID != "" && row.AccountID == f.AccountID {
				own := row
				found.Row = &own
			}
			if !yield(found, nil) {
				return
			}
		}
	}
}

// Codes lists every kind of finding.
func Codes() []Code { return slices.Sorted(maps.Keys(advice)) }

// Made is when the audit of a report began, as its id says; false for what is no report's id.
func Made(id string) (time.Time, bool) {
	at, err := timeOf(id)
	return at, err == nil && idPattern.MatchString(id)
}
