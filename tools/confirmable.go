package tools

import "github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"

// Confirmable is the output of a tool that changes nothing before a person has agreed to its plan.
type Confirmable struct{ lifecycle.Result }

// Confirmation implements Confirmer.
func (o Confirmable) Confirmation() (question, token string, ok bool) {
	if o.Confirm == nil {
		return "", "", false
	}
	return o.Question(), o.Confirm.Token, true
}

// confirmable wraps what a destructive method of the lifecycle returns.
func confirmable(r lifecycle.Result, err error) (Confirmable, error) { return Confirmable{r}, err }
