// Package task keeps tool calls that go on after their request was answered: what MCP calls tasks. It knows nothing of the protocol's
// forms, of which there are two, nor of what a call does.
//
// Tasks live in the memory of one process. What must survive it is the operation behind a task, which has a journal of its own.
package task

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// Limits bound what a store holds.
type Limits struct {
	Running               int           // calls that may run at once
	Kept                  int           // tasks that are remembered; beyond it the oldest ended one is forgotten
	Life                  time.Duration // how long a task is remembered from its creation, where the client names nothing
	ShortestLife, MaxLife time.Duration // the bounds of what a client may name
	LastLook              time.Duration // how long an ended task is remembered at least, however long it ran
}

// Standard are the limits of a server for one organization.
var Standard = Limits{
	Running: 32, Kept: 200,
	Life: time.Hour, ShortestLife: time.Minute, MaxLife: 24 * time.Hour, LastLook: 5 * time.Minute,
}

// Owner is who may see a task: the caller, and the session where the protocol has one. A stateless protocol tells callers apart no
// further, and the task's id, which can't be guessed, does the rest.
type Owner struct{ Caller, Session string }

var (
	// ErrNotFound: the owner has no such task.
	ErrNotFound = errors.New("no such task: it may have expired, or the server was restarted; list_operations shows what became of its operation")
	// ErrEnded: the task has ended, and can't be cancelled.
	ErrEnded = errors.New("the task has ended")
)

// Store keeps the tasks of one server. A task that runs is never forgotten.
type Store struct {
	limits Limits

	mu      sync.Mutex
	tasks   map[string]*Call
	running map[*Call]bool
	idle    chan struct{} // closed when nothing runs; nil when nobody waits
}

// NewStore makes a store with these limits.
func NewStore(limits Limits) *Store {
	return &Store{limits: limits, tasks: map[string]*Call{}, running: map[*Call]bool{}}
}

// Begin takes a place for a call of owner, and reports false when all are taken. Call.End gives the place back.
//
// The call's context has the values of ctx but does not end with it; its cause is what Call.Cancel, Cancel or Stop say.
func (s *Store) Begin(ctx context.Context, owner Owner) (*Call, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.running) >= s.limits.Running {
		return nil, false
	}
	now := time.Now()
	c := &Call{store: s, owner: owner, done: make(chan struct{}), created: now, updated: now}
	c.ctx, c.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	s.running[c] = true
	return c, true
}

// Life is how long a task is remembered whose client asks for that; 0 = it asks for nothing.
func (s *Store) Life(asked time.Duration) time.Duration {
	if asked <= 0 {
		return s.limits.Life
	}
	return min(max(asked, s.limits.ShortestLife), s.limits.MaxLife)
}

// Get gives a task as it is now, or ErrNotFound.
func (s *Store) Get(owner Owner, id string) (Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.find(owner, id)
	if err != nil {
		return Snapshot{}, err
	}
	return c.snapshot(), nil
}

// List gives the owner's tasks, the newest first.
func (s *Store) List(owner Owner) []Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	list := []Snapshot{}
	for _, c := range s.tasks {
		if c.owner == owner {
			list = append(list, c.snapshot())
		}
	}
	slices.SortFunc(list, func(a, b Snapshot) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// Cancel asks a task to stop, and returns at once with what it is now. The call learns of it by its context, with
// request.ErrClientCancelled. The error is ErrNotFound, or ErrEnded with the task as it ended; asking twice is not an error.
func (s *Store) Cancel(owner Owner, id string) (Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.find(owner, id)
	if err != nil {
		return Snapshot{}, err
	}
	if c.ended() {
		return c.snapshot(), ErrEnded
	}
	if !c.cancelled {
		c.cancelled, c.updated = true, time.Now()
		c.cancel(request.ErrClientCancelled)
	}
	return c.snapshot(), nil
}

// Await returns the task once it has ended. The error is ErrNotFound, or ctx's.
func (s *Store) Await(ctx context.Context, owner Owner, id string) (Snapshot, error) {
	s.mu.Lock()
	c, err := s.find(owner, id)
	s.mu.Unlock()
	if err != nil {
		return Snapshot{}, err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		return Snapshot{}, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.snapshot(), nil
}

// Stop ends the context of every call that runs, with cause.
func (s *Store) Stop(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.running {
		c.cancel(cause)
	}
}

// Wait returns true once nothing runs, and false when ctx ends before.
func (s *Store) Wait(ctx context.Context) bool {
	s.mu.Lock()
	if len(s.running) == 0 {
		s.mu.Unlock()
		return true
	}
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Store) find(owner Owner, id string) (*Call, error) {
	s.forget()
	c := s.tasks[id]
	if c == nil || c.owner != owner {
		return nil, ErrNotFound
	}
	return c, nil
}

// forget removes ended tasks whose time is over, and the oldest beyond the limit.
func (s *Store) forget() {
	now := time.Now()
	var ended []*Call
	for id, c := range s.tasks {
		switch {
		case !c.ended():
		case now.After(c.created.Add(c.life)) && now.After(c.updated.Add(s.limits.LastLook)):
			delete(s.tasks, id)
		default:
			ended = append(ended, c)
		}
	}
	if excess := len(s.tasks) - s.limits.Kept; excess > 0 {
		slices.SortFunc(ended, func(a, b *Call) int { return a.updated.Compare(b.updated) })
		for _, c := range ended[:min(excess, len(ended))] {
			delete(s.tasks, c.id)
		}
	}
}
