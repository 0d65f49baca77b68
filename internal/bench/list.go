package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// measureList compares the first page of list_operations in a journal with very many operations and in one with few, each in a process that has
// looked at it before.
func measureList(ctx context.Context, b *bench) ([]row, error) {
	few, many := 1000, b.pick(1_000_000, 50_000)
	name := fmt.Sprintf("list_operations, first page of %s by %s", thousands(many), thousands(few))
	return b.onEachJournal(ctx, name, func(kind journalKind) (rows []row, err error) {
		lists := []struct {
			name      string
			arguments map[string]any
		}{
			{"", map[string]any{}},
			{", of one kind", map[string]any{"kind": "provision_user"}},
			{", of one state", map[string]any{"status": "partial"}},
			{", of one person", map[string]any{"person": "person500@example.com"}},
		}
		for _, list := range lists {
			rows = append(rows, row{measure: name + list.name + ", " + kind.name, unit: milliseconds, against: ratio, bar: 3})
		}
		var servers []*server
		for _, count := range []int{few, many} {
			j, err := kind.fresh(b)
			if err != nil {
				return nil, err
			}
			start := time.Now()
			if err := j.fillOperations(ctx, count, false); err != nil {
				return nil, err
			}
			b.note("  %s operations made in %.1f s", thousands(count), time.Since(start).Seconds())
			s, err := b.startProgram(ctx, j.env())
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, s.close()) }()
			servers = append(servers, s)
		}
		const warmUp = 5
		for i := range b.pick(200, 50) + warmUp {
			for k, list := range lists {
				for n, s := range servers {
					var page struct{ Operations []struct{} }
					start := time.Now()
					if err := s.call("list_operations", list.arguments, &page); err != nil {
						return nil, err
					}
					took := time.Since(start)
					if len(page.Operations) == 0 {
						return nil, fmt.Errorf("list_operations %v gave nothing", list.arguments)
					}
					if i >= warmUp {
						[]*sample{&rows[k].floor, &rows[k].value}[n].time(took)
					}
				}
			}
		}
		return rows, nil
	})
}
