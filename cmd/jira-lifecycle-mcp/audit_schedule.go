package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/review"
)

type auditScheduleCmd struct {
	formFlag   `embed:""`
	shellFlags `embed:""`
}

// Run checks the review file, and tells what a worker will do with it and when.
func (c *auditScheduleCmd) Run(p *program) error {
	return c.look(p, c.formFlag, func(ctx context.Context, s *shell) error {
		if s.cfg.Review == "" {
			return fault.New(fault.NotConfigured, "Name the review file with --review (JIRA_LIFECYCLE_REVIEW), here and for the worker; docs/access-review.md shows one.", "No review is scheduled.")
		}
		plan, err := review.Load(s.cfg.Review)
		if err != nil {
			return &exitStatus{exitUsage, err}
		}
		if err := plan.CheckFiles(s.cfg.Review, s.Audit.Files); err != nil {
			return &exitStatus{exitUsage, err}
		}
		answer := schedule{EveryDays: plan.EveryDays, KeepDays: plan.KeepDays, Rules: []string{}}
		switch _, missing := s.Directory.Jira(); {
		case !plan.NamesGroups():
		case missing != nil:
			answer.Notes = append(answer.Notes, "Whether the site has the groups that the rules name was not checked: "+missing.Error())
		default:
			wrong, err := plan.CheckGroups(ctx, s.cfg.Review, s.Audit.Jira)
			if err != nil {
				return err
			}
			if wrong != nil {
				return &exitStatus{exitUsage, wrong}
			}
		}
		for _, rule := range plan.Rules {
			answer.Rules = append(answer.Rules, rule.String())
		}
		if answer.Next, answer.LastReport, err = s.Reviewer(plan).Due(ctx); err != nil {
			return err
		}
		return s.print(answer)
	})
}

// schedule is what schedule prints.
type schedule struct {
	EveryDays  int       `json:"every_days"`
	KeepDays   int       `json:"keep_days"` // 0 = for ever
	Next       time.Time `json:"next,omitzero"`
	LastReport string    `json:"last_report,omitempty"`
	Rules      []string  `json:"rules"`
	Notes      []string  `json:"notes,omitempty"`
}

// Text is the schedule in sentences.
func (s schedule) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "A report every %d days, kept for ", s.EveryDays)
	if s.KeepDays == 0 {
		b.WriteString("ever.\n")
	} else {
		fmt.Fprintf(&b, "%d days.\n", s.KeepDays)
	}
	if s.LastReport != "" {
		fmt.Fprintf(&b, "Last: %s.\n", s.LastReport)
	}
	if s.Next.IsZero() || s.Next.Before(time.Now()) {
		b.WriteString("Next: as soon as a worker runs (jira-lifecycle-mcp worker).")
	} else {
		fmt.Fprintf(&b, "Next: %s, by a worker (jira-lifecycle-mcp worker).", s.Next.Local().Format("2006-01-02 15:04"))
	}
	for _, rule := range s.Rules {
		b.WriteString("\n- " + rule)
	}
	for _, note := range s.Notes {
		b.WriteString("\nNote: " + note)
	}
	return b.String()
}
