package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A person's name is not compared: Jira shows the public name, which its owner chooses, and the other sources the full one, in either order, so that most
// differences are none. Neither are the groups of the export: it has names alone, those of other sites among them.

// contradictions adds where sources disagree about one fact, beside what SCIM and Jira disagree about, which has a kind of its own.
func (r rules) contradictions(j *joined, add adder) {
	if !j.person() {
		return
	}
	var about []string
	if differ(j.emails()) || j.rosterDiffers() {
		about = append(about, "the e-mail")
	}
	if r.accessDiffers(j) {
		about = append(about, "whether the account is active")
	}
	if more, fewer := j.groupsDiffer(); len(more)+len(fewer) > 0 {
		about = append(about, "groups")
	}
	if len(r.activityDiffers(j)) > 0 {
		about = append(about, "the last activity")
	}
	if j.adminDiffers() {
		about = append(about, "whether the person is an organization admin")
	}
	if j.torn != nil {
		about = append(about, fmt.Sprintf("whose line %d of the roster is", j.torn.line))
	}
	severity, said := Low, r.oddRows(j)
	if len(said) > 0 {
		severity = Medium
	}
	if len(about) > 0 {
		said = append(said, "The sources disagree about "+strings.Join(about, " and ")+".")
	}
	if len(said) > 0 {
		add(SourceContradiction, severity, "%s", strings.Join(said, " "))
	}
}

// oddRows says what is odd about the rows of the roster that name somebody with an active account: that there is none but one of somebody else, or that of two one has left.
func (r rules) oddRows(j *joined) (said []string) {
	if !r.roster || !j.active || j.roster == nil || j.roster.torn {
		return nil
	}
	if j.roster.elsewhere && !j.roster.gone() {
		said = append(said, fmt.Sprintf("In no row of its own; only a further address of the row of %s, line %d, who has another account.", j.roster.called(), j.roster.line))
	}
	if f := j.former; j.cameBack() {
		said = append(said, fmt.Sprintf("Two rows of the roster have the account: line %d (%s) says %s, and line %d (%s) says %s.",
			j.roster.line, j.roster.called(), j.roster.says(), f.line, f.called(), f.says()))
	}
	return said
}

// cameBack reports whether one of two rows that are as much somebody's says that they have left, and the other that they have not: after a second employment, or
// since the address was given on.
func (j *joined) cameBack() bool {
	return j.former != nil && j.roster != nil && !j.roster.second && !j.roster.torn && !j.roster.gone() && (j.torn == nil || j.torn.line != j.former.line)
}

// called names the person of a row.
func (u listed) called() string { return clip(cmp.Or(u.name, u.main(), u.id), 80) }

// rosterDiffers reports whether a row of the roster has somebody's account id, and e-mails none of which any source shows as theirs.
func (j *joined) rosterDiffers() bool {
	return j.roster != nil && j.torn == nil && j.roster.id == j.id && j.roster.own > 0 && len(j.emails()) > 0 &&
		!slices.ContainsFunc(j.addresses(), func(a string) bool { return slices.Contains(j.roster.emails, a) })
}

func differ(all []shown) bool {
	return len(all) > 1 && slices.ContainsFunc(all[1:], func(s shown) bool { return foldEmail(s.email) != foldEmail(all[0].email) })
}

// accessDiffers compares Jira with the organization and the export. A suspended person's account is active, and so are those of people who were not invited.
func (r rules) accessDiffers(j *joined) bool {
	if j.org != nil && !j.active && j.org.status == statusActive {
		return true
	}
	if j.export == nil || j.export.status == "" {
		return false
	}
	return j.active != j.export.may() && (!j.active || j.export.ended())
}

// groupsDiffer gives the groups of Jira in which only the organization, and only Jira, has somebody.
func (j *joined) groupsDiffer() (more, fewer []int) {
	if j.org == nil || j.org.groups == nil {
		return nil, nil
	}
	for _, n := range j.org.groups {
		if !slices.Contains(j.numbers, n) {
			more = append(more, n)
		}
	}
	for _, n := range j.numbers {
		if !slices.Contains(j.org.groups, n) {
			fewer = append(fewer, n)
		}
	}
	return more, fewer
}

// aFewDays is how far apart two sources may be about the last activity: both are up to a day late, and the export has days alone.
const aFewDays = 3 * 24 * 60 * 60

// activityDiffers gives when the organization and the export say that a product was last used, where they can't both be right. The later one decides whether a
// seat is dormant, so that nobody looks idle who may not be. An export that was made before somebody came again says nothing wrong.
func (r rules) activityDiffers(j *joined) []Evidence {
	if j.org == nil || j.export == nil {
		return nil
	}
	var e []Evidence
	for _, u := range j.export.uses {
		at, known := j.organizationSaw(u.product)
		later := u.product != "" && u.at > at+aFewDays // the account as a whole may have been used on another site
		earlier := at > u.at+aFewDays && at <= r.exported
		if known && (later || earlier) {
			e = append(e, evidenceOf(sourceOrganization, use{u.product, at}), evidenceOf(sourceExport, u))
		}
	}
	return e
}

// organizationSaw is when, by the organization, somebody last used a product of this site.
func (j *joined) organizationSaw(product string) (at int64, known bool) {
	for _, uses := range [...][]use{j.org.uses, j.told} {
		for _, u := range uses {
			if product == "" || family(u.product) == family(product) {
				at, known = max(at, u.at), true
			}
		}
	}
	return at, known || j.asked && slices.Contains(j.seats(), product)
}

// family gives one name to the products that the export has in one column, Jira.
func family(product string) string {
	if product == "jira-core" {
		return "jira-software"
	}
	return product
}

func evidenceOf(source string, u use) Evidence {
	when := "never used"
	if u.at > 0 {
		when = day(u.at)
	}
	return Evidence{source, cmp.Or(called(u.product), "the site") + ": " + when}
}

// adminDiffers reports whether one of the organization and the export calls somebody an admin of the organization, and the other doesn't. A role that is not
// understood says nothing.
func (j *joined) adminDiffers() bool {
	if j.org == nil || j.export == nil {
		return false
	}
	if j.role(roleOrgAdmin) {
		return strings.EqualFold(strings.TrimSpace(j.export.role), "user")
	}
	return j.export.orgAdmin()
}

// organizationAdmin reports whether somebody is an admin of the organization, and by which source. The export's word counts where the organization gives none.
func (j *joined) organizationAdmin() (source string, is bool) {
	switch {
	case j.org != nil:
		return sourceOrganization, j.role(roleOrgAdmin)
	case j.export != nil:
		return sourceExport, j.export.orgAdmin()
	default:
		return "", false
	}
}

// orgAdmin reports whether the export calls somebody an admin of the organization.
func (u exported) orgAdmin() bool {
	for role := range strings.FieldsFuncSeq(u.role, func(r rune) bool { return r == ',' || r == ';' }) {
		switch strings.ToLower(strings.TrimSpace(role)) {
		case "organization admin", "organisation admin", "organization administrator", "organisation administrator", "org admin", roleOrgAdmin:
			return true
		}
	}
	return false
}

// evidenceOfRole gives the organization's and the export's word on who is an admin of the organization.
func (j *joined) evidenceOfRole() []Evidence {
	var e []Evidence
	if j.org != nil {
		fact := "no role in the organization"
		if len(j.org.roles) > 0 {
			fact = "roles " + strings.Join(j.org.roles, ", ")
		}
		e = append(e, Evidence{sourceOrganization, fact})
	}
	if j.export != nil && j.export.role != "" {
		e = append(e, Evidence{sourceExport, "role " + clip(j.export.role, 80)})
	}
	return e
}

// evidenceOfContradiction gives what each source says of what they disagree about, beside whether the account is active.
func (r rules) evidenceOfContradiction(j *joined) []Evidence {
	var e []Evidence
	if all := j.emails(); differ(all) || j.rosterDiffers() || j.torn != nil {
		for _, s := range all {
			e = append(e, Evidence{s.source, clip(s.email, 254)})
		}
	}
	if j.rosterDiffers() {
		e = append(e, Evidence{sourceRoster, fmt.Sprintf("%s (line %d, which has the account id)", clip(j.roster.main(), 254), j.roster.line)})
	}
	if j.torn != nil {
		e = append(e, Evidence{sourceRoster, fmt.Sprintf("line %d has the account id %s and the e-mail %s: %s", j.torn.line, j.torn.id, clip(j.torn.main(), 254), j.torn.says())})
	}
	if f := j.former; j.cameBack() {
		e = append(e, Evidence{sourceRoster, fmt.Sprintf("line %d says %s", f.line, f.says())})
	}
	e = append(e, r.activityDiffers(j)...)
	if j.adminDiffers() {
		e = append(e, j.evidenceOfRole()...)
	}
	return e
}
