package audit

import (
	"fmt"
	"slices"
	"strings"
)

// rules say what can be judged. The zero value judges what Jira alone tells.
type rules struct {
	scim, organization, export, roster bool // which sources were read

	byEmail  bool    // rows of the roster go by e-mail: an account whose e-mail nobody knows can't be told from any of them
	domains  domains // of the organization
	now      int64
	window   int   // days
	exported int64 // the latest day that the export has: it was not made before
	cutoff   int64 // when the window began; 0 = no source tells of activity
	seats    bool  // it is known which groups grant a seat
}

// sources tells which sources were read.
func (r rules) sources() map[string]bool {
	return map[string]bool{
		sourceJira: true, sourceSCIM: r.scim, sourceOrganization: r.organization, sourceExport: r.export, sourceRoster: r.roster,
	}
}

// judge gives the findings on one account, each code at most once.
func (r rules) judge(j joined) (f []Finding) {
	add := func(code Code, s Severity, format string, args ...any) {
		f = append(f, Finding{Code: code, Severity: s, AccountID: j.id, Name: clip(j.name, 80), Detail: fmt.Sprintf(format, args...)})
	}
	defer func() { f = r.complete(&j, f) }()
	if j.email == "" {
		switch known := j.known(); known.source {
		case sourceHidden:
			add(HiddenEmail, Info, "Jira hides the e-mail, and no other source that is configured knows it.")
		default:
			add(HiddenEmail, Info, "Jira hides the e-mail; %s knows it.", theSource(known.source))
		}
	}
	if j.id == unknownID {
		// Groups, SCIM and names can't be told for a record that shares its id with others.
		add(UnknownAccount, Medium, "Jira has a corrupted record without an account id; nothing can be changed on it. Atlassian support can repair it.")
		return f
	}
	if j.kind == typeUnknown {
		add(UnknownAccount, Low, "Jira does not say what type of account this is.")
	}
	if r.scim && len(j.scim) > 0 {
		r.compare(j, add)
	}
	if !j.active && len(j.groups) > 0 {
		// Medium, not high: nobody gets in now. But it all comes back with a reactivation, which a directory's sync does by itself.
		add(InactiveWithGroups, Medium, "Inactive, but still in %s: reactivating the account brings that access back.", groupList(j.groups))
	}
	if j.active && j.kind == typeAtlassian {
		if len(j.groups) == 0 {
			add(ActiveWithoutGroups, Low, "Active, but in no group, so no group gives it access to a product.")
		}
		if d := domainOf(j.email); d != "" && len(j.scim) == 0 && !r.domains.empty() && !r.domains.has(d) {
			r.external(j, d, add)
		}
		if j.same.count > 1 {
			add(DuplicateName, Low, "%s active accounts are called %q, among them %s: name them by account id or e-mail.",
				j.same.number(), clip(j.name, 80), strings.Join(j.same.others, ", "))
		}
	}
	if j.person() && j.twins.count > 1 {
		add(DuplicateEmail, Medium, "%s accounts go by one e-mail, among them %s: one of them may be forgotten when the person leaves.",
			j.twins.number(), strings.Join(j.twins.others, ", "))
	}
	r.whoShouldBeHere(&j, add)
	r.whoIsNotUsingIt(&j, add)
	r.whoHasPower(&j, add)
	r.tokens(&j, add)
	r.contradictions(&j, add)
	return f
}

type adder func(code Code, s Severity, format string, args ...any)

// compare adds where SCIM and Jira disagree.
func (r rules) compare(j joined, add adder) {
	u := j.provisioned()
	twice := ""
	if len(j.scim) > 1 {
		twice = fmt.Sprintf(" %d SCIM users hold this account.", len(j.scim))
	}
	switch {
	case j.active && !u.active:
		add(SCIMJiraMismatch, High, "SCIM user %s is inactive, but the account is still active in Jira.%s", u.id, twice)
	case !j.active && u.active:
		add(SCIMJiraMismatch, Medium, "SCIM user %s is active, but the account is inactive in Jira; the next sync may reactivate it.%s", u.id, twice)
	case twice != "":
		add(SCIMJiraMismatch, Medium, "%s Deactivating one of them may not end the access.", strings.TrimSpace(twice))
	}
}

// external adds an active account of another domain that no SCIM user holds.
func (r rules) external(j joined, domain string, add adder) {
	severity, access := Medium, "in "+groupList(j.groups)
	if len(j.groups) == 0 {
		severity, access = Low, "in no group"
	}
	why := "no SCIM user holds the account"
	if !r.scim {
		why = "no SCIM directory is configured"
	}
	add(UnmanagedExternal, severity, "Active with an address at %s, which is not a domain of the organization, and %s: ending access takes a change in Jira. It is %s.",
		domain, why, access)
}

// orphan judges a SCIM user whose account Jira does not list.
func orphan(u scimUser) Finding {
	f := Finding{Code: SCIMJiraMismatch, Severity: Low, AccountID: u.accountID, Name: u.userName}
	if u.active {
		f.Detail = fmt.Sprintf("SCIM user %s is active, but Jira does not list its account: it may have no access to this site.", u.id)
	} else {
		f.Severity = Info
		f.Detail = fmt.Sprintf("SCIM user %s is inactive, and Jira does not list its account.", u.id)
	}
	return f
}

// unlinked judges a SCIM user without an account id whose e-mail that many accounts in Jira show.
func unlinked(u scimUser, matches int) Finding {
	f := Finding{Code: SCIMJiraMismatch, Severity: Low, Name: u.userName}
	if matches == 0 {
		f.Detail = fmt.Sprintf("SCIM user %s has no account id yet, and no account in Jira shows its e-mail: it may be new, or Jira may hide the e-mail.", u.id)
	} else {
		f.Detail = fmt.Sprintf("SCIM user %s has no account id yet, and %d accounts in Jira show its e-mail.", u.id, matches)
	}
	return f
}

// provisioned gives the SCIM user that decides: an active one if there is one.
func (j joined) provisioned() scimUser {
	if i := slices.IndexFunc(j.scim, func(u scimUser) bool { return u.active }); i >= 0 {
		return j.scim[i]
	}
	return j.scim[0]
}

func (j joined) scimEmail() string {
	if len(j.scim) == 0 {
		return ""
	}
	return j.provisioned().address()
}

func (n sameName) number() string {
	if n.count > maxSameName {
		return fmt.Sprintf("More than %d", maxSameName)
	}
	return fmt.Sprint(n.count)
}

// groupList names up to three groups.
func groupList(names []string) string {
	const most = 3
	quoted := make([]string, 0, most)
	for _, n := range names[:min(most, len(names))] {
		quoted = append(quoted, fmt.Sprintf("%q", clip(n, 60)))
	}
	list := strings.Join(quoted, ", ")
	switch more := len(names) - len(quoted); {
	case more > 0:
		return fmt.Sprintf("%d groups (%s and %d more)", len(names), list, more)
	case len(names) == 1:
		return "the group " + list
	default:
		return fmt.Sprintf("%d groups (%s)", len(names), list)
	}
}
