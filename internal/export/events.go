package export

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvcell"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// The formats of the record.
const (
	JSONL = "jsonl"
	CSV   = "csv"
)

// Options say which part of the record is written, and how.
type Options struct {
	Format string // JSONL or CSV
	Filter journal.ExportFilter
	// Redact puts pseudonyms in place of people's names and e-mails. It leaves out the hashes: whoever has them can try out whose record it is.
	Redact bool
}

// Events writes the record, oldest first: one event a line. The hashes of an unredacted JSONL file can be checked without this program: each is the
// SHA-256 that journal.Event describes, over the bytes of data as they stand in the line. In a CSV file the cells are made harmless for
// spreadsheets, which may change data.
func Events(ctx context.Context, j *journal.Store, w io.Writer, o Options) error {
	out := bufio.NewWriter(w)
	write, err := writer(out, o)
	if err != nil {
		return err
	}
	if o.Redact {
		redacted, err := redacting(ctx, j, write)
		if err != nil {
			return err
		}
		write = redacted
	}
	if err := j.Events(ctx, o.Filter, write); err != nil {
		return err
	}
	return out.Flush()
}

// redacting gives a function that redacts events before they are written. To know the people it reads the record once before.
func redacting(ctx context.Context, j *journal.Store, write func(journal.Event) error) (func(journal.Event) error, error) {
	key, err := j.Key(ctx, "redaction")
	if err != nil {
		return nil, err
	}
	people := newRedactor(key)
	var known int64
	if err := j.Events(ctx, journal.ExportFilter{}, func(e journal.Event) error {
		people.learn(e)
		known = e.Seq
		return nil
	}); err != nil {
		return nil, err
	}
	return func(e journal.Event) error {
		if e.Seq > known { // it came since
			people.learn(e)
		}
		return write(people.event(e))
	}, nil
}

func writer(w io.Writer, o Options) (func(journal.Event) error, error) {
	switch o.Format {
	case JSONL:
		return lines(w, o.Redact), nil
	case CSV:
		return rows(w, o.Redact)
	}
	return nil, fmt.Errorf("%q is not a format of the record; use %s or %s", o.Format, JSONL, CSV)
}

// unchained is an event without what ties it to the chain.
type unchained struct {
	Seq         int64           `json:"seq"`
	Time        time.Time       `json:"time"`
	OperationID string          `json:"operation_id,omitempty"`
	Kind        string          `json:"kind"`
	Epoch       int64           `json:"epoch"`
	Actor       string          `json:"actor"`
	Data        json.RawMessage `json:"data,omitempty"`
}

func lines(w io.Writer, redacted bool) func(journal.Event) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // data goes out byte for byte
	return func(e journal.Event) error {
		if redacted {
			return encoder.Encode(unchained{e.Seq, e.Time, e.OperationID, e.Kind, e.Epoch, e.Actor, e.Data})
		}
		return encoder.Encode(e)
	}
}

func rows(w io.Writer, redacted bool) (func(journal.Event) error, error) {
	table := csv.NewWriter(w)
	head := []string{"seq", "time", "operation_id", "kind", "epoch", "actor", "data"}
	if !redacted {
		head = append(head, "state", "hash", "previous")
	}
	return func(e journal.Event) error {
		row := []string{strconv.FormatInt(e.Seq, 10), e.Time.Format(time.RFC3339Nano), e.OperationID, e.Kind, strconv.FormatInt(e.Epoch, 10), e.Actor, string(e.Data)}
		if !redacted {
			row = append(row, e.State, e.Hash, e.Previous)
		}
		return writeRow(table, row)
	}, writeRow(table, head)
}

// writeRow writes a row whose cells no spreadsheet takes for formulas, and hands it on at once.
func writeRow(table *csv.Writer, row []string) error {
	for i := range row {
		row[i] = csvcell.Safe(row[i])
	}
	if err := table.Write(row); err != nil {
		return err
	}
	table.Flush()
	return table.Error()
}
