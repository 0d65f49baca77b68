package main

import (
	"context"
	"encoding/json"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

type sandboxCmd struct {
	Listen  string        `default:"127.0.0.1:8711" placeholder:"ADDR" help:"Loopback address to listen on; port 0 takes a free one. Default: ${default}."`
	Seed    int64         `help:"Decides names, ids and memberships: the same seed gives the same site."`
	Users   int           `default:"200" help:"Accounts of the site. Default: ${default}."`
	Groups  int           `default:"50" help:"Groups of the site. Default: ${default}."`
	Latency time.Duration `help:"How long each request takes."`
	Lag     time.Duration `help:"How long a change stays invisible to reads."`
	Rate    float64       `help:"Requests a second; those above get a 429. 0 is no limit."`
	Fault   []string      `sep:"none" placeholder:"RULE" help:"What goes wrong, such as \"kind=rate_limit,path=/rest/api/3/user,times=2\"; may be given several times."`
}

// Run serves the simulated site until a signal comes. The first line on stdout says where it is and how to use it.
func (c *sandboxCmd) Run(p *program) error {
	if err := config.CheckLoopback(c.Listen); err != nil {
		return &exitStatus{exitUsage, err}
	}
	simulated, err := sandbox.New(sandbox.Options{
		Seed: c.Seed, Users: c.Users, Groups: c.Groups, Latency: c.Latency, Lag: c.Lag, Rate: c.Rate, Faults: c.Fault,
	})
	if err != nil {
		return &exitStatus{exitUsage, err}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	site, err := simulated.Start(c.Listen)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(p.stdout).Encode(site.Ready()); err != nil {
		return err
	}
	<-ctx.Done()
	return site.Close()
}
