package audit

import (
	"bytes"
	"context"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/extsort"
)

type sorter = extsort.Sorter

// cursor looks at the next record of a sorted stream before taking it, which a merge join needs. It stops when ctx ends.
type cursor struct {
	*extsort.Cursor
	ctx   context.Context
	steps int
	more  bool
	err   error
}

func newCursor(ctx context.Context, s *extsort.Sorter) (*cursor, error) {
	sorted, err := s.Sort()
	if err != nil {
		return nil, err
	}
	c := &cursor{Cursor: sorted, ctx: ctx}
	c.next()
	return c, c.err
}

// ok reports whether there is a record.
func (c *cursor) ok() bool { return c.more }

// at reports whether the record has that key.
func (c *cursor) at(key []byte) bool { return c.more && bytes.Equal(c.Key(), key) }

// next takes the record.
func (c *cursor) next() {
	if c.steps++; c.steps%1024 == 0 && c.ctx.Err() != nil {
		c.more, c.err = false, c.ctx.Err()
		return
	}
	if c.more = c.Next(); !c.more {
		c.err = c.Err()
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
