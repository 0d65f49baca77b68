package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// Verification is what a walk through the record found.
type Verification struct {
	Events     int64   `json:"events"`            // records that were checked
	Operations int64   `json:"operations"`        // operations that were compared with the record
	From       int64   `json:"from"`              // the first record there is: 1, unless older ones were pruned
	Head       string  `json:"head"`              // the last record, to be noted elsewhere and given to a later Verify
	Problem    *Broken `json:"problem,omitempty"` // the first thing that is wrong; nil = the record is whole
}

// Broken is where the record stops being what was written.
type Broken struct {
	Seq         int64  `json:"seq"`
	OperationID string `json:"operation_id,omitempty"`
	What        string `json:"what"`
}

func (b *Broken) Error() string {
	if b.OperationID == "" {
		return fmt.Sprintf("record %d: %s", b.Seq, b.What)
	}
	return fmt.Sprintf("record %d (operation %s): %s", b.Seq, b.OperationID, b.What)
}

const verifyAtOnce = 500

// Verify walks the chain of records and compares each operation and its steps with the last record of it. It finds what was altered, removed, inserted or
// put in another order by anyone who did not also make all later hashes anew. Against that, and against an old copy of the whole database put in
// its place, helps a head that was noted elsewhere: pass it, and it must still be in the chain; "" = none.
func (s *Store) Verify(ctx context.Context, head string) (Verification, error) {
	noted, err := parseHead(head)
	if err != nil {
		return Verification{}, err
	}
	var v Verification
	if !s.Exists() {
		return v, nil
	}
	err = s.read(ctx, "verify the journal", func(ctx context.Context, t *tx) error {
		walk := &walk{tx: t, noted: noted}
		v, err = walk.all(ctx)
		return err
	})
	return v, err
}

// notedHead is a record that somebody noted: its number and hash.
type notedHead struct {
	seq  int64
	hash string
}

func parseHead(s string) (*notedHead, error) {
	if s == "" {
		return nil, nil
	}
	number, hash, ok := strings.Cut(s, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || seq < 0 {
		return nil, fault.New(fault.InvalidArgument, "Give it as an earlier verification printed it: a number, a colon and a hash.", "%.80q is not the head of a journal.", s)
	}
	return &notedHead{seq, hash}, nil
}

func headText(seq int64, hash string) string { return fmt.Sprintf("%d:%s", seq, hash) }

type walk struct {
	*tx
	noted *notedHead
	v     Verification

	headSeq, baseSeq   int64
	headHash, baseHash string
	lastPruned         *pruneEvent
}

// all does the parts in an order in which the first problem that is found explains those after it.
func (w *walk) all(ctx context.Context) (Verification, error) {
	found, err := one(ctx, w, []any{&w.headSeq, &w.headHash, &w.baseSeq, &w.baseHash}, `SELECT seq, hash, base_seq, base_hash FROM journal_chain WHERE one = 1`)
	if err != nil {
		return w.v, err
	}
	if !found {
		return w.broken(0, "", "the note of the last record is missing"), nil
	}
	w.v.From, w.v.Head = w.baseSeq+1, headText(w.headSeq, w.headHash)
	for _, part := range []func(context.Context) error{w.chain, w.base, w.head, w.operations, w.vanished} {
		if err := part(ctx); err != nil || w.v.Problem != nil {
			return w.v, err
		}
	}
	return w.v, nil
}

func (w *walk) broken(seq int64, operation, what string) Verification {
	if w.v.Problem == nil {
		w.v.Problem = &Broken{seq, operation, what}
	}
	return w.v
}

// chain checks each record's number and hash.
func (w *walk) chain(ctx context.Context) error {
	seq, previous := w.baseSeq, w.baseHash
	for {
		page, err := w.page(ctx, seq)
		if err != nil {
			return err
		}
		for _, e := range page {
			switch {
			case e.seq != seq+1:
				w.broken(seq+1, "", fmt.Sprintf("it is missing: record %d comes next", e.seq))
				return nil
			case e.seq > w.headSeq:
				w.broken(e.seq, e.operation, fmt.Sprintf("it was added without being noted as the last record, which is %d", w.headSeq))
				return nil
			}
			e.earlier = previous
			if e.hash != e.sum() {
				w.broken(e.seq, e.operation, "it was altered, or another record was put in its place: its content does not give its hash")
				return nil
			}
			if w.noted != nil && w.noted.seq == e.seq && w.noted.hash != e.hash {
				w.broken(e.seq, e.operation, "its hash is not the one that was noted: the records up to it were written anew")
				return nil
			}
			if e.kind == prunedKind && e.operation == "" {
				w.lastPruned = &pruneEvent{}
				if err := json.Unmarshal([]byte(e.data), w.lastPruned); err != nil {
					return err
				}
			}
			seq, previous = e.seq, e.hash
			w.v.Events++
		}
		if len(page) < verifyAtOnce {
			break
		}
	}
	if seq != w.headSeq {
		w.broken(seq+1, "", fmt.Sprintf("it is missing, with all after it up to %d", w.headSeq))
	} else if previous != w.headHash {
		w.broken(seq, "", "its hash is not the one that is noted as the last record's")
	}
	return nil
}

func (w *walk) page(ctx context.Context, after int64) ([]*event, error) {
	r, err := w.query(ctx, `SELECT seq, at, operation_id, kind, epoch, actor, data, state, hash FROM journal_events WHERE seq > ? ORDER BY seq LIMIT ?`, after, int64(verifyAtOnce))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []*event
	for r.Next() {
		e := &event{}
		if err := r.Scan(&e.seq, &e.at, &e.operation, &e.kind, &e.epoch, &e.actor, &e.data, &e.state, &e.hash); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, r.Err()
}

// base checks that the records which are no longer there were pruned, and are those that a record says were.
func (w *walk) base(context.Context) error {
	switch p := w.lastPruned; {
	case w.baseSeq == 0 && w.baseHash == "":
	case p == nil || p.BaseSeq != w.baseSeq || p.BaseHash != w.baseHash:
		w.broken(w.baseSeq, "", "the records up to it are missing, and no record says that they were pruned")
	}
	return nil
}

func (w *walk) head(context.Context) error {
	switch n := w.noted; {
	case n == nil:
	case n.seq > w.headSeq:
		w.broken(n.seq, "", fmt.Sprintf("it was noted as the last record once, and is missing: the last one is %d", w.headSeq))
	case n.seq == w.baseSeq && n.hash != w.baseHash:
		w.broken(n.seq, "", "its hash is not the one that was noted: the records up to it were written anew")
	case n.seq < w.baseSeq:
		return fault.New(fault.InvalidArgument, "Give a head that was noted later.", "Record %d can't be checked any more: records up to %d were pruned.", n.seq, w.baseSeq)
	}
	return nil
}

// operations compares each operation with the state that the last record of it left.
func (w *walk) operations(ctx context.Context) error {
	after := ""
	for {
		page, err := w.tx.operations(ctx, `SELECT `+operationColumns+` FROM journal_operations WHERE id > ? ORDER BY id LIMIT ?`, after, int64(verifyAtOnce))
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		if err := w.compare(ctx, page); err != nil || w.v.Problem != nil {
			return err
		}
		w.v.Operations += int64(len(page))
		after = page[len(page)-1].id
	}
}

type lastState struct {
	seq   int64
	state string
}

func (w *walk) compare(ctx context.Context, page []*stored) error {
	first, last := page[0].id, page[len(page)-1].id
	byID := make(map[string]*stored, len(page))
	for _, o := range page {
		byID[o.id] = o
	}
	err := w.each(ctx, `SELECT operation_id, `+detailColumns+` FROM journal_details WHERE operation_id >= ? AND operation_id <= ?`, first, last, func(r rows) error {
		var id string
		o := &stored{}
		if err := r.Scan(append([]any{&id}, o.detailFields()...)...); err != nil {
			return err
		}
		if to := byID[id]; to != nil {
			to.confirmation, to.request, to.plan, to.snapshot = o.confirmation, o.request, o.plan, o.snapshot
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = w.each(ctx, `SELECT operation_id, step FROM journal_steps WHERE operation_id >= ? AND operation_id <= ? ORDER BY operation_id, n`, first, last, func(r rows) error {
		var id, step string
		if err := r.Scan(&id, &step); err != nil {
			return err
		}
		if to := byID[id]; to != nil {
			to.steps = append(to.steps, step)
		}
		return nil
	})
	if err != nil {
		return err
	}
	states := map[string]lastState{}
	err = w.each(ctx, `SELECT e.operation_id, e.seq, e.state FROM journal_events e JOIN (SELECT max(seq) AS seq FROM journal_events `+
		`WHERE operation_id >= ? AND operation_id <= ? AND state <> '' GROUP BY operation_id) latest ON latest.seq = e.seq`, first, last, func(r rows) error {
		var id string
		var l lastState
		if err := r.Scan(&id, &l.seq, &l.state); err != nil {
			return err
		}
		states[id] = l
		return nil
	})
	if err != nil {
		return err
	}
	for _, o := range page {
		switch l, ok := states[o.id]; {
		case !ok:
			w.broken(w.headSeq, o.id, "no record tells of this operation: it was put in, or its records were removed")
			return nil
		case l.state != o.digest():
			w.broken(l.seq, o.id, "the operation or one of its steps was altered since: it is not what this record left")
			return nil
		}
	}
	return nil
}

func (w *walk) each(ctx context.Context, query, first, last string, fn func(rows) error) error {
	r, err := w.query(ctx, query, first, last)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		if err := fn(r); err != nil {
			return err
		}
	}
	return r.Err()
}

// vanished looks for records of an operation that is no longer there, although nobody pruned it.
func (w *walk) vanished(ctx context.Context) error {
	var seq int64
	var id string
	found, err := one(ctx, w, []any{&seq, &id}, `SELECT e.seq, e.operation_id FROM journal_events e WHERE e.operation_id <> '' `+
		`AND NOT EXISTS (SELECT 1 FROM journal_operations o WHERE o.id = e.operation_id) `+
		`AND NOT EXISTS (SELECT 1 FROM journal_events p WHERE p.operation_id = e.operation_id AND p.kind = '`+prunedKind+`') ORDER BY e.seq LIMIT 1`)
	if err == nil && found {
		w.broken(seq, id, "the operation that it tells of was removed")
	}
	return err
}
