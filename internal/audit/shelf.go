package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Stored is one report of the list.
type Stored struct {
	ID         string         `json:"id"`
	FinishedAt time.Time      `json:"finished_at,omitzero"`
	Site       string         `json:"site,omitempty"`
	Accounts   int            `json:"accounts"`
	Findings   int            `json:"findings"`
	BySeverity map[string]int `json:"by_severity"`
	Bytes      int64          `json:"bytes"`
	Problem    string         `json:"problem,omitempty"` // why the rest is not known
}

// List describes the finished reports, the newest first. One that can't be read is in it, with the reason.
func (a *Auditor) List() ([]Stored, error) {
	ids, err := a.Reports()
	if err != nil {
		return nil, err
	}
	list := make([]Stored, 0, len(ids))
	for _, id := range ids {
		s := Stored{ID: id, BySeverity: map[string]int{}}
		entries, err := os.ReadDir(filepath.Join(a.StateDir, reportsFolder, id))
		for _, e := range entries {
			if info, err := e.Info(); err == nil {
				s.Bytes += info.Size()
			}
		}
		summary, err2 := a.Summary(id)
		if err := errors.Join(err, err2); err != nil {
			s.Problem = err.Error()
		} else {
			s.FinishedAt, s.Site, s.Accounts, s.Findings, s.BySeverity = summary.FinishedAt, summary.Site, summary.Counts.Total, summary.Report.Findings, summary.Counts.BySeverity
		}
		list = append(list, s)
	}
	return list, nil
}

// Retention says which reports stay.
type Retention struct {
	Keep   int           // the newest; 0 = none for being new
	MaxAge time.Duration // and all that are younger; 0 = none for being young
}

// Prune removes the reports that are to stay by neither rule, and gives their ids, the newest first. A report is gone at once or not at all: what a
// process that ends leaves of one is removed by the next audit.
func (a *Auditor) Prune(r Retention) (removed []string, err error) {
	ids, err := a.Reports()
	if err != nil || len(ids) <= r.Keep {
		return nil, err
	}
	root := filepath.Join(a.StateDir, reportsFolder)
	leave, err := enter(root)
	if err != nil {
		return nil, fmt.Errorf("prune the reports: %w", err)
	}
	defer leave()
	for _, id := range ids[r.Keep:] {
		at, err := timeOf(id)
		if err != nil || r.MaxAge > 0 && a.now().Sub(at) < r.MaxAge {
			continue
		}
		gone := filepath.Join(root, partialPrefix+id)
		if err := os.Rename(filepath.Join(root, id), gone); err != nil {
			return removed, fmt.Errorf("remove report %s: %w", id, err)
		}
		removed = append(removed, id)
		if err := os.RemoveAll(gone); err != nil {
			return removed, fmt.Errorf("remove report %s: %w", id, err)
		}
	}
	return slices.Clip(removed), nil
}

// timeOf is when the audit of a report began, as its id says.
func timeOf(id string) (time.Time, error) {
	const form = "audit-20060102T150405Z"
	return time.Parse(form, id[:min(len(id), len(form))])
}
