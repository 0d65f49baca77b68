package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// lockParent locks a batch before any of its people, and reads it. No id gives nil.
func (t *tx) lockParent(ctx context.Context, id string) (*stored, error) {
	if id == "" {
		return nil, nil
	}
	return t.load(ctx, id, true)
}

// lockChildren locks the people of a batch that are in one of these states, in order, and reads them.
func (t *tx) lockChildren(ctx context.Context, parent string, statuses ...Status) ([]*stored, error) {
	args := []any{parent}
	for _, s := range statuses {
		args = append(args, string(s))
	}
	r, err := t.query(ctx, `SELECT `+operationColumns+` FROM journal_operations WHERE parent = ? AND parent <> '' AND status IN (?`+strings.Repeat(`, ?`, len(statuses)-1)+
		`) ORDER BY id`+t.db.forUpdate(), args...)
	if err != nil {
		return nil, err
	}
	var all []*stored
	for r.Next() {
		o := &stored{}
		if err := r.Scan(o.operationFields()...); err != nil {
			r.Close()
			return nil, err
		}
		all = append(all, o)
	}
	r.Close()
	if err := r.Err(); err != nil {
		return nil, err
	}
	for _, o := range all {
		if err := t.loadRest(ctx, o); err != nil {
			return nil, err
		}
	}
	return all, nil
}

type batchEvent struct {
	Status Status           `json:"status"`
	Counts map[Status]int64 `json:"counts"`
}

// settle ends a batch, which is locked, when nobody of it is left. Where it stops on errors and child has failed, it first cancels who has not begun.
func (t *tx) settle(ctx context.Context, parent, child *stored) error {
	if parent == nil || parent.ended() {
		return nil
	}
	if parent.stopOnError != 0 && child != nil && (child.status == string(Failed) || child.status == string(Partial)) {
		if err := t.stopBatch(ctx, parent, child); err != nil {
			return err
		}
	}
	counts, err := t.count(ctx, parent.id)
	if err != nil {
		return err
	}
	status := batchStatus(counts)
	if !status.Ended() {
		return t.next(ctx, parent)
	}
	is := parent.copy()
	is.status, is.endedAt, is.due = string(status), t.now, 0
	return t.change(ctx, parent, is, "ended", "batch", batchEvent{status, counts})
}

// next makes the person due whose turn it is in a batch that goes one by one.
func (t *tx) next(ctx context.Context, parent *stored) error {
	if parent.stopOnError == 0 {
		return nil
	}
	return t.exec(ctx, `UPDATE journal_operations SET due = ? WHERE owner = '' AND status IN ('queued', 'scheduled') AND effective_at <= ? AND id = (
		SELECT id FROM journal_operations WHERE parent = ? AND parent <> '' AND ended_at = 0 ORDER BY created_at LIMIT 1)`, t.now, t.now, parent.id)
}

func (t *tx) stopBatch(ctx context.Context, parent, failed *stored) error {
	problem, err := json.Marshal(fault.New(fault.Cancelled, "See to that one, then resume the batch.",
		"Not begun: %s came out as %s, and the batch stops on the first error.", failed.label, failed.status))
	if err != nil {
		return err
	}
	children, err := t.lockChildren(ctx, parent.id, Queued, Scheduled)
	if err != nil {
		return err
	}
	for _, o := range children {
		if o.startedAt != 0 {
			continue // it was begun and given back, so it has to be finished
		}
		if err := t.cancelNow(ctx, o, string(problem), "cancelled", "batch", cancelEvent{Problem: problem}); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) count(ctx context.Context, parent string) (map[Status]int64, error) {
	r, err := t.query(ctx, `SELECT status, count(*) FROM journal_operations WHERE parent = ? AND parent <> '' GROUP BY status`, parent)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	counts := map[Status]int64{}
	for r.Next() {
		var status string
		var n int64
		if err := r.Scan(&status, &n); err != nil {
			return nil, err
		}
		counts[Status(status)] = n
	}
	return counts, r.Err()
}

// batchStatus is what a batch whose people are so is.
func batchStatus(counts map[Status]int64) Status {
	var all int64
	for status, n := range counts {
		if n > 0 && !status.Ended() {
			return Running
		}
		all += n
	}
	switch {
	case counts[Succeeded] == all:
		return Succeeded
	case counts[Cancelled] == all:
		return Cancelled
	case counts[Succeeded]+counts[Partial] == 0:
		return Failed
	}
	return Partial
}

// Count tells how many people of a batch are in each state.
func (s *Store) Count(ctx context.Context, parent string) (map[Status]int, error) {
	counts := map[Status]int{}
	if parent == "" || !s.Exists() {
		return counts, nil
	}
	err := s.read(ctx, fmt.Sprintf("count the people of batch %s", parent), func(ctx context.Context, t *tx) error {
		all, err := t.count(ctx, parent)
		for status, n := range all {
			counts[status] = int(n)
		}
		return err
	})
	return counts, err
}
