package audit

import (
	"encoding/json"
	"io"
	"iter"
)

// Rows gives the rows of a stored report, ordered by account id. Its errors, the last thing that it gives, are those of [Auditor.Open], and damage.
func (a *Auditor) Rows(id string) iter.Seq2[Row, error] { return stored[Row](a, id, RowsFile) }

// FindingsOf gives the findings of a stored report, in the order in which they were found. Its errors are those of [Auditor.Rows].
func (a *Auditor) FindingsOf(id string) iter.Seq2[Finding, error] {
	return stored[Finding](a, id, FindingsFile)
}

// Changes gives every change of a comparison that [Auditor.Compare] made. Its errors are those of [Auditor.Rows].
func (a *Auditor) Changes(before, after string) iter.Seq2[Change, error] {
	return stored[Change](a, after, changesFile(before))
}

// stored reads a file of a report that has a value a line.
func stored[T any](a *Auditor, id, file string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		f, err := a.Open(id, file)
		if err != nil {
			yield(none, err)
			return
		}
		defer f.Close()
		for lines := json.NewDecoder(f); ; {
			var value T
			err := lines.Decode(&value)
			if err == io.EOF {
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
