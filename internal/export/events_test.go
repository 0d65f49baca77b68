package export_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvcell"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/export"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

var day = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// jane is an operation with a text in every place where people write one.
func jane() journal.Operation {
	return journal.Operation{
		ID: "op-1", Kind: "offboard_user", Key: "account:a-4711", AccountID: "a-4711", Email: "jane.doe@example.com", Label: "Jane Doe (jane.doe@example.com)",
		Reason: "=HYPERLINK(\"x\") Jane <b>leaves</b> & JANE DOE knows", Actor: journal.Actor{Caller: "local:1000", Client: "a client of jane.doe@example.com", OSUser: "OFFICE\\J Doe@laptop"},
		CreatedAt: day, PlanID: "plan-0123456789abcdef0123456789abcdef",
		Confirmation: &journal.Confirmation{Means: "token", By: journal.Actor{Caller: "local:1000"}, At: day, Shown: "Plan to offboard Jane Doe (Jane.Doe@Example.com).\nDoe, Jane: \u2028 done"},
		Plan:         json.RawMessage(`{"plan_id":"plan-0123456789abcdef0123456789abcdef","target":{"account_id":"a-4711","label":"Jane Doe (jane.doe@example.com)"},"warnings":["Ask jane.doe@example.com."]}`),
		Request:      json.RawMessage(`{"Target":{"Kind":1,"Value":"jane.doe@example.com"}}`),
		Snapshot:     json.RawMessage(`{"scim":{"id":"s-1","display_name":"Jane Doe","given_name":"Jane","family_name":"Doe","groups":[{"ID":"g","Name":"engineering"}]}}`),
		Steps:        []journal.Step{{Action: "deactivate", Target: "Jane Doe (jane.doe@example.com)", Status: journal.StepPending, Detail: "deactivate"}},
	}
}

// recorded is a journal with one operation that succeeded.
func recorded(t *testing.T) *journal.Store {
	t.Helper()
	j := newJournal(t)
	lease, err := j.Begin(t.Context(), jane(), nil)
	if err != nil {
		t.Fatal(err)
	}
	step := lease.Operation().Steps[0]
	step.Status, step.Detail = journal.StepDone, "Jane Doe is deactivated"
	if err := lease.Record(t.Context(), journal.Update{Event: "ended", Status: journal.Succeeded, Steps: map[int]journal.Step{0: step}}); err != nil {
		t.Fatal(err)
	}
	return j
}

func newJournal(t *testing.T) *journal.Store {
	t.Helper()
	j := journal.New(journal.Options{Dir: t.TempDir()})
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func write(t *testing.T, j *journal.Store, o export.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := export.Events(context.Background(), j, &out, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestTheChainCanBeCheckedFromTheFileAlone checks the hashes as an auditor would, with nothing but the lines and the rule.
func TestTheChainCanBeCheckedFromTheFileAlone(t *testing.T) {
	j := recorded(t)
	previous, count := "", 0
	for line := range strings.Lines(write(t, j, export.Options{Format: export.JSONL})) {
		var e struct {
			Seq         int64
			Time        time.Time
			OperationID string `json:"operation_id"`
			Kind        string
			Epoch       int64
			Actor       string
			Data        json.RawMessage
			State       string
			Hash        string
			Previous    string
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		number := func(n int64) { _ = binary.Write(h, binary.BigEndian, n) }
		word := func(s string) { number(int64(len(s))); h.Write([]byte(s)) }
		word("jira-lifecycle event 1")
		word(e.Previous)
		number(e.Seq)
		number(e.Time.UnixMicro())
		word(e.OperationID)
		word(e.Kind)
		number(e.Epoch)
		word(e.Actor)
		word(string(e.Data))
		word(e.State)
		if got := hex.EncodeToString(h.Sum(nil)); got != e.Hash || e.Previous != previous {
			t.Errorf("event %d: hash %s after %s, and the line says %s after %s", e.Seq, got, previous, e.Hash, e.Previous)
		}
		previous = e.Hash
		count++
	}
	if count != 2 {
		t.Errorf("%d events", count)
	}
}

func TestEveryCellOfACSVFileIsSafe(t *testing.T) {
	j := recorded(t)
	for _, redact := range []bool{false, true} {
		records, err := csv.NewReader(strings.NewReader(write(t, j, export.Options{Format: export.CSV, Redact: redact}))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"seq", "time", "operation_id", "kind", "epoch", "actor", "data"}
		if !redact {
			want = append(want, "state", "hash", "previous")
		}
		if diff := cmp.Diff(want, records[0]); diff != "" || len(records) != 3 {
			t.Errorf("%d records, head (-want +got):\n%s", len(records), diff)
		}
		for _, record := range records {
			for _, cell := range record {
				if safe := csvcell.Safe(cell); safe != cell {
					t.Errorf("not safe: %.80q", cell)
				}
			}
		}
	}
}

func TestARedactedRecordHasNobodyInIt(t *testing.T) {
	j := recorded(t)
	for _, format := range []string{export.JSONL, export.CSV} {
		out := write(t, j, export.Options{Format: format, Redact: true})
		for _, word := range []string{"jane", "doe", "example.com", "laptop", "office", "plan-0123", `"hash"`, "previous"} {
			if strings.Contains(strings.ToLower(out), word) {
				t.Errorf("%s: %q is in\n%s", format, word, out)
			}
		}
		for _, word := range []string{"op-1", "a-4711", "engineering", "leaves", "offboard", "deactivated"} {
			if !strings.Contains(out, word) {
				t.Errorf("%s: %q is not in\n%s", format, word, out)
			}
		}
		if again := write(t, j, export.Options{Format: format, Redact: true}); again != out {
			t.Error("another export has other pseudonyms")
		}
	}
}

func TestTheFilterIsTheJournals(t *testing.T) {
	j := recorded(t)
	if out := write(t, j, export.Options{Format: export.JSONL, Filter: journal.ExportFilter{OperationID: "another"}}); out != "" {
		t.Errorf("got %s", out)
	}
	// People whom only the record before the filter tells of are redacted all the same.
	var last time.Time
	if err := j.Events(t.Context(), journal.ExportFilter{}, func(e journal.Event) error { last = e.Time; return nil }); err != nil {
		t.Fatal(err)
	}
	out := write(t, j, export.Options{Format: export.JSONL, Redact: true, Filter: journal.ExportFilter{Since: last}})
	if strings.Count(out, "\n") != 1 || strings.Contains(out, "Jane") || !strings.Contains(out, "is deactivated") {
		t.Errorf("got %s", out)
	}
}

func TestAnUnknownFormatIsRefused(t *testing.T) {
	if err := export.Events(t.Context(), newJournal(t), &bytes.Buffer{}, export.Options{Format: "xml"}); err == nil || !strings.Contains(err.Error(), "jsonl or csv") {
		t.Errorf("got %v", err)
	}
}
