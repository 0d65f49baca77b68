package audit

import (
	"fmt"
	"strings"
)

// whoShouldBeHere compares an account with the roster and with what ends accounts.
func (r rules) whoShouldBeHere(j *joined, add adder) {
	if !j.person() {
		return
	}
	if why, external := r.leaver(j); why != "" {
		severity := High
		if external {
			severity = Medium
		}
		add(ActiveLeaver, severity, "%s, but the account is active in Jira and %s.", why, inGroups(j.groups))
	}
	if j.active && r.incomparable(j) {
		severity, what := Low, "active"
		if j.admin() {
			severity, what = Medium, "an administrator's"
		}
		add(NotComparedWithRoster, severity, "Nobody can tell whether the roster has this person: it goes by e-mail, and no source that is configured knows that of the account, which is %s and %s.",
			what, inGroups(j.groups))
	}
	if j.active && r.unreadable(j) {
		severity, what := Low, "active"
		if j.admin() {
			severity, what = Medium, "an administrator's"
		}
		add(NotComparedWithRoster, severity, "Line %d of the roster has the person's name, and nothing in it tells the account: no other row has the account, which is %s and %s.",
			j.unread, what, inGroups(j.groups))
	}
	if r.roster && j.active && j.roster != nil && j.roster.suspended() {
		tokens := ""
		if len(j.tokens) > 0 {
			tokens = ", and " + tokenList(j.tokens, "may still be used")
		}
		add(SuspendedButActive, Medium, "The roster says %s (%s): the person may not sign in there, but the account is active in Jira and %s%s.",
			j.roster.says(), j.listedAt(), inGroups(j.groups), tokens)
	}
	if r.roster && j.active && j.roster != nil && j.roster.over && !j.roster.torn && !j.roster.elsewhere {
		add(PastLastDay, Medium, "The roster says %s (%s). The account is active in Jira and %s.", j.roster.says(), j.listedAt(), inGroups(j.groups))
	}
	if r.roster && j.roster != nil && j.roster.expected() && !j.active {
		add(JoinerWithoutAccount, Low, "The roster has this person (line %d), but the account is inactive.", j.roster.line)
	}
	if j.active {
		switch u := j.scimUser(); {
		case j.org != nil && (j.org.status == statusDeactivated || j.org.status == statusForDeletion):
			add(DeactivatedButActive, High, "The organization has the account as %s, but it is still active in Jira and %s.", j.org.status, inGroups(j.groups))
		case r.scim && u != nil && !u.active:
			add(DeactivatedButActive, High, "SCIM user %s is deactivated, but the account is still active in Jira and %s.", u.id, inGroups(j.groups))
		}
	}
	if r.scim && j.org != nil && j.org.managed && j.active && len(j.scim) == 0 {
		add(ManagedOutsideSCIM, Low, "The organization manages the account, but no SCIM user holds it: the identity provider won't end its access.")
	}
}

// leaver says why somebody with an active account should not have one any more, "" where they should. External people may not be on a roster of the organization's own.
func (r rules) leaver(j *joined) (why string, external bool) {
	if !j.active {
		return "", false
	}
	return r.left(j)
}

// left is leaver, whether or not the account is active.
func (r rules) left(j *joined) (why string, external bool) {
	if !r.roster || !j.person() {
		return "", false
	}
	switch {
	case r.incomparable(j) || r.unreadable(j):
		return "", false
	case j.roster == nil:
		d := domainOf(j.known().email)
		external = d != "" && !r.domains.empty() && !r.domains.has(d)
		return "In no row of the roster", external
	case j.roster.gone():
		return fmt.Sprintf("The roster says %s (%s)", j.roster.says(), j.listedAt()), false
	default:
		return "", false
	}
}

// incomparable reports whether nobody can say if the roster has the person: it goes by e-mail, and no source knows the one of the account.
func (r rules) incomparable(j *joined) bool {
	return r.roster && r.byEmail && j.person() && j.roster == nil && j.known().source == sourceHidden
}

// unreadable reports whether no row has the person but one with their name, whose address can't be used.
func (r rules) unreadable(j *joined) bool {
	return r.roster && j.person() && j.roster == nil && j.unread > 0 && !r.incomparable(j)
}

// listedAt says where the roster has somebody.
func (j *joined) listedAt() string {
	line := fmt.Sprintf("line %d", j.roster.line)
	if j.second != nil {
		line += fmt.Sprintf("; line %d, somebody else's, has the e-mail as a second one", j.second.line)
	}
	return line
}

// says gives the roster's word on a person.
func (u listed) says() string {
	words := string(u.status)
	if u.statusText != "" && !strings.EqualFold(u.statusText, words) {
		words = fmt.Sprintf("%s (%q)", words, clip(u.statusText, 40))
	}
	switch {
	case u.over && u.since > 0:
		words += ", although the last day, " + day(u.since) + ", is over"
	case u.over:
		words += ", although the last day is over"
	case u.gone() && u.since > 0:
		words += " on " + day(u.since)
	case u.leaving && u.since > 0:
		words += ", leaves on " + day(u.since)
	case u.leaving:
		words += ", leaves on a day that is yet to come"
	}
	if u.torn {
		words += ", in a row whose account id and e-mail are two people's"
	}
	if u.elsewhere {
		words += ", in the row of somebody who has another account"
	}
	return words
}

// whoIsNotUsingIt judges seats that nobody uses.
func (r rules) whoIsNotUsingIt(j *joined, add adder) {
	if r.cutoff == 0 || !j.active || !j.person() || j.added() >= r.cutoff {
		return
	}
	if j.org != nil && j.org.status != "" && j.org.status != statusActive {
		return // without access already, and without a seat
	}
	held := j.seats()
	if !r.seats {
		r.withoutSeats(j, add)
		return
	}
	if len(held) == 0 {
		return
	}
	switch i := j.idleSeats(r.cutoff); {
	case i.never:
		add(NeverActive, Medium, "Holds a seat of %s through %s, and never used a product of this site.%s",
			called(held...), groupList(namesOf(j.granting(held))), j.kept(held, r.cutoff))
	case len(i.dormant) > 0:
		when := "never used it"
		if i.since.at > 0 {
			when = fmt.Sprintf("last used it on %s: not within %d days", day(i.since.at), r.window)
		}
		add(DormantSeat, Medium, "Holds a seat of %s through %s, and %s.%s", called(i.dormant...), groupList(namesOf(j.granting(i.dormant))), when, j.kept(i.dormant, r.cutoff))
	}
}

// withoutSeats judges where it is not known which groups grant a seat: any group may.
func (r rules) withoutSeats(j *joined, add adder) {
	last, known := j.lastActive()
	switch {
	case !known || last.at >= r.cutoff || len(j.groups) == 0:
	case last.at == 0:
		add(NeverActive, Medium, "In %s, one of which may grant a seat, and never used a product of this site.", groupList(j.groups))
	default:
		add(DormantSeat, Medium, "In %s, one of which may grant a seat, and last active on %s: not within %d days.", groupList(j.groups), day(last.at), r.window)
	}
}

// whoHasPower judges administrators.
func (r rules) whoHasPower(j *joined, add adder) {
	if !j.active {
		return
	}
	admins := j.adminGroups()
	if j.kind == typeApp && len(admins) > 0 {
		add(AppInAdminGroup, Medium, "An app or service account in %s: whoever holds its credential administers the site.", groupList(namesOf(admins)))
	}
	if !j.person() {
		return
	}
	source, org := j.organizationAdmin()
	switch {
	case org && source == sourceExport:
		add(OrganizationAdmin, Info, "An organization admin by the export, who can do everything on every site.")
	case org:
		add(OrganizationAdmin, Info, "An organization admin, who can do everything on every site.")
	}
	site := j.role(roleSiteAdmin) || len(admins) > 0
	if site {
		through := "by a role of the organization"
		if len(admins) > 0 {
			through = "through " + groupList(namesOf(admins))
		}
		add(SiteAdmin, Info, "An administrator of the site, %s.", through)
	}
	if r.roster && j.roster == nil && (org || site) && !r.incomparable(j) && !r.unreadable(j) {
		add(AdminNotInRoster, High, "An administrator who is in no row of the roster.")
	}
}

// Roles of the organization.
const (
	roleOrgAdmin  = "atlassian/org-admin"
	roleSiteAdmin = "atlassian/site-admin"
)

// oldToken is the age at which an API token is old: Atlassian lets new ones live no longer.
const oldToken = 365 * 24 * 60 * 60

// tokens judges the API tokens that may be used. One judges only what the organization lists: tokens of managed accounts.
func (r rules) tokens(j *joined, add adder) {
	if len(j.tokens) == 0 {
		return
	}
	ended := ""
	switch why, _ := r.left(j); {
	case why != "":
		ended = why
	case j.found && !j.active:
		ended = "The account is inactive"
	case j.org != nil && j.org.status != "" && j.org.status != statusActive && j.org.status != statusNotInvited:
		ended = "The organization has the account as " + j.org.status
	}
	if ended != "" {
		add(LeaverToken, High, "%s, but %s.", ended, tokenList(j.tokens, "may still be used"))
		return
	}
	if old := r.oldTokens(j); len(old) > 0 {
		list := tokenList(old, "may be used")
		add(OldToken, Low, "%s: made on %s, more than a year ago.", strings.ToUpper(list[:1])+list[1:], day(old[0].created))
	}
}

// oldTokens are the first 50 of an account's tokens that are old, the oldest first.
func (r rules) oldTokens(j *joined) []token {
	const most = 50
	var old []token
	for _, t := range j.tokens {
		if t.created > 0 && r.now-t.created > oldToken && len(old) < most {
			old = append(old, t)
		}
	}
	return old
}

func tokenIDs(tokens []token) []string {
	ids := make([]string, len(tokens))
	for i, t := range tokens {
		ids[i] = t.id
	}
	return ids
}

// tokenList names up to three tokens.
func tokenList(tokens []token, may string) string {
	const most = 3
	var labels []string
	for _, t := range tokens[:min(most, len(tokens))] {
		labels = append(labels, fmt.Sprintf("%q", clip(t.label, 40)))
	}
	if more := len(tokens) - len(labels); more > 0 {
		labels = append(labels, fmt.Sprintf("%d more", more))
	}
	noun := "an API token"
	if len(tokens) > 1 {
		noun = fmt.Sprintf("%d API tokens", len(tokens))
	}
	return fmt.Sprintf("%s %s (%s)", noun, may, strings.Join(labels, ", "))
}

func inGroups(names []string) string {
	if len(names) == 0 {
		return "in no group"
	}
	return "in " + groupList(names)
}

// scimUser gives the SCIM user that decides, or nil.
func (j *joined) scimUser() *scimUser {
	if len(j.scim) == 0 {
		return nil
	}
	u := j.provisioned()
	return &u
}

// elsewhere judges what other sources know of an account that Jira does not list. What SCIM alone knows has a finding of its own.
func (r rules) elsewhere(j *joined) (found []Finding) {
	add := func(code Code, s Severity, format string, args ...any) {
		found = append(found, Finding{Code: code, Severity: s, AccountID: j.id, Name: clip(j.name, 80), Detail: fmt.Sprintf(format, args...)})
	}
	switch {
	case j.org != nil:
		j.name = j.org.name
	case j.export != nil:
		j.name = j.export.name
	case j.roster != nil:
		j.name = j.roster.name
	}
	switch {
	case j.id == unknownID || j.org == nil && j.export == nil && j.roster == nil && len(j.tokens) == 0:
		return nil
	case j.roster != nil && j.roster.expected():
		add(JoinerWithoutAccount, Medium, "The roster has this person (line %d), but Jira does not list the account: no access to this site.", j.roster.line)
	default:
		add(NotInJira, Info, "Jira does not list the account, known from %s: it may have access to other sites only.", j.knownFrom())
	}
	r.tokens(j, add)
	return r.complete(j, found)
}

// knownFrom names the sources that know somebody within a sentence.
func (j *joined) knownFrom() string {
	names := j.sources()
	for i, n := range names {
		names[i] = theSource(n)
	}
	if len(names) == 0 {
		return "the organization's API tokens"
	}
	return strings.Join(names, " and ")
}
