package lifecycle

import (
	"fmt"
	"strings"
	"time"
)

// Text tells a result in words that can be forwarded as they are.
func (r Result) Text() string {
	var b strings.Builder
	b.WriteString(r.headline())
	if r.Operation != nil {
		writeOutcomes(&b, *r.Operation)
	} else {
		r.Plan.write(&b)
	}
	list(&b, "Still to do by a person", r.FollowUps)
	if r.Confirm != nil {
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

func (r Result) headline() string {
	who := r.Plan.Target.Label
	done := strings.ReplaceAll(r.Plan.tool, "_", " ")
	switch r.Status {
	case ConfirmationRequired:
		return fmt.Sprintf("Plan to %s: %s. It needs a person's agreement.\n", done, who)
	case Planned:
		return fmt.Sprintf("Plan to %s: %s. This was a dry run.\n", done, who)
	case Blocked:
		return fmt.Sprintf("Blocked: %s, %s. Nothing was changed.\n", done, who)
	case Succeeded:
		if r.Operation == nil {
			return fmt.Sprintf("Nothing to do: %s, %s. Everything is so already.\n", done, who)
		}
		return fmt.Sprintf("Done and verified: %s, %s.\n", done, who)
	case Partial:
		return fmt.Sprintf("Partly done: %s, %s. Read the steps that are not done.\n", done, who)
	case Cancelled:
		return fmt.Sprintf("Cancelled before anything was changed: %s, %s.\n", done, who)
	}
	return fmt.Sprintf("Failed: %s, %s. Nothing is known to have been changed.\n", done, who)
}

func (p Plan) write(b *strings.Builder) {
	if len(p.Steps) > 0 {
		b.WriteString("\n")
		for i, s := range p.Steps {
			fmt.Fprintf(b, "%2d. %s\n", i+1, s.Detail)
		}
	}
	list(b, "Blockers", p.Blockers)
	list(b, "Warnings", p.Warnings)
	list(b, "Undo", p.Undo)
}

func writeOutcomes(b *strings.Builder, op Operation) {
	b.WriteString("\n")
	for _, s := range op.Steps {
		fmt.Fprintf(b, "%-8s %s: %s. %s\n", s.Status, strings.ReplaceAll(string(s.Action), "_", " "), s.Target, capital(s.Detail))
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

func capital(s string) string {
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
