package lifecycle_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// checkRecord walks the record: the chain is whole, and no step ever went back. Within one lease a step moves from pending over running to its end; what is
// done or was so already stays that for ever; and a plan is made anew only before anything was begun.
func checkRecord(t tester, p *process) {
	t.Helper()
	if v, err := p.store.Verify(context.Background(), ""); err != nil || v.Problem != nil {
		t.Errorf("the chain of records: %v, %v", v.Problem, err)
	}
	type seen struct {
		steps []journal.Step
		epoch []int64 // under which each step was recorded last
	}
	operations := map[string]*seen{}
	err := p.store.Events(context.Background(), journal.ExportFilter{}, func(e journal.Event) error {
		if e.Kind == "refused" { // what a late worker brought: kept, not taken
			return nil
		}
		var data struct {
			Operation struct{ Steps []journal.Step }
			Steps     map[int]journal.Step
			AllSteps  []journal.Step `json:"all_steps"`
		}
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return err
		}
		o := operations[e.OperationID]
		if o == nil {
			o = &seen{steps: data.Operation.Steps, epoch: make([]int64, len(data.Operation.Steps))}
			operations[e.OperationID] = o
		}
		if data.AllSteps != nil {
			for _, step := range o.steps {
				if step.Status != journal.StepPending {
					t.Errorf("%s was planned anew when its step %s was %s", e.OperationID, step.Action, step.Status)
				}
			}
			o.steps, o.epoch = data.AllSteps, make([]int64, len(data.AllSteps))
		}
		for i, step := range data.Steps {
			was := o.steps[i]
			if problem := backwards(was, step, e.Epoch == o.epoch[i]); problem != "" {
				t.Errorf("record %d of %s (%s): step %s %s: %s", e.Seq, e.OperationID, e.Kind, step.Action, step.Target, problem)
			}
			o.steps[i], o.epoch[i] = step, e.Epoch
		}
		return nil
	})
	if err != nil {
		t.Errorf("the record: %v", err)
	}
}

// backwards tells in which way a step went back from what it was, "" where it did not.
func backwards(was, now journal.Step, sameLease bool) string {
	rank := map[journal.StepStatus]int{journal.StepPending: 0, journal.StepRunning: 1}
	of := func(s journal.StepStatus) int {
		if n, ok := rank[s]; ok {
			return n
		}
		return 2
	}
	switch {
	case was.Action != now.Action || was.Target != now.Target:
		return "it is another step than it was"
	case (was.Status == lifecycle.StepDone || was.Status == lifecycle.StepAlready) && now.Status != was.Status:
		return fmt.Sprintf("was %s and is %s", was.Status, now.Status)
	case sameLease && of(now.Status) < of(was.Status):
		return fmt.Sprintf("was %s and is %s under one lease", was.Status, now.Status)
	case now.Attempts < was.Attempts && now.Status != lifecycle.StepSkipped:
		return fmt.Sprintf("had %d attempts and has %d", was.Attempts, now.Attempts)
	}
	return ""
}
