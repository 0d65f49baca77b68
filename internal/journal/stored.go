package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// stored is an operation as its rows hold it, text by text. Digests are made from it, so that what is checked is exactly what is stored.
type stored struct {
	id, parent, kind, subject, accountID, email, label, status, reason, caller, actor string
	createdAt, effectiveAt, startedAt, endedAt                                        int64
	planID, approval, problem, cancelBy                                               string
	stopOnError, children                                                             int64
	owner                                                                             string
	epoch, due                                                                        int64

	confirmation, request, plan, snapshot string

	steps []string
}

// Columns of the three tables, in the order of the methods below.
const (
	operationColumns = `id, parent, kind, subject, account_id, email, label, status, reason, caller, actor, created_at, effective_at, started_at, ended_at, ` +
		`plan_id, approval, problem, cancel_by, stop_on_error, children, owner, epoch, due`
	detailColumns = `confirmation, request, plan, snapshot`
)

func (o *stored) operationFields() []any {
	return []any{
		&o.id, &o.parent, &o.kind, &o.subject, &o.accountID, &o.email, &o.label, &o.status, &o.reason, &o.caller, &o.actor,
		&o.createdAt, &o.effectiveAt, &o.startedAt, &o.endedAt, &o.planID, &o.approval, &o.problem, &o.cancelBy, &o.stopOnError, &o.children,
		&o.owner, &o.epoch, &o.due,
	}
}

func (o *stored) detailFields() []any {
	return []any{&o.confirmation, &o.request, &o.plan, &o.snapshot}
}

// values are what the pointers point to.
func values(fields []any) []any {
	out := make([]any, len(fields))
	for i, f := range fields {
		switch f := f.(type) {
		case *string:
			out[i] = *f
		case *int64:
			out[i] = *f
		}
	}
	return out
}

// digest is SHA-256 over everything that says what the operation is and what became of it. Who holds it, until when and for the how-manieth time
// is no part of it: that changes without an event. A column that is added later counts only where it is not empty, so old digests stay true.
func (o *stored) digest() string {
	h := sha256.New()
	field := func(name string, value any) {
		switch v := value.(type) {
		case string:
			if v != "" {
				hashText(h, name)
				hashText(h, v)
			}
		case int64:
			if v != 0 {
				hashText(h, name)
				hashNumber(h, v)
			}
		}
	}
	hashText(h, "jira-lifecycle operation 1")
	names := strings.Split(operationColumns, ", ")
	for i, v := range values(o.operationFields()) {
		switch names[i] {
		case "owner", "epoch", "due":
			continue
		}
		field(names[i], v)
	}
	for i, v := range values(o.detailFields()) {
		field(strings.Split(detailColumns, ", ")[i], v)
	}
	for _, s := range o.steps {
		hashText(h, "step")
		hashText(h, s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// clean removes what a PostgreSQL text can't hold.
func clean(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "") }

// store gives the rows of an operation.
func (op *Operation) stored() (*stored, error) {
	o := &stored{
		id: clean(op.ID), parent: clean(op.Parent), kind: clean(op.Kind), subject: clean(op.Key), accountID: clean(op.AccountID), email: clean(op.Email),
		label: clean(op.Label), status: string(op.Status), reason: clean(op.Reason), caller: clean(op.Actor.Caller),
		createdAt: micros(op.CreatedAt), effectiveAt: micros(op.EffectiveAt), startedAt: micros(op.StartedAt), endedAt: micros(op.EndedAt),
		planID: clean(op.PlanID), owner: op.Owner, epoch: op.Epoch, due: micros(op.Due),
	}
	if op.StopOnError {
		o.stopOnError = 1
	}
	var err error
	set := func(to *string, name string, v any) {
		if err == nil {
			if *to, err = jsonText(v); err != nil {
				err = fmt.Errorf("the %s of operation %s: %w", name, op.ID, err)
			}
		}
	}
	set(&o.actor, "actor", op.Actor)
	if op.Approval != nil {
		set(&o.approval, "approval", op.Approval)
	}
	if op.CancelBy != nil {
		set(&o.cancelBy, "cancel_by", op.CancelBy)
	}
	if op.Confirmation != nil {
		set(&o.confirmation, "confirmation", op.Confirmation)
	}
	set(&o.problem, "problem", op.Problem)
	set(&o.request, "request", op.Request)
	set(&o.plan, "plan", op.Plan)
	set(&o.snapshot, "snapshot", op.Snapshot)
	for i, step := range op.Steps {
		o.steps = append(o.steps, "")
		set(&o.steps[i], fmt.Sprintf("step %d", i), step)
	}
	return o, err
}

// jsonText writes v as JSON; nothing as "".
func jsonText(v any) (string, error) {
	if raw, ok := v.(json.RawMessage); ok {
		if len(raw) == 0 || string(raw) == "null" {
			return "", nil
		}
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return "", err
		}
		return clean(b.String()), nil
	}
	b, err := json.Marshal(v)
	return clean(string(b)), err
}

// operation gives back what rows say.
func (o *stored) operation() (Operation, error) {
	op := Operation{
		ID: o.id, Parent: o.parent, Kind: o.kind, Key: o.subject, AccountID: o.accountID, Email: o.email, Label: o.label, Status: Status(o.status), Reason: o.reason,
		CreatedAt: moment(o.createdAt), EffectiveAt: moment(o.effectiveAt), StartedAt: moment(o.startedAt), EndedAt: moment(o.endedAt),
		PlanID: o.planID, StopOnError: o.stopOnError != 0, Owner: o.owner, Epoch: o.epoch, Due: moment(o.due),
		Problem: raw(o.problem), Request: raw(o.request), Plan: raw(o.plan), Snapshot: raw(o.snapshot),
	}
	var err error
	get := func(name, text string, to any) {
		if err == nil && text != "" {
			if err = json.Unmarshal([]byte(text), to); err != nil {
				err = fmt.Errorf("the stored %s of operation %s can't be read: %w", name, o.id, err)
			}
		}
	}
	get("actor", o.actor, &op.Actor)
	get("approval", o.approval, &op.Approval)
	get("cancel_by", o.cancelBy, &op.CancelBy)
	get("confirmation", o.confirmation, &op.Confirmation)
	for i, text := range o.steps {
		op.Steps = append(op.Steps, Step{})
		get(fmt.Sprintf("step %d", i), text, &op.Steps[i])
	}
	return op, err
}

func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

func (o *stored) ended() bool { return Status(o.status).Ended() }

// insert writes an operation that is new.
func (t *tx) insert(ctx context.Context, o *stored) error {
	if err := t.exec(ctx, `INSERT INTO journal_operations (`+operationColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		values(o.operationFields())...); err != nil {
		return err
	}
	if err := t.exec(ctx, `INSERT INTO journal_details (operation_id, `+detailColumns+`) VALUES (?, ?, ?, ?, ?)`,
		append([]any{o.id}, values(o.detailFields())...)...); err != nil {
		return err
	}
	return t.insertSteps(ctx, o)
}

// stepsAtOnce bounds the arguments of one statement.
const stepsAtOnce = 200

func (t *tx) insertSteps(ctx context.Context, o *stored) error {
	for from := 0; from < len(o.steps); from += stepsAtOnce {
		part := o.steps[from:min(from+stepsAtOnce, len(o.steps))]
		args := make([]any, 0, 3*len(part))
		for i, step := range part {
			args = append(args, o.id, int64(from+i), step)
		}
		if err := t.exec(ctx, `INSERT INTO journal_steps (operation_id, n, step) VALUES (?, ?, ?)`+strings.Repeat(`, (?, ?, ?)`, len(part)-1), args...); err != nil {
			return err
		}
	}
	return nil
}

// load reads an operation with everything; nil when there is none. With lock nobody else changes it until the transaction ends.
func (t *tx) load(ctx context.Context, id string, lock bool) (*stored, error) {
	o := &stored{}
	query := `SELECT ` + operationColumns + ` FROM journal_operations WHERE id = ?`
	if lock {
		query += t.db.forUpdate()
	}
	if found, err := one(ctx, t, o.operationFields(), query, id); err != nil || !found {
		return nil, err
	}
	return o, t.loadRest(ctx, o)
}

func (t *tx) loadRest(ctx context.Context, o *stored) error {
	if _, err := one(ctx, t, o.detailFields(), `SELECT `+detailColumns+` FROM journal_details WHERE operation_id = ?`, o.id); err != nil {
		return err
	}
	r, err := t.query(ctx, `SELECT step FROM journal_steps WHERE operation_id = ? ORDER BY n`, o.id)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		var step string
		if err := r.Scan(&step); err != nil {
			return err
		}
		o.steps = append(o.steps, step)
	}
	return r.Err()
}

// update writes what differs between an operation's rows as they were and as they shall be.
func (t *tx) update(ctx context.Context, was, is *stored) error {
	if changed(was.operationFields(), is.operationFields()) {
		if err := t.exec(ctx, `UPDATE journal_operations SET subject = ?, account_id = ?, email = ?, status = ?, started_at = ?, ended_at = ?, plan_id = ?, `+
			`approval = ?, problem = ?, cancel_by = ?, owner = ?, epoch = ?, due = ? WHERE id = ?`,
			is.subject, is.accountID, is.email, is.status, is.startedAt, is.endedAt, is.planID, is.approval, is.problem, is.cancelBy, is.owner, is.epoch, is.due,
			is.id); err != nil {
			return err
		}
	}
	if changed(was.detailFields(), is.detailFields()) {
		if err := t.exec(ctx, `UPDATE journal_details SET confirmation = ?, request = ?, plan = ?, snapshot = ? WHERE operation_id = ?`,
			is.confirmation, is.request, is.plan, is.snapshot, is.id); err != nil {
			return err
		}
	}
	return t.updateSteps(ctx, was, is)
}

func (t *tx) updateSteps(ctx context.Context, was, is *stored) error {
	if len(was.steps) != len(is.steps) {
		if err := t.exec(ctx, `DELETE FROM journal_steps WHERE operation_id = ?`, is.id); err != nil {
			return err
		}
		return t.insertSteps(ctx, is)
	}
	for i, step := range is.steps {
		if step == was.steps[i] {
			continue
		}
		if err := t.exec(ctx, `UPDATE journal_steps SET step = ? WHERE operation_id = ? AND n = ?`, step, is.id, int64(i)); err != nil {
			return err
		}
	}
	return nil
}

func changed(a, b []any) bool {
	x, y := values(a), values(b)
	for i := range x {
		if x[i] != y[i] {
			return true
		}
	}
	return false
}

// copy is a stored that can be changed alone.
func (o *stored) copy() *stored {
	c := *o
	c.steps = append([]string(nil), o.steps...)
	return &c
}
