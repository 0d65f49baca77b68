package journal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"time"
)

// Event is one record of the journal. Records are appended and never changed.
type Event struct {
	Seq         int64           `json:"seq"`
	Time        time.Time       `json:"time"`
	OperationID string          `json:"operation_id,omitempty"`
	Kind        string          `json:"kind"`
	Epoch       int64           `json:"epoch"`
	Actor       string          `json:"actor"`           // a caller's identity, or the worker that wrote it
	Data        json.RawMessage `json:"data,omitempty"`  // what happened, by kind
	State       string          `json:"state,omitempty"` // digest of the operation as this event left it; "" = it left it alone
	Hash        string          `json:"hash"`
	Previous    string          `json:"previous"` // hash of the record before; "" for the first of all
}

// event is an Event as it is stored.
type event struct {
	seq, at       int64
	operation     string
	kind          string
	epoch         int64
	actor         string
	data          string
	state         string
	hash, earlier string
}

// sum is the hash of an event: SHA-256 over the hash before it and every field, each with its length, so that no two events look the same.
func (e *event) sum() string {
	h := sha256.New()
	hashText(h, "jira-lifecycle event 1")
	hashText(h, e.earlier)
	hashNumber(h, e.seq)
	hashNumber(h, e.at)
	hashText(h, e.operation)
	hashText(h, e.kind)
	hashNumber(h, e.epoch)
	hashText(h, e.actor)
	hashText(h, e.data)
	hashText(h, e.state)
	return hex.EncodeToString(h.Sum(nil))
}

func hashText(h hash.Hash, s string) {
	hashNumber(h, int64(len(s)))
	h.Write([]byte(s))
}

func hashNumber(h hash.Hash, n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

// event notes an event, to be appended when the transaction is done. data is written as JSON.
func (t *tx) event(kind string, o *stored, actor string, data any) error {
	e := &event{at: t.now, kind: kind, actor: clean(actor)}
	if o != nil {
		e.operation, e.epoch, e.state = o.id, o.epoch, o.digest()
	}
	return t.note(e, data)
}

// note is event for those that leave the operation's state alone.
func (t *tx) note(e *event, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("write the event %s: %w", e.kind, err)
	}
	e.at, e.data = t.now, clean(string(text))
	t.events = append(t.events, e)
	return nil
}

// appendEvents puts the noted events at the end of the chain. It comes last in a transaction: whoever has the head makes all others wait.
func (t *tx) appendEvents(ctx context.Context) error {
	if len(t.events) == 0 {
		return nil
	}
	var seq int64
	var head string
	found, err := one(ctx, t, []any{&seq, &head}, `SELECT seq, hash FROM journal_chain WHERE one = 1`+t.db.forUpdate())
	if err != nil {
		return err
	}
	if !found {
		return errors.New("the journal's head is missing")
	}
	for _, e := range t.events {
		seq++
		e.seq, e.earlier = seq, head
		e.hash = e.sum()
		head = e.hash
		if err := t.exec(ctx, `INSERT INTO journal_events (seq, at, operation_id, kind, epoch, actor, data, state, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			e.seq, e.at, e.operation, e.kind, e.epoch, e.actor, e.data, e.state, e.hash); err != nil {
			return err
		}
	}
	return t.exec(ctx, `UPDATE journal_chain SET seq = ?, hash = ? WHERE one = 1`, seq, head)
}
