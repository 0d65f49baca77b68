package journal

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// Get reads an operation with its steps, or gives [ErrNotFound].
func (s *Store) Get(ctx context.Context, id string) (Operation, error) {
	if !s.Exists() {
		return Operation{}, ErrNotFound
	}
	var o *stored
	err := s.read(ctx, "read operation "+id, func(ctx context.Context, t *tx) (err error) {
		if o, err = t.load(ctx, id, false); err == nil && o == nil {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		return Operation{}, err
	}
	return o.operation()
}

// Filter says which operations to list. Its zero value is all of them but the people of batches.
type Filter struct {
	Person   string // an account id, an e-mail in any case, or a key
	Kind     string
	Actor    string // the caller
	Statuses []Status
	Since    time.Time // created then or later
	Parent   string    // the people of this batch
	Limit    int       // of one page: 0 = 50, at most 500
	Cursor   string    // Page.Next of the page before, with the same filter
}

// Page is a part of a list.
type Page struct {
	Operations []Operation
	Next       string // "" = there are no more
}

const (
	defaultLimit = 50
	maxLimit     = 500
)

type cursor struct {
	At int64  `json:"t"`
	ID string `json:"i"`
}

func (c cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(s string) (cursor, error) {
	var c cursor
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil || c.ID == "" {
		return c, fault.New(fault.InvalidArgument, "Leave the cursor out to begin at the newest operation.", "%.40q is not a cursor of this list.", s)
	}
	return c, nil
}

// List gives operations, newest first, without steps, request, plan, snapshot and confirmation. The cost of a page does not depend on how many operations there are.
func (s *Store) List(ctx context.Context, f Filter) (Page, error) {
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	f.Limit = min(f.Limit, maxLimit)
	query, args, err := f.query()
	if err != nil || !s.Exists() {
		return Page{}, err
	}
	var page Page
	err = s.read(ctx, "list operations", func(ctx context.Context, t *tx) error {
		all, err := t.operations(ctx, query, args...)
		if err != nil {
			return err
		}
		page = Page{}
		if len(all) > f.Limit {
			all = all[:f.Limit]
			last := all[f.Limit-1]
			page.Next = cursor{last.createdAt, last.id}.String()
		}
		for _, o := range all {
			op, err := o.operation()
			if err != nil {
				return err
			}
			page.Operations = append(page.Operations, op)
		}
		return nil
	})
	return page, err
}

// query asks each state by itself where states are given: so the index on states serves each, and the parts are merged.
func (f Filter) query() (string, []any, error) {
	var where []string
	var args []any
	add := func(condition string, values ...any) {
		where = append(where, condition)
		args = append(args, values...)
	}
	switch {
	case f.Parent != "":
		add(`parent = ? AND parent <> ''`, f.Parent)
	case f.Person == "":
		add(`parent = ''`)
	}
	if f.Person != "" {
		add(`id IN (SELECT id FROM journal_operations WHERE account_id = ? AND account_id <> '' UNION SELECT id FROM journal_operations WHERE lower(email) = lower(?) AND email <> ''`+
			` UNION SELECT id FROM journal_operations WHERE subject = ?)`, f.Person, f.Person, f.Person)
	}
	if f.Kind != "" {
		add(`kind = ?`, f.Kind)
	}
	if f.Actor != "" {
		add(`caller = ?`, f.Actor)
	}
	if !f.Since.IsZero() {
		add(`created_at >= ?`, micros(f.Since))
	}
	if f.Cursor != "" {
		c, err := parseCursor(f.Cursor)
		if err != nil {
			return "", nil, err
		}
		add(`(created_at, id) < (?, ?)`, c.At, c.ID)
	}
	const order = ` ORDER BY created_at DESC, id DESC LIMIT ?`
	limit := int64(f.Limit + 1)
	if len(where) == 0 {
		where = []string{`1 = 1`}
	}
	selection := `SELECT ` + operationColumns + ` FROM journal_operations WHERE ` + strings.Join(where, ` AND `)
	if len(f.Statuses) == 0 {
		return selection + order, append(args, limit), nil
	}
	var parts []string
	var all []any
	for i, status := range f.Statuses {
		parts = append(parts, fmt.Sprintf(`SELECT * FROM (%s AND status = ?%s) AS part%d`, selection, order, i))
		all = append(append(append(all, args...), string(status)), limit)
	}
	return strings.Join(parts, ` UNION `) + order, append(all, limit), nil
}

// operations reads rows without details and steps.
func (t *tx) operations(ctx context.Context, query string, args ...any) ([]*stored, error) {
	r, err := t.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []*stored
	for r.Next() {
		o := &stored{}
		if err := r.Scan(o.operationFields()...); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, r.Err()
}
