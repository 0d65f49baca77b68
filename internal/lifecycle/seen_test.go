package lifecycle

import (
	"errors"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// TestWhoCannotBeDoneIsLeftOutOfAReport leaves people out whom a report names and for whom nothing can be done, unless nobody else is there.
func TestWhoCannotBeDoneIsLeftOutOfAReport(t *testing.T) {
	ask := func(id string, seen *Seen) intent {
		return OffboardRequest{Target: directory.Target{Kind: directory.ByAccountID, Value: id}, Seen: seen}
	}
	blocked := Plan{Target: Subject{AccountID: "b", Label: "B"}, Blockers: []string{"Google has this account."}}
	good := Plan{Target: Subject{AccountID: "a", Label: "A"}, Steps: []Step{{Action: Deactivate, Via: ViaSCIM}}}
	own := fault.New(fault.Protected, "", "This is the owner of the credential.")
	away := fault.New(fault.UpstreamUnavailable, "", "Away.")
	away.Retryable = true
	for name, test := range map[string]struct {
		seen     *Seen
		plans    []Plan
		errs     []error
		problems int
		says     string
	}{
		"somebody protected":             {&Seen{Active: true}, []Plan{good, {}}, []error{nil, own}, 0, "p2 is left out: This is the owner of the credential."},
		"somebody with a blocker":        {&Seen{Active: true}, []Plan{good, blocked}, []error{nil, nil}, 0, "B is left out: Google has this account."},
		"nobody else is there":           {&Seen{Active: true}, []Plan{blocked, {}}, []error{nil, own}, 2, ""},
		"a service that does not answer": {&Seen{Active: true}, []Plan{good, {}}, []error{nil, away}, 1, ""},
		"named by the caller":            {nil, []Plan{good, {}}, []error{nil, own}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := batch{items: []intent{ask("p1", test.seen), ask("p2", test.seen)}}
			b.leaveOut(test.plans, test.errs)
			if problems := b.problems(test.plans, test.errs); len(problems) != test.problems {
				t.Errorf("problems %+v, want %d", problems, test.problems)
			}
			if test.problems == 0 {
				if warnings := strings.Join(b.join(test.plans).Warnings, " "); warnings != test.says {
					t.Errorf("warnings %q, want %q", warnings, test.says)
				}
			}
			if test.problems == 1 && errors.Join(test.errs...) == nil {
				t.Error("the error is gone")
			}
		})
	}
}

func TestSomebodyLeftOutIsNotCalledOffboarded(t *testing.T) {
	p := person(inactive)
	plan := leftOut("offboard_user", p, (&Seen{Active: true}).outdated(p))
	for _, plan := range []Plan{plan, (batch{items: []intent{OffboardRequest{}}}).join([]Plan{plan})} {
		if text := result(Succeeded, plan).Text(); strings.Contains(text, "offboarded already") || strings.Count(text, "nothing to do") > 0 || !strings.Contains(text, "still is in 2 groups") {
			t.Errorf("told as\n%s", text)
		}
	}
}
