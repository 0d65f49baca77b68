package audit

import (
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// pageSize is how many rows and findings are handed to the pen at once.
const pageSize = 256

// pen writes the files of a report beside the join: encoding a row takes about as long as judging it. A failure is told at the next page, and by lift.
type pen struct {
	files   *files
	page    written
	pages   chan written // nil once it was lifted
	writing parallel.Group
	failed  atomic.Bool
}

// written is a part of a report.
type written struct {
	rows     []Row
	findings []Finding
}

func newPen(f *files) *pen {
	p := &pen{files: f, pages: make(chan written, 2), writing: parallel.Group{Group: &errgroup.Group{}}}
	pages := p.pages
	p.writing.Go(func() error {
		err := parallel.Safely(func() error {
			for page := range pages {
				if err := p.files.write(page); err != nil {
					return err
				}
			}
			return nil
		})
		p.failed.Store(err != nil)
		for range pages { // whoever hands them over must not wait for a pen that is broken
		}
		return err
	})
	return p
}

// row takes a row, which nobody changes any more.
func (p *pen) row(r Row) error {
	p.page.rows = append(p.page.rows, r)
	return p.turn()
}

// finding takes a finding, likewise.
func (p *pen) finding(f Finding) error {
	p.page.findings = append(p.page.findings, f)
	return p.turn()
}

func (p *pen) turn() error {
	if len(p.page.rows)+len(p.page.findings) < pageSize {
		return nil
	}
	if p.failed.Load() {
		return p.lift()
	}
	p.pages <- p.page
	p.page = written{rows: make([]Row, 0, pageSize), findings: make([]Finding, 0, pageSize)}
	return nil
}

// lift waits until everything is written.
func (p *pen) lift() error {
	if p.pages != nil {
		p.pages <- p.page
		close(p.pages)
		p.pages, p.page = nil, written{}
	}
	return p.writing.Wait()
}

// flush has everything on the disk.
func (p *pen) flush() error {
	if err := p.lift(); err != nil {
		return err
	}
	return p.files.flush()
}

// close ends the pen, whose own failure turn or flush has told.
func (p *pen) close() error {
	_ = p.lift()
	return p.files.close()
}
