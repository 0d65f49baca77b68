package main

import (
	"context"
	"errors"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/mcpserver"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/review"
)

type workerCmd struct {
	Once bool `help:"Do what is due now, then end: for cron and timers."`

	config.Settings `embed:""`
}

// Run runs operations that are scheduled, approved, or left by a process that is gone, and makes the reviews that are due, until a signal comes. It then ends the step that it is in,
// and gives back the rest.
func (c *workerCmd) Run(p *program) (err error) {
	c.Transport = "stdio"
	cfg, log, err := p.configure(c.Settings)
	if err != nil {
		return err
	}
	if cfg.ReadOnly {
		return told(fault.New(fault.Protected, "Leave out --read-only (JIRA_LIFECYCLE_READ_ONLY).", "A worker changes people, and this one is read-only."))
	}
	if cfg.Sandbox {
		site, err := startSandbox(&cfg)
		if err != nil {
			return err
		}
		defer func() { _ = site.Close() }() // its state ends with the process anyway
	}
	if cfg.Jira.Missing != nil {
		return told(cfg.Jira.Missing)
	}
	for _, problem := range cfg.Problems() {
		log.Warn(problem)
	}
	var reviews review.Plan
	if cfg.Review != "" {
		if reviews, err = review.Load(cfg.Review); err != nil {
			return &exitStatus{exitUsage, err}
		}
	}
	services, err := mcpserver.Wire(cfg, log)
	if err != nil {
		return &exitStatus{exitUsage, err}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	defer func() { err = errors.Join(err, services.Stop()) }()

	// What can't be used is told now, and not by a worker that seems to work.
	if _, err := services.Journal.Pending(ctx); err != nil {
		return told(err)
	}
	if c.Once {
		if cfg.Review != "" {
			if _, err := services.Reviewer(reviews).Once(ctx); err != nil && ctx.Err() == nil {
				return told(err)
			}
		}
		err := services.Drain(ctx, time.Duration(math.MaxInt64))
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return told(err)
	}
	services.Start(context.WithoutCancel(ctx)) // Stop ends it
	log.Info("working", "state_dir", cfg.StateDir, "postgresql", !cfg.DatabaseURL.IsZero())
	if cfg.Review != "" {
		services.Reviewer(reviews).Run(ctx)
	}
	<-ctx.Done()
	log.Info("stopping")
	return nil
}
