package mcpserver

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/engine"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/events"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/review"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/tools"
)

// giveBackTime is how long a stop waits for operations to come to the end of their step.
const giveBackTime = 10 * time.Second

// Services are what the tools work with, and what runs operations behind them.
type Services struct {
	*tools.Deps
	Journal *journal.Store
	engine  *engine.Engine
	changes *lifecycle.Service
	feed    *events.Feed
	site    string
	// idle is set where nothing may be changed, and so no operation is taken up.
	idle bool
	log  *slog.Logger
}

// Reviewer makes the access reviews that p asks for.
func (s *Services) Reviewer(p review.Plan) *review.Reviewer {
	return &review.Reviewer{Plan: p, Audit: s.Audit, Changes: s.changes, Journal: s.Journal, Site: s.site, Batch: s.BatchLimit, Log: s.log}
}

// Start takes up, in the background, operations that are due or that a process which is gone left behind. It returns at once and opens nothing before
// there is something.
func (s *Services) Start(ctx context.Context) {
	if !s.idle {
		s.engine.Start(ctx)
	}
}

// Drain takes up what is due, and waits until that has ended, or for limit. It is for commands that do one thing and end.
func (s *Services) Drain(ctx context.Context, limit time.Duration) error {
	if s.idle || !s.Journal.Exists() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := s.engine.Drain(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // it goes on when the next process starts
	}
	return err
}

// Stop gives the operations that run back to the journal at the end of their step, and closes it.
func (s *Services) Stop() error {
	s.feed.Close()
	ctx, cancel := context.WithTimeout(context.Background(), giveBackTime)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.changes.Stop(ctx) }()
	err := errors.Join(s.engine.Stop(ctx), <-ended)
	if err != nil {
		s.log.Warn("an operation was left in the middle of a step; the next process takes it up", "error", err)
	}
	return errors.Join(err, s.Journal.Close())
}
