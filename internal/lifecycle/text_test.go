package lifecycle

import (
	"strings"
	"testing"
	"time"
)

func TestAPlanReadsAsAPersonWouldTellIt(t *testing.T) {
	plan, err := planOffboard(person(), chosen{}, reach{scim: true}, "")
	if err != nil {
		t.Fatal(err)
	}
	r := result(ConfirmationRequired, plan)
	r.Confirm = &Confirmation{Token: "Zz9", ExpiresAt: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}
	text := r.Text()
	for _, want := range []string{
		"Plan to offboard Jane Doe (jane.doe@example.com). It needs a person's agreement.\n",
		" 1. deactivate the account through SCIM", " 4. read back",
		"Nothing has been changed.", "confirm = Zz9 (valid until 2026-11-24T10:00:00Z, once)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	question := r.Question()
	if strings.Contains(question, "Zz9") || !strings.HasSuffix(question, "Apply this plan?") {
		t.Errorf("the question to a person:\n%s", question)
	}
}

func TestEveryToolHasAHeadlineForEveryEnd(t *testing.T) {
	for tool := range phrases {
		for _, status := range []Status{ConfirmationRequired, Planned, Blocked, Succeeded, Partial, Failed, Cancelled} {
			r := Result{Status: status, Plan: Plan{tool: tool, Target: Subject{Label: "X"}}}
			if line := r.headline(); !strings.Contains(line, "X") || strings.Contains(line, "%!") {
				t.Errorf("%s %s: %q", tool, status, line)
			}
		}
	}
}
