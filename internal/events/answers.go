package events

import (
	"sync"
	"time"
)

// Bounds of the answers that are kept.
const (
	mostAnswers = 32
	answersAge  = 15 * time.Minute // less than the log itself may be behind
)

// answers are what was told last, for when the service answers nobody: by question, page and length. The zero value is ready, and safe for concurrent use.
type answers struct {
	mu   sync.Mutex
	kept map[question]Page
}

type question struct {
	hash   uint64
	cursor string
	limit  int
}

func (q Query) question() question { return question{q.hash(), q.Cursor, q.Limit} }

// keep remembers an answer that was given at p.AsOf, in place of the oldest where there are too many.
func (a *answers) keep(q question, p Page) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept == nil {
		a.kept = map[question]Page{}
	}
	a.kept[q] = p
	if len(a.kept) <= mostAnswers {
		return
	}
	oldest := q
	for other, page := range a.kept {
		if page.AsOf.Before(a.kept[oldest].AsOf) {
			oldest = other
		}
	}
	delete(a.kept, oldest)
}

// find returns the answer to q, if there is one that is not too old.
func (a *answers) find(q question, now time.Time) (Page, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.kept[q]
	return p, ok && now.Sub(p.AsOf) <= answersAge
}
