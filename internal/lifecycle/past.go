package lifecycle

import (
	"slices"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// endings are the warnings of a person's state that a plan has from before, each with the steps that make an end of what it warns of.
var endings = map[string][]Action{
	directory.WarnSuspended:   {RestoreAccess, InviteUser},
	directory.WarnForDeletion: {CancelDeletion},
	directory.WarnNotOnSite:   {InviteUser, RestoreAccess, Reactivate},
}

// stillSo gives the warnings of a plan without those that what was done has made an end of: a result speaks of now.
func stillSo(plan Plan, done Operation) []string {
	return slices.DeleteFunc(slices.Clone(plan.Warnings), func(warning string) bool {
		if warning == warnForGood && (done.Status == Failed || done.Status == Cancelled) {
			return true
		}
		ends := endings[warning]
		if done.Status == Succeeded && hasAction(plan.Steps, ends...) {
			return true
		}
		return slices.ContainsFunc(done.Steps, func(s StepResult) bool {
			return s.Status == StepDone && s.ID == "" && slices.Contains(ends, s.Action)
		})
	})
}
