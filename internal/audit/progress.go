package audit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// progressEvery is the least time between two reports: a client shows them, and more than this nobody sees.
const progressEvery = 250 * time.Millisecond

// progress tells the caller how far the audit is. What is done counts records, never goes back, and has a known end only once everything is read.
type progress struct {
	tell func(done, total float64, message string)

	mu         sync.Mutex
	last       time.Time
	rows       int
	counts     map[string]int
	groups     int // found so far
	groupsRead int
}

func newProgress(ctx context.Context) *progress {
	return &progress{
		tell:   func(done, total float64, message string) { request.Progress(ctx, done, total, message) },
		counts: map[string]int{},
	}
}

// read counts n more records of a source.
func (p *progress) read(source string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows += n
	p.counts[source] += n
	p.report(0)
}

// found sets how many groups are known so far.
func (p *progress) found(groups int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.groups = groups
}

// group counts one group whose members are all read.
func (p *progress) group() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.groupsRead++
}

// report tells, at most so often. The lock is held.
func (p *progress) report(total int) {
	now := time.Now()
	if now.Sub(p.last) < progressEvery {
		return
	}
	p.last = now
	p.tell(float64(p.rows), float64(total), fmt.Sprintf("Read %d accounts, %d memberships in %d of %d groups, %d SCIM users",
		p.counts["accounts"], p.counts["memberships"], p.groupsRead, p.groups, p.counts["SCIM users"]))
}

// joined counts n more accounts in the report, of the records that were read as accounts.
func (p *progress) joined(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.last) < progressEvery {
		return
	}
	p.last = now
	p.tell(float64(p.rows+n), float64(p.rows+p.counts["accounts"]), fmt.Sprintf("Wrote %d of %d accounts to the report", n, p.counts["accounts"]))
}
