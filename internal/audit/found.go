package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Found is one finding of a stored report, with the account that it is about.
type Found struct {
	Finding
	Row *Row // nil where the finding is about no account that Jira lists
}

// Found gives the findings of one kind of a stored report, in the order of the report. It holds one finding at a time. Errors are those of [Auditor.Open],
// and of a file that was damaged; each ends it.
func (a *Auditor) Found(id string, code Code) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		if err := a.found(id, code, func(f Found) bool { return yield(f, nil) }); err != nil {
			yield(Found{}, err)
		}
	}
}

func (a *Auditor) found(id string, code Code, give func(Found) bool) (err error) {
	findings, err := openLines[Finding](a, id, FindingsFile)
	if err != nil {
		return err
	}
	defer findings.Close()
	rows, err := openLines[Row](a, id, RowsFile)
	if err != nil {
		return err
	}
	defer rows.Close()

	var row Row
	for {
		f, err := findings.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if f.Code != code {
			continue
		}
		found := Found{Finding: f}
		// Both files are in the order of account ids.
		for f.AccountID != "" && row.AccountID < f.AccountID {
			if row, err = rows.next(); errors.Is(err, io.EOF) {
				row.AccountID = afterAll
			} else if err != nil {
				return err
			}
		}
		if f.AccountID != "" && row.AccountID == f.AccountID {
			own := row
			found.Row = &own
		}
		if !give(found) {
			return nil
		}
	}
}

// afterAll sorts behind every account id, and is none.
const afterAll = "\xff"

// storedLines reads a file of a report, a T a line.
type storedLines[T any] struct {
	io.Closer
	decoder *json.Decoder
	what    string
}

func openLines[T any](a *Auditor, id, file string) (*storedLines[T], error) {
	f, err := a.Open(id, file)
	if err != nil {
		return nil, err
	}
	return &storedLines[T]{f, json.NewDecoder(bufio.NewReaderSize(f, 64<<10)), id + "/" + file}, nil
}

// next gives the next line, or io.EOF.
func (l *storedLines[T]) next() (T, error) {
	var v T
	err := l.decoder.Decode(&v)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read %s: %w", l.what, err)
	}
	return v, err
}
