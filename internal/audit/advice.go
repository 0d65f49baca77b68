package audit

import (
	"fmt"
	"slices"
)

// advice says what a person does about each kind of finding.
var advice = map[Code]string{
	InactiveWithGroups:   "Take the account out of its groups.",
	ActiveWithoutGroups:  "Give the person a group, or end the account.",
	HiddenEmail:          "Name the person by account id; the console's export (export_path) has every e-mail.",
	DuplicateName:        "Name each by account id or e-mail; end the one that is not needed.",
	UnknownAccount:       "Ask Atlassian support to repair the record.",
	SCIMJiraMismatch:     "Find out which side is right, and change the other at the identity provider.",
	UnmanagedExternal:    "Ask whoever works with them whether they still need access; if not, take them out of their groups.",
	ActiveLeaver:         "Check with their manager, then offboard them.",
	JoinerWithoutAccount: "Provision the person, or correct the roster.",
	DormantSeat:          "Ask the person, then take them out of the groups that grant the seat; suspending would end everything.",
	NeverActive:          "Ask the person, then take them out of the groups that grant the seat; suspending would end everything.",
	DeactivatedButActive: "Offboard them: access that should have ended has not.",
	ManagedOutsideSCIM:   "Assign the person to the Atlassian app at the identity provider.",
	OrganizationAdmin:    "Check that the person still needs the role; it is taken away in Atlassian Administration.",
	SiteAdmin:            "Check that the person still needs it.",
	AdminNotInRoster:     "Find out who this is today; take the rights away if nobody knows.",
	LeaverToken:          "Revoke the tokens.",
	OldToken:             "Ask the owner to replace the token, then revoke it.",
	DuplicateEmail:       "Find out which account is used, and end the other.",
	AppInAdminGroup:      "Check which rights the app needs; change its groups in Atlassian Administration.",
	EmptyGroup:           "Delete the group (delete_group, of the toolset admin), unless a permission scheme or an identity provider needs it.",
	EveryoneGroup:        "Check what the group may see and do: everybody can.",
	UnusedGroup:          "Look at the members; delete the group if nobody misses it.",
	SourceContradiction:  "Find out which source is right, and correct the other.",
	NotInJira:            "Nothing, unless the person should have access to this site.",

	SuspendedButActive:    "Ask whoever runs the identity provider whether they have left. If so, offboard them; if not, deactivating the account until they are back does what was meant.",
	PastLastDay:           "Ask HR, or their manager, whether they are still here. If not, offboard them; if so, correct the last day in the roster.",
	NotComparedWithRoster: "Let a source tell the e-mail: the organization's API key, or the console's export (export_path). Or write the account id into the roster.",
}

// complete adds to findings what proves them and what to do.
func (r rules) complete(j *joined, found []Finding) []Finding {
	for i := range found {
		f := &found[i]
		f.Evidence, f.Advice, f.Fix = r.evidence(j, f.Code), j.advice(f.Code), r.fix(j, f.Code, f.Severity)
		if f.Fix == nil {
			f.Look = j.look()
		}
		if f.Fix == nil && r.seats && (f.Code == DormantSeat || f.Code == NeverActive) {
			f.Advice = "Ask the person. The groups that grant the seat give more: whatever they need has to come from another group before they leave these."
		}
	}
	return found
}

// advice is that of the kind, unless more is known of this account.
func (j *joined) advice(code Code) string {
	known := j.known()
	switch {
	case code == HiddenEmail && known.source != sourceHidden:
		return "Name the person by account id, or by the e-mail that " + theSource(known.source) + " has."
	case code == NotComparedWithRoster && j.unread > 0 && known.source != sourceHidden:
		return "Correct the e-mail in that line of the roster, or write the account id into it; then audit again."
	case code == JoinerWithoutAccount && j.found:
		return "If the person should be back: restore_user where an operation here ended the account (list_operations has its id), which gives the groups back, too; " +
			"else provision_user, which reactivates it. If not, correct the roster."
	default:
		return advice[code]
	}
}

// evidence gives the facts behind a finding, each with its source.
func (r rules) evidence(j *joined, code Code) []Evidence {
	var e []Evidence
	say := func(source, fact string) { e = append(e, Evidence{source, fact}) }
	if j.id == unknownID {
		say(sourceJira, "a record without an account id")
		return e
	}
	switch code {
	case HiddenEmail, DuplicateEmail:
		if j.email == "" {
			say(sourceJira, "shows no e-mail")
		}
		for _, s := range j.emails() {
			say(s.source, clip(s.email, 254))
		}
		return e
	case DormantSeat, NeverActive:
		return append(j.evidenceOfUse(), Evidence{sourceJira, "in " + groupList(j.groups)})
	case OrganizationAdmin, SiteAdmin, AdminNotInRoster, AppInAdminGroup:
		if source, org := j.organizationAdmin(); j.org != nil && len(j.org.roles) > 0 || org && source == sourceExport {
			e = append(e, j.evidenceOfRole()...)
		}
		if g := j.adminGroups(); len(g) > 0 {
			say(sourceJira, "in "+groupList(namesOf(g)))
		}
	case LeaverToken, OldToken:
		for _, t := range j.tokens[:min(3, len(j.tokens))] { // the oldest
			say(sourceOrganization, t.describe())
		}
	case UnmanagedExternal:
		for _, s := range j.emails() {
			say(s.source, clip(s.email, 254))
		}
	}
	for _, a := range j.says() {
		say(a.source, a.words)
	}
	if j.second != nil {
		say(sourceRoster, fmt.Sprintf("line %d has the e-mail as a second one, and says %s", j.second.line, j.second.says()))
	}
	switch {
	case r.incomparable(j):
		say(sourceRoster, "no row with the account id; the others go by e-mail")
	case r.unreadable(j):
		say(sourceRoster, fmt.Sprintf("line %d has the name, and no address that can be used; no other row", j.unread))
	case r.roster && j.roster == nil && j.person():
		say(sourceRoster, "no row")
	}
	switch code {
	case InactiveWithGroups, ActiveLeaver, DeactivatedButActive, UnmanagedExternal, NotComparedWithRoster, SuspendedButActive, PastLastDay:
		say(sourceJira, inGroups(j.groups))
	case ManagedOutsideSCIM:
		say(sourceOrganization, "manages the account")
		say(sourceSCIM, "no user")
	case DuplicateName:
		say(sourceJira, "called "+clip(j.name, 80))
	case NotInJira:
		e = append(e, j.evidenceOfKnowing()...)
	case SourceContradiction:
		e = append(e, r.evidenceOfContradiction(j)...)
	}
	return e
}

// evidenceOfUse gives what each source tells of when each product of the site was used.
func (j *joined) evidenceOfUse() []Evidence {
	var e []Evidence
	tell := func(source string, uses []use) {
		for _, u := range uses {
			if fact := evidenceOf(source, u); !slices.Contains(e, fact) {
				e = append(e, fact)
			}
		}
	}
	if j.org != nil {
		tell(sourceOrganization, j.org.uses)
	}
	if tell(sourceOrganization, j.told); j.asked && len(j.told) == 0 {
		e = append(e, Evidence{sourceOrganization, "no activity on this site"})
	}
	if j.export != nil {
		tell(sourceExport, j.export.uses)
	}
	if j.org != nil && j.org.added > 0 {
		e = append(e, Evidence{sourceOrganization, "added " + day(j.org.added)})
	} else if j.export != nil && j.export.added > 0 {
		e = append(e, Evidence{sourceExport, "added " + day(j.export.added)})
	}
	return e
}

// evidenceOfKnowing names the sources that know an account without saying what may be done with it.
func (j *joined) evidenceOfKnowing() []Evidence {
	var e []Evidence
	if j.org != nil && j.org.status == "" {
		e = append(e, Evidence{sourceOrganization, "has the account"})
	}
	if j.export != nil && j.export.status == "" {
		fact := "has the account"
		if j.export.statusText != "" {
			fact += fmt.Sprintf(", as %q", clip(j.export.statusText, 40))
		}
		e = append(e, Evidence{sourceExport, fact})
	}
	if j.org == nil && len(j.tokens) > 0 {
		e = append(e, Evidence{sourceOrganization, j.tokens[0].describe()})
	}
	return e
}

func (t token) describe() string {
	s := "token " + clip(t.label, 40)
	for _, at := range [...]struct {
		word string
		at   int64
	}{{"made", t.created}, {"last used", t.lastUse}, {"expires", t.expires}} {
		if at.at > 0 {
			s += ", " + at.word + " " + day(at.at)
		}
	}
	return s
}
