package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// tamper runs a statement behind the journal's back.
func tamper(t *testing.T, s *Store, statement string, args ...any) {
	t.Helper()
	err := s.write(t.Context(), "tamper", func(ctx context.Context, t *tx) error { return t.exec(ctx, statement, args...) })
	if err != nil {
		t.Fatal(err)
	}
}

func verify(t *testing.T, s *Store, head string) Verification {
	t.Helper()
	v, err := s.Verify(t.Context(), head)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// ended puts an operation through to its end: records begun, outcome, ended.
func ended(t *testing.T, s *Store, op Operation) Operation {
	t.Helper()
	l := begin(t, s, op)
	record(t, l, Update{Event: "outcome", Steps: map[int]Step{0: {Action: "suspend", Target: "a", Status: StepDone}}})
	record(t, l, Update{Event: "ended", Status: Succeeded})
	return l.Operation()
}

func TestVerifyNamesTheFirstBrokenRecord(t *testing.T) {
	tests := []struct {
		name, statement string
		seq             int64
		operation       int // 0 = none
		what            string
	}{
		{"a record's content is altered", `UPDATE journal_events SET data = replace(data, 'suspend', 'ignored') WHERE seq = 5`, 5, 2, "it was altered"},
		{"a record's time is altered", `UPDATE journal_events SET at = at + 1 WHERE seq = 4`, 4, 2, "it was altered"},
		{"a record's actor is altered", `UPDATE journal_events SET actor = 'local:0' WHERE seq = 1`, 1, 1, "it was altered"},
		{"a record's state is altered", `UPDATE journal_events SET state = '' WHERE seq = 6`, 6, 2, "it was altered"},
		{"a record is deleted", `DELETE FROM journal_events WHERE seq = 5`, 5, 0, "it is missing: record 6 comes next"},
		{"the first record is deleted", `DELETE FROM journal_events WHERE seq = 1`, 1, 0, "it is missing: record 2 comes next"},
		{"the last record is deleted", `DELETE FROM journal_events WHERE seq = 9`, 9, 0, "it is missing, with all after it up to 9"},
		{"all records are deleted", `DELETE FROM journal_events`, 1, 0, "it is missing, with all after it up to 9"},
		{"a record is added", `INSERT INTO journal_events SELECT 10, at, operation_id, kind, epoch, actor, data, state, hash FROM journal_events WHERE seq = 9`, 10, 3, "it was added"},
		{"two records change places", `UPDATE journal_events SET seq = CASE seq WHEN 4 THEN 105 ELSE 104 END WHERE seq IN (4, 5);
			UPDATE journal_events SET seq = seq - 100 WHERE seq > 100`, 4, 2, "another record was put in its place"},
		{"the last hash is altered", `UPDATE journal_chain SET hash = 'x'`, 9, 0, "its hash is not the one that is noted as the last record's"},
		{
			"the last records are cut off, and the note of the last one with them",
			`DELETE FROM journal_events WHERE seq > 7; UPDATE journal_chain SET seq = 7, hash = (SELECT hash FROM journal_events WHERE seq = 7)`, 7, 3, "altered since",
		},
		{
			"the first records are called pruned",
			`UPDATE journal_chain SET base_seq = 3, base_hash = (SELECT hash FROM journal_events WHERE seq = 3); DELETE FROM journal_events WHERE seq <= 3`, 3, 0, "no record says that they were pruned",
		},
		{"an ended operation's row is altered", `UPDATE journal_operations SET reason = 'nothing' WHERE id = '$2'`, 6, 2, "altered since"},
		{"an ended operation's person is altered", `UPDATE journal_operations SET account_id = 'other' WHERE id = '$2'`, 6, 2, "altered since"},
		{"an ended operation's step is altered", `UPDATE journal_steps SET step = replace(step, 'done', 'failed') WHERE operation_id = '$1' AND n = 0`, 3, 1, "altered since"},
		{"an ended operation's step is removed", `DELETE FROM journal_steps WHERE operation_id = '$3' AND n = 1`, 9, 3, "altered since"},
		{"an ended operation's snapshot is altered", `UPDATE journal_details SET snapshot = '{"active":false}' WHERE operation_id = '$3'`, 9, 3, "altered since"},
		{"what was confirmed is altered", `UPDATE journal_details SET confirmation = replace(confirmation, 'token', 'person') WHERE operation_id = '$1'`, 3, 1, "altered since"},
		{"an operation is removed", `DELETE FROM journal_operations WHERE id = '$2'`, 4, 2, "was removed"},
		{"an operation is put in", `UPDATE journal_operations SET id = 'op-forged' WHERE id = '$2'`, 9, -1, "no record tells of this operation"},
		{"the note of the last record is removed", `DELETE FROM journal_chain`, 0, 0, "the note of the last record is missing"},
	}
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				wipe(t, s)
				ids := map[int]string{-1: "op-forged"}
				statement := test.statement
				for i := 1; i <= 3; i++ {
					ids[i] = ended(t, s, operation()).ID
					statement = strings.ReplaceAll(statement, fmt.Sprintf("$%d", i), ids[i])
				}
				if v := verify(t, s, ""); v.Problem != nil || v.Events != 9 || v.Operations != 3 || v.From != 1 {
					t.Fatalf("before: %+v %v", v, v.Problem)
				}
				for part := range strings.SplitSeq(statement, ";") {
					if strings.Contains(part, "journal_operations SET id") {
						// The steps and details refer to it.
						tamper(t, s, `DELETE FROM journal_details WHERE operation_id = ?`, ids[2])
						tamper(t, s, `DELETE FROM journal_steps WHERE operation_id = ?`, ids[2])
					}
					tamper(t, s, part)
				}
				v := verify(t, s, "")
				if v.Problem == nil {
					t.Fatal("not found")
				}
				if v.Problem.Seq != test.seq || v.Problem.OperationID != ids[test.operation] || !strings.Contains(v.Problem.What, test.what) {
					t.Errorf("got %v", v.Problem)
				}
			})
		}
	})
}

// wipe empties the database of a test that shares it with others.
func wipe(t *testing.T, s *Store) {
	t.Helper()
	for _, statement := range []string{
		`DELETE FROM journal_operations`, `DELETE FROM journal_events`, `DELETE FROM journal_chain`,
		`INSERT INTO journal_chain VALUES (1, 0, '', 0, '')`, `DELETE FROM journal_uses`,
	} {
		tamper(t, s, statement)
	}
}

func TestVerifyComparesWithANotedHead(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		ended(t, s, operation())
		noted := verify(t, s, "").Head
		ended(t, s, operation())
		if v := verify(t, s, noted); v.Problem != nil || v.Head == noted {
			t.Errorf("an earlier head: %+v", v)
		}
		last := verify(t, s, "").Head
		if v := verify(t, s, last); v.Problem != nil {
			t.Errorf("the last head: %+v", v.Problem)
		}
		if v := verify(t, s, "4:"+strings.Repeat("0", 64)); v.Problem == nil || v.Problem.Seq != 4 || !strings.Contains(v.Problem.What, "written anew") {
			t.Errorf("another hash: %+v", v.Problem)
		}
		if v := verify(t, s, "7:"+strings.Repeat("0", 64)); v.Problem == nil || v.Problem.Seq != 7 || !strings.Contains(v.Problem.What, "noted as the last record once") {
			t.Errorf("a head that is missing: %+v", v.Problem)
		}
		for _, bad := range []string{"7", "x:y", "-1:aa", ":"} {
			if _, err := s.Verify(t.Context(), bad); !fault.Is(err, fault.InvalidArgument) {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}

func TestVerifyOfNothing(t *testing.T) {
	s := New(Options{Dir: t.TempDir()})
	if v := verify(t, s, ""); v != (Verification{}) {
		t.Errorf("got %+v", v)
	}
	if s.Exists() {
		t.Error("verifying made a journal")
	}
}

func TestEventsTellWhatHappened(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		s := open()
		op := ended(t, s, operation(func(o *Operation) { o.Label = "Jane \x00 \xff Doe" }))
		other := ended(t, s, operation())
		all := func(f ExportFilter) (events []Event) {
			t.Helper()
			if err := s.Events(t.Context(), f, func(e Event) error { events = append(events, e); return nil }); err != nil {
				t.Fatal(err)
			}
			return events
		}
		events := all(ExportFilter{})
		previous := ""
		for i, e := range events {
			if e.Seq != int64(i+1) || e.Previous != previous || e.State == "" {
				t.Errorf("record %d: %+v", i+1, e)
			}
			previous = e.Hash
		}
		kinds := func(events []Event) (all []string) {
			for _, e := range events {
				all = append(all, e.OperationID+" "+e.Kind)
			}
			return all
		}
		want := []string{op.ID + " begun", op.ID + " outcome", op.ID + " ended", other.ID + " begun", other.ID + " outcome", other.ID + " ended"}
		if diff := cmp.Diff(want, kinds(events)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[:3], kinds(all(ExportFilter{OperationID: op.ID}))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[2:4], kinds(all(ExportFilter{Since: events[2].Time, Until: events[4].Time}))); diff != "" {
			t.Error(diff)
		}
		var begun operationEvent
		if err := json.Unmarshal(events[0].Data, &begun); err != nil {
			t.Fatal(err)
		}
		if got := begun.Operation; got.Reason != "left" || got.Confirmation.Shown != "the plan" || string(got.Request) != `{"user":"x"}` || events[0].Actor != "local:1000" {
			t.Errorf("begun: %+v by %s", got, events[0].Actor)
		}
	})
}

func TestPruneLeavesACheckpoint(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		c := newClock()
		s := open(c.use)
		first := ended(t, s, operation()) // 1–3
		scheduled := operation(func(o *Operation) { o.Status, o.EffectiveAt = Scheduled, c.Now().Add(48*time.Hour) })
		batch := operation(func(o *Operation) { o.Status, o.Key, o.Steps = Queued, "batch:"+o.ID, nil })
		child := operation(func(o *Operation) { o.Status, o.Parent = Queued, batch.ID })
		if err := s.Add(t.Context(), []Operation{batch, child}, nil); err != nil { // 4, 5
			t.Fatal(err)
		}
		if _, err := s.Cancel(t.Context(), child.ID, Actor{Caller: "local:1"}, nil); err != nil { // 6, 7 with the batch
			t.Fatal(err)
		}
		if err := s.Add(t.Context(), []Operation{scheduled}, nil); err != nil { // 8
			t.Fatal(err)
		}
		second := ended(t, s, operation()) // 9–11
		old := verify(t, s, "")
		c.add(24 * time.Hour)
		before := c.Now().Add(-time.Hour)
		young := ended(t, s, operation()) // 12–14
		noted := verify(t, s, "").Head

		got, err := s.Prune(t.Context(), before)
		if err != nil {
			t.Fatal(err)
		}
		if want := (PruneResult{Operations: 4, Events: 7}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		for _, op := range []Operation{first, batch, child, second} {
			if _, err := s.Get(t.Context(), op.ID); err == nil {
				t.Errorf("%s is still there", op.ID)
			}
		}
		for _, op := range []Operation{scheduled, young} {
			get(t, s, op.ID)
		}
		v := verify(t, s, noted)
		if v.Problem != nil || v.From != 8 {
			t.Errorf("after: %+v %v", v, v.Problem)
		}
		if _, err := s.Verify(t.Context(), "2:"+strings.Repeat("0", 64)); !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("a head that was pruned: %v", err)
		}
		if again, err := s.Prune(t.Context(), before); err != nil || again != (PruneResult{}) {
			t.Errorf("again: %+v, %v", again, err)
		}

		// When what was in the way has ended and is old too, everything before the young one goes.
		if _, err := s.Cancel(t.Context(), scheduled.ID, Actor{Caller: "local:1"}, nil); err != nil {
			t.Fatal(err)
		}
		c.add(48 * time.Hour)
		if _, err := s.Prune(t.Context(), c.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		v = verify(t, s, "")
		if v.Problem != nil || v.Operations != 0 || v.Events != 1 {
			t.Errorf("at the end: %+v %v", v, v.Problem)
		}
		var e Event
		if err := s.Events(t.Context(), ExportFilter{}, func(event Event) error { e = event; return nil }); err != nil || e.Previous == "" || e.Kind != "pruned" {
			t.Errorf("the record of it: %+v, %v", e, err)
		}
		ended(t, s, operation())
		if v := verify(t, s, ""); v.Problem != nil || old.Head == v.Head {
			t.Errorf("afterwards: %+v %v", v, v.Problem)
		}
	})
}
