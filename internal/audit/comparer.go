package audit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/extsort"
)

// comparer takes changes as they are found.
type comparer struct {
	basis  basis
	list   changeList
	file   *json.Encoder
	untold map[Code]int

	uncompared int // see basis
}

func (c *comparer) add(change Change) error {
	c.list.add(change)
	return c.file.Encode(change)
}

func (c *comparer) rows(ctx context.Context, before, after iter.Seq2[Row, error]) error {
	steps := 0
	watched := func(rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
		return func(yield func(Row, error) bool) {
			for row, err := range rows {
				if steps++; steps%1024 == 0 && ctx.Err() != nil {
					err = ctx.Err()
				}
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
	for change, err := range diffRows(watched(before), watched(after), c.basis) {
		if err != nil {
			return err
		}
		if err := c.add(change); err != nil {
			return err
		}
	}
	return nil
}

// findings sorts the findings of both reports by what they are about, and compares those of the same thing.
func (c *comparer) findings(ctx context.Context, dir string, memory int, before, after iter.Seq2[Finding, error]) (err error) {
	var sides [2]*cursor
	for i, findings := range []iter.Seq2[Finding, error]{before, after} {
		s := extsort.New(dir, fmt.Sprintf("findings-%d", i), cmp.Or(memory, sortMemory))
		defer func() { err = errors.Join(err, s.Close()) }()
		var key []byte
		for f, err := range findings {
			if err != nil {
				return err
			}
			f.Advice, f.Fix, f.Look = "", nil, nil
			value, err := json.Marshal(f)
			if err != nil {
				return err
			}
			key = appendFindingKey(key[:0], f)
			if err := s.Add(key, value); err != nil {
				return err
			}
		}
		if sides[i], err = newCursor(ctx, s); err != nil {
			return err
		}
	}
	old, now := sides[0], sides[1]
	for old.ok() || now.ok() {
		least := old
		if !old.ok() || now.ok() && bytes.Compare(now.Key(), old.Key()) < 0 {
			least = now
		}
		key := bytes.Clone(least.Key())
		first, err := findingsAt(old, key)
		if err != nil {
			return err
		}
		second, err := findingsAt(now, key)
		if err != nil {
			return err
		}
		changes, untold := c.basis.compareFindings(first, second)
		for _, f := range untold {
			c.untold[f.Code]++
		}
		for _, change := range changes {
			if err := c.add(change); err != nil {
				return err
			}
		}
	}
	return firstError(old.err, now.err)
}

// findingsAt takes the findings of a key.
func findingsAt(c *cursor, key []byte) ([]Finding, error) {
	var all []Finding
	for ; c.at(key); c.next() {
		var f Finding
		if err := json.Unmarshal(c.Value(), &f); err != nil {
			return nil, errRecord
		}
		all = append(all, f)
	}
	return all, nil
}

func (c *comparer) warnings() (warnings []string) {
	if c.uncompared > 0 {
		warnings = append(warnings, fmt.Sprintf("People whom one of the reports could not compare with the roster, so that nothing is said of what changed there: %d.", c.uncompared))
	}
	var all int
	var kinds []string
	for _, code := range slices.Sorted(maps.Keys(c.untold)) {
		all += c.untold[code]
		kinds = append(kinds, fmt.Sprintf("%s %d", code, c.untold[code]))
	}
	if all == 0 {
		return warnings
	}
	return append(warnings, fmt.Sprintf("Findings that can't be called new or fixed, since the reports read different sources or count different days: %d (%s).", all, strings.Join(kinds, ", ")))
}
