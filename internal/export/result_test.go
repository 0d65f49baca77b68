package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvcell"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/export"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// batchOf puts a batch into a journal whose people are the labels; "" is somebody for whom there is nothing to do.
func batchOf(t *testing.T, j *journal.Store, labels ...string) journal.Operation {
	t.Helper()
	request := map[string][]any{}
	parent := journal.Operation{ID: "op-batch", Kind: "offboard_user", Key: "batch:1", Label: "some people", Status: journal.Running, CreatedAt: day}
	ops := []journal.Operation{parent}
	for i, label := range labels {
		id := string(rune('a' + i))
		request["people"] = append(request["people"], map[string]any{"Target": map[string]any{"Kind": 1, "Value": id + "@x.example"}})
		if label == "" {
			continue
		}
		ops = append(ops, journal.Operation{
			ID: "op-" + id, Parent: parent.ID, Kind: "offboard_user", Key: "account:" + id, AccountID: id, Label: label, Status: journal.Queued,
			CreatedAt: day.Add(time.Duration(i+1) * time.Microsecond),
			Steps: []journal.Step{
				{Action: "deactivate", Target: label, Status: journal.StepPending}, {Action: "remove_from_group", Target: "engineering", Status: journal.StepPending},
			},
		})
	}
	var err error
	if ops[0].Request, err = json.Marshal(request); err != nil {
		t.Fatal(err)
	}
	if err := j.Add(t.Context(), ops, nil); err != nil {
		t.Fatal(err)
	}
	return parent
}

func end(t *testing.T, j *journal.Store, id string, u journal.Update) {
	t.Helper()
	lease, err := j.Claim(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	u.Event = "ended"
	if err := lease.Record(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

func result(t *testing.T, j *journal.Store, id string) [][]string {
	t.Helper()
	var out bytes.Buffer
	if err := export.Result(t.Context(), j, &out, id); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		for _, cell := range record {
			if csvcell.Safe(cell) != cell {
				t.Errorf("not safe: %q", cell)
			}
		}
	}
	return records
}

func TestEveryoneOfABatchHasARowInTheirOrder(t *testing.T) {
	j := newJournal(t)
	batchOf(t, j, "", "Ann (b@x.example)", "=cmd|' /C calc'!A0", "", "Dan (e@x.example)", "Eve (f@x.example)", "")
	done, left := journal.Step{Action: "deactivate", Target: "x", Status: journal.StepDone}, journal.Step{Action: "remove_from_group", Target: "engineering", Status: journal.StepUnknown, Detail: "sent, not visible yet"}
	end(t, j, "op-b", journal.Update{Status: journal.Succeeded})
	end(t, j, "op-c", journal.Update{Status: journal.Partial, Steps: map[int]journal.Step{0: done, 1: left}})
	end(t, j, "op-e", journal.Update{Status: journal.Failed, Problem: json.RawMessage(`{"code":"plan_changed","message":"-1 is not what was agreed to."}`)})
	want := [][]string{
		{"entry", "person", "account_id", "status", "detail", "operation_id"},
		{"1", "a@x.example", "", "not_needed", "everything was so already", ""},
		{"2", "Ann (b@x.example)", "b", "succeeded", "done and verified", "op-b"},
		{"3", "'=cmd|' /C calc'!A0", "c", "partial", "unknown remove from group engineering: sent, not visible yet", "op-c"},
		{"4", "d@x.example", "", "not_needed", "everything was so already", ""},
		{"5", "Dan (e@x.example)", "e", "failed", "'-1 is not what was agreed to.", "op-e"},
		{"6", "Eve (f@x.example)", "f", "queued", "waits", "op-f"},
		{"7", "g@x.example", "", "not_needed", "everything was so already", ""},
	}
	if diff := cmp.Diff(want, result(t, j, "op-batch")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnOperationForOnePersonHasOneRow(t *testing.T) {
	j := recorded(t)
	if got := result(t, j, "op-1"); len(got) != 2 || got[1][3] != "succeeded" || got[1][5] != "op-1" {
		t.Errorf("got %q", got)
	}
	op, err := j.Get(t.Context(), "op-1")
	if err != nil || export.ResultURI(op) != "" {
		t.Errorf("%q, %v", export.ResultURI(op), err)
	}
}

func TestABatchOfManyKeepsItsOrder(t *testing.T) {
	j := newJournal(t)
	labels := make([]string, 0, 600)
	for range 600 { // more than one page
		labels = append(labels, "somebody")
	}
	parent := batchOfMany(t, j, labels)
	got := result(t, j, parent)
	if len(got) != 601 || got[1][2] != "p0" || got[600][2] != "p599" || got[600][0] != "600" {
		t.Errorf("%d rows, from %q to %q", len(got), got[1], got[len(got)-1])
	}
}

func batchOfMany(t *testing.T, j *journal.Store, labels []string) string {
	t.Helper()
	ops := []journal.Operation{{ID: "op-many", Kind: "offboard_user", Key: "batch:2", Label: "many", Status: journal.Running, CreatedAt: day}}
	for i, label := range labels {
		id := "p" + strconv.Itoa(i)
		ops = append(ops, journal.Operation{
			ID: "op-" + id, Parent: "op-many", Kind: "offboard_user", Key: "account:" + id, AccountID: id, Label: label, Status: journal.Queued, CreatedAt: day.Add(time.Duration(i+1) * time.Microsecond),
		})
	}
	if err := j.Add(t.Context(), ops, nil); err != nil {
		t.Fatal(err)
	}
	return "op-many"
}

func TestAResultOfNothingIsNotFound(t *testing.T) {
	for _, id := range []string{"", "op-none", "../journal"} {
		if err := export.Result(t.Context(), newJournal(t), &bytes.Buffer{}, id); !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}
