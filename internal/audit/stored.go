package audit

import (
	"encoding/json"
	"io"
	"iter"
)

// Rows gives the rows of a stored report, ordered by account id. Its errors, the last thing that it gives, are those of [Auditor.Open], and damage.
func (a *Auditor) Rows(id string) iter.Seq2[Row, error] {
	return stored[Row](a, id, RowsFile, func(r Result) int { return r.Report.Rows })
}

// FindingsOf gives the findings of a stored report, in the order in which they were found. Its errors are those of [Auditor.Rows].
func (a *Auditor) FindingsOf(id string) iter.Seq2[Finding, error] {
	return stored[Finding](a, id, FindingsFile, func(r Result) int { return r.Report.Findings })
}

// Changes gives every change of a comparison that [Auditor.Compare] made. Its errors are those of [Auditor.Rows].
func (a *Auditor) Changes(before, after string) iter.Seq2[Change, error] {
	return stored[Change](a, after, changesFile(before), nil)
}

// stored reads a file of a report that has a value a line. Where count is given, it tells how many there are: what is missing would look as if it had not been found.
func stored[T any](a *Auditor, id, file string, count func(Result) int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		f, err := a.Open(id, file)
		if err != nil {
			yield(none, err)
			return
		}
		defer f.Close()
		n := 0
		for lines := json.NewDecoder(f); ; n++ {
			var value T
			err := lines.Decode(&value)
			if err == io.EOF {
				if err := a.complete(id, file, n, count); err != nil {
					yield(none, err)
				}
				return
			}
			if err != nil {
				yield(none, damaged(id, file, err))
				return
			}
			if !yield(value, nil) {
				return
			}
		}
	}
}

// complete gives the fault of a file that has not as many values as the summary of its report tells.
func (a *Auditor) complete(id, file string, n int, count func(Result) int) error {
	if count == nil {
		return nil
	}
	summary, err := a.Summary(id)
	if err != nil {
		return err
	}
	if err := missing(n, count(summary)); err != nil {
		return damaged(id, file, err)
	}
	return nil
}
