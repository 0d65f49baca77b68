package audit

import (
	"slices"
	"strings"
)

// never is the day of the last activity of somebody who had none.
const never = "never"

// row gives the report's row of an account, without its findings: Jira's word first, and what each other source says under its name.
func (j *joined) row() Row {
	email := j.known()
	r := Row{
		AccountID: j.id, DisplayName: j.name, Email: email.email, EmailSource: email.source, AccountType: j.kind, Active: j.active,
		Groups: j.groups, GroupCount: len(j.groups), Findings: []Code{},
		OtherEmails: j.otherEmails(), Sources: j.sources(), Seats: j.seats(), Admin: j.admin(),
	}
	if u := j.scimUser(); u != nil {
		r.SCIM = &SCIMRef{ID: u.id, UserName: u.userName, Active: u.active}
	}
	if last, known := j.lastActive(); known {
		r.LastActive, r.LastActiveSource = never, last.source
		if last.at > 0 {
			r.LastActive = day(last.at)
		}
	}
	if o := j.org; o != nil {
		r.Organization = &OrganizationRef{
			Name: o.name, Email: o.email, Status: o.status, Managed: o.managed, Source: o.source, Roles: o.roles, Added: dayOrNone(o.added), APITokens: len(j.tokens),
		}
	}
	if e := j.export; e != nil {
		r.Export = &ExportRef{Name: e.name, Email: e.email, Status: string(e.status), Role: e.role}
	}
	if u := j.roster; u != nil {
		r.Roster = &RosterRef{Line: u.line, Name: u.name, Email: u.main(), Status: string(u.status)}
		if u.gone() {
			r.Roster.Left = dayOrNone(u.since)
		}
	}
	return r
}

// otherEmails gives every address of somebody but the one that the row has, folded: also those that a SCIM user signs in with, and a roster's second ones.
func (j *joined) otherEmails() []string {
	all := j.addresses()
	if j.roster != nil && !j.roster.torn && !j.roster.elsewhere {
		all = append(all, j.roster.emails...)
	}
	main, others := foldEmail(j.known().email), []string(nil)
	for _, email := range all {
		if email != main && strings.Contains(email, "@") && !slices.Contains(others, email) {
			others = append(others, email)
		}
	}
	return others
}

// addresses gives, folded, every e-mail that a source beside the roster has of somebody, and what SCIM users sign in with.
func (j *joined) addresses() []string {
	var all []string
	for _, s := range j.emails() {
		all = append(all, foldEmail(s.email))
	}
	for _, u := range j.scim {
		all = append(all, foldEmail(u.userName), foldEmail(u.email))
	}
	return all
}

func dayOrNone(at int64) string {
	if at == 0 {
		return ""
	}
	return day(at)
}
