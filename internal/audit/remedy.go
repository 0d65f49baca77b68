package audit

import (
	"cmp"
	"fmt"
	"strings"
)

// Tools that findings advise.
const (
	toolOffboard  = "offboard_user"
	toolRemove    = "remove_user_from_group"
	toolProvision = "provision_user"
)

// remedies says by kind which tool mends what was found. A kind that is not here is mended by no change of ours: its advice says what a person does.
var remedies = map[Code]string{
	ActiveLeaver:         toolOffboard,
	DeactivatedButActive: toolOffboard,
	SuspendedButActive:   toolOffboard,
	SCIMJiraMismatch:     toolOffboard, // where SCIM has ended the account and Jira has not
	LeaverToken:          toolOffboard,
	OldToken:             toolOffboard,
	DormantSeat:          toolRemove,
	NeverActive:          toolRemove,
	UnmanagedExternal:    toolRemove,
	InactiveWithGroups:   toolRemove,
	SiteAdmin:            toolRemove,
	AdminNotInRoster:     toolRemove,
	JoinerWithoutAccount: toolProvision,
}

// Remedy gives the tool that mends findings of a kind, "" where none does. A finding of the kind may lack the call all the same: it depends on the account.
func Remedy(code Code) string { return remedies[code] }

// Mends reports whether a tool mends findings of a kind. Taking people out of groups that are named is a part of an offboarding, and does where that does.
func Mends(code Code, tool string, groupsNamed bool) bool {
	remedy := remedies[code]
	return remedy != "" && (tool == remedy || groupsNamed && tool == toolRemove && remedy == toolOffboard)
}

// Parts of an offboarding.
const (
	partDeactivate = "deactivate"
	partTokens     = "revoke_tokens"
	partSCIMGroups = "scim_groups"
	partJiraGroups = "jira_groups"
)

// mostGroups is how many groups one call of remove_user_from_group takes.
const mostGroups = 50

// fix gives the call that would do what is advised, nil where no change of ours would. Only a person's account can be changed.
func (r rules) fix(j *joined, code Code, severity Severity) *Call {
	if j.id == "" || !j.person() {
		return nil
	}
	switch code {
	case InactiveWithGroups, UnmanagedExternal:
		return leave(j.id, j.in)
	case DormantSeat, NeverActive:
		return leave(j.id, j.granting(j.freed(r.cutoff)))
	case SiteAdmin, AdminNotInRoster:
		return leave(j.id, j.adminGroups())
	case ActiveLeaver:
		why, _ := r.leaver(j)
		return &Call{Tool: toolOffboard, Arguments: Arguments{User: j.id, Reason: why}}
	case SuspendedButActive: // nothing that can't be undone: they may be back tomorrow
		return &Call{Tool: toolOffboard, Arguments: Arguments{User: j.id, Steps: []string{partDeactivate}, Reason: fmt.Sprintf("The roster says %s (line %d)", j.roster.says(), j.roster.line)}}
	case DeactivatedButActive:
		return &Call{Tool: toolOffboard, Arguments: Arguments{User: j.id}}
	case SCIMJiraMismatch:
		if severity == High {
			return &Call{Tool: toolOffboard, Arguments: Arguments{User: j.id}}
		}
	case OldToken:
		return &Call{Tool: toolOffboard, Arguments: Arguments{User: j.id, Steps: []string{partTokens}, Tokens: tokenIDs(r.oldTokens(j))}}
	case LeaverToken:
		return &Call{Tool: toolOffboard, Arguments: Arguments{User: j.id, Steps: []string{partTokens}}}
	case JoinerWithoutAccount:
		return j.provision()
	}
	return nil
}

// look gives the call that shows the account, nil where none can be named.
func (j *joined) look() *Call {
	if j.id == "" || j.id == unknownID {
		return nil
	}
	return &Call{Tool: "lookup_user", Arguments: Arguments{User: j.id}}
}

// leave takes somebody out of groups.
func leave(id string, groups []*group) *Call {
	switch ids := idsOf(groups); {
	case len(ids) == 0:
		return nil
	case len(ids) > mostGroups:
		return &Call{Tool: toolOffboard, Arguments: Arguments{User: id, Steps: []string{partSCIMGroups, partJiraGroups}}}
	default:
		return &Call{Tool: toolRemove, Arguments: Arguments{User: id, Groups: ids}}
	}
}

// provision gives access to somebody who has an account: by the e-mail that the account has, since another one might make a second account.
func (j *joined) provision() *Call {
	if j.roster == nil {
		return nil
	}
	names := []string{j.roster.name}
	if j.org != nil {
		names = append(names, j.org.name)
	}
	if j.export != nil {
		names = append(names, j.export.name)
	}
	return provision(cmp.Or(j.known().email, j.roster.main()), append(names, j.name)...)
}

// provision gives access to a person. It needs both names, which a source may write as one, either way round: the first that can be told apart is taken.
func provision(email string, names ...string) *Call {
	if email == "" {
		return nil
	}
	for _, name := range names {
		if given, family, ok := splitName(name); ok {
			return &Call{Tool: toolProvision, Arguments: Arguments{Email: email, Given: given, Family: family, DryRun: true}}
		}
	}
	return nil
}

func splitName(name string) (given, family string, ok bool) {
	if before, after, comma := strings.Cut(name, ","); comma {
		given, family = strings.TrimSpace(after), strings.TrimSpace(before)
	} else {
		given, family, _ = cutLast(strings.TrimSpace(name), " ")
	}
	return clip(given, 100), clip(family, 100), given != "" && family != ""
}
