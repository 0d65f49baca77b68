package lifecycle

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/when"
)

// Text tells a result in words that can be forwarded as they are.
func (r Result) Text() string {
	var b strings.Builder
	b.WriteString(r.headline())
	if r.Operation != nil {
		writeOutcomes(&b, *r.Operation)
		list(&b, "Warnings", r.Plan.Warnings)
	} else {
		r.Plan.write(&b)
	}
	list(&b, "Still to do by a person", r.FollowUps)
	switch {
	case r.Confirm == nil:
	case r.mustAsk:
		b.WriteString("\nNothing has been changed. This server takes agreement from a person only, and this client can't ask one: use a client that can (MCP elicitation).\n")
	default:
		fmt.Fprintf(&b, "\nNothing has been changed. To apply exactly this plan, call again with confirm = %s (valid until %s, once).\n", r.Confirm.Token, r.Confirm.ExpiresAt.Format(time.RFC3339))
	}
	return strings.TrimRight(b.String(), "\n")
}

// Question puts a plan that waits for a person's agreement to that person, whole and in words.
func (r Result) Question() string {
	var b strings.Builder
	b.WriteString(r.headline())
	r.Plan.write(&b)
	list(&b, "Still to do by a person", r.FollowUps)
	b.WriteString("\nApply this plan?")
	return b.String()
}

// phrases say what a tool does to somebody: as a plan, and when it is done.
var phrases = map[string]struct{ plan, done string }{
	"offboard_user":          {"offboard %s", "%s is offboarded"},
	"provision_user":         {"give %s access", "%s has access"},
	"add_user_to_group":      {"add %s to groups", "%s is in the groups"},
	"remove_user_from_group": {"take %s out of groups", "%s is out of the groups"},
	"update_user":            {"change the attributes of %s", "%s has the new attributes"},
	"delete_user":            {"remove %s from the site", "%s is removed from the site"},
	"restore_user":           {"put back what was taken from %s", "%s has back what could be put back"},
	"create_group":           {"create the group %s", "the group %s exists"},
	"delete_group":           {"delete the group %s", "the group %s is deleted"},

	aboutDeletion:     {"delete the account of %s", "the account of %s is marked for deletion"},
	aboutCancellation: {"cancel the deletion of the account of %s", "no deletion of the account of %s is pending"},
}

// What is asked for by an argument of a tool, and is something else than what the tool does as a rule.
const (
	aboutDeletion     = "deletion"
	aboutCancellation = "cancellation"
)

func (r Result) headline() string {
	phrase := phrases[cmp.Or(r.Plan.about, r.Plan.tool)]
	if hasAction(r.Plan.Steps, DeleteAccount) {
		phrase = phrases[aboutDeletion]
	}
	plan, done := fmt.Sprintf(phrase.plan, r.Plan.Target.Label), fmt.Sprintf(phrase.done, r.Plan.Target.Label)
	switch r.Status {
	case ConfirmationRequired:
		return "Plan to " + plan + ". It needs a person's agreement.\n"
	case Planned:
		return "Plan to " + plan + ". This was a dry run: nothing was changed.\n"
	case Blocked:
		return "Blocked: can't " + plan + ". Nothing was changed.\n"
	case Succeeded:
		if r.Operation == nil && r.Plan.left > 0 {
			return "Nothing to do for " + r.Plan.Target.Label + ": see the warnings for who is left out.\n"
		}
		if r.Operation == nil && r.Plan.about == aboutCancellation {
			return "Nothing to do: " + done + ".\n"
		}
		if r.Operation == nil {
			return "Nothing to do: " + done + " already.\n"
		}
		return "Done and verified: " + done + ".\n"
	case Scheduled:
		return "Scheduled: will " + plan + " at " + when.Format(r.Plan.EffectiveAt) + ". Nothing was changed yet; until then it can be cancelled (update_operation).\n"
	case AwaitingApproval:
		return "Waits for a second person's approval: " + plan + ". Nothing was changed yet.\n"
	case Running, Queued:
		return "Under way, not finished yet: " + plan + ". It goes on by itself; look again with get_operation.\n"
	case Partial:
		return "Partly done: " + plan + ". Read the steps that are not done.\n"
	case Cancelled:
		return "Cancelled before anything was changed: " + plan + ".\n"
	}
	return "Failed: could not " + plan + ". Nothing is known to have been changed.\n"
}

func (p Plan) write(b *strings.Builder) {
	if !p.EffectiveAt.IsZero() {
		fmt.Fprintf(b, "It begins on %s (%s), not now.\n", p.EffectiveAt.Format("Monday, 2 January 2006 at 15:04:05 MST"), when.Format(p.EffectiveAt))
	}
	if len(p.Steps) > 0 {
		b.WriteString("\n")
		person := ""
		for i, s := range p.Steps {
			if s.Person != person {
				person = s.Person
				fmt.Fprintf(b, "%s\n", person)
			}
			fmt.Fprintf(b, "%2d. %s\n", i+1, s.Detail)
		}
	}
	if p.Owned != nil {
		fmt.Fprintf(b, "\n%s\n", p.Owned.sentence())
	}
	list(b, "Blockers", p.Blockers)
	list(b, "Warnings", p.Warnings)
	list(b, "Undo", p.Undo)
}

func writeOutcomes(b *strings.Builder, op Operation) {
	b.WriteString("\n")
	for _, s := range op.Steps {
		what := strings.ReplaceAll(string(s.Action), "_", " ")
		if s.Action == AddToGroup || s.Action == RemoveFromGroup || s.Action == RevokeToken || s.ID != "" {
			what += " " + s.Target
		}
		fmt.Fprintf(b, "%-8s %s: %s\n", s.Status, what, s.Detail)
	}
	if op.Problem != nil {
		fmt.Fprintf(b, "\n%s: %s %s\n", op.Problem.Code, op.Problem.Message, op.Problem.Hint)
	}
	fmt.Fprintf(b, "\nOperation %s.\n", op.ID)
}

func list(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	for _, line := range lines {
		fmt.Fprintf(b, "- %s\n", line)
	}
}
