package audit

import "slices"

// The sources of facts. One of an e-mail may also be hidden: no source shows it.
const (
	sourceJira         = "jira"
	sourceSCIM         = "scim"
	sourceOrganization = "organization"
	sourceExport       = "export"
	sourceRoster       = "roster"
	sourceHidden       = "hidden"
)

// theSource names a source within a sentence.
func theSource(name string) string {
	switch name {
	case sourceJira:
		return "Jira"
	case sourceSCIM:
		return "the SCIM directory"
	default:
		return "the " + name
	}
}

// What the organization says of a person, see orgUser.status.
const (
	statusActive      = "active"
	statusSuspended   = "suspended"
	statusNotInvited  = "not_invited"
	statusDeactivated = "deactivated"
	statusForDeletion = "for_deletion"
)

// sources gives the names of the sources that know somebody, in a fixed order.
func (j *joined) sources() []string {
	var names []string
	for _, s := range [...]struct {
		knows bool
		name  string
	}{
		{j.found, sourceJira},
		{len(j.scim) > 0, sourceSCIM},
		{j.org != nil, sourceOrganization},
		{j.export != nil, sourceExport},
		{j.roster != nil, sourceRoster},
	} {
		if s.knows {
			names = append(names, s.name)
		}
	}
	return names
}

// shown is an e-mail and the source that shows it.
type shown struct{ source, email string }

// emails gives what each source shows as somebody's e-mail, in a fixed order: the first is the one that a row has.
func (j *joined) emails() []shown {
	var all []shown
	add := func(source, email string) {
		if email != "" {
			all = append(all, shown{source, email})
		}
	}
	add(sourceJira, j.email)
	add(sourceSCIM, j.scimEmail())
	if j.org != nil {
		add(sourceOrganization, j.org.email)
	}
	if j.export != nil {
		add(sourceExport, j.export.email)
	}
	return all
}

// known gives somebody's e-mail, and where it comes from.
func (j *joined) known() shown {
	if all := j.emails(); len(all) > 0 {
		return all[0]
	}
	return shown{source: sourceHidden}
}

// access is what a source says about whether somebody may sign in here.
type access struct {
	source string
	may    bool
	words  string
}

// says gives what each source says about somebody's access, in a fixed order. A source that says nothing is left out.
func (j *joined) says() []access {
	var all []access
	if j.found {
		all = append(all, access{sourceJira, j.active, activeWord(j.active)})
	} else {
		all = append(all, access{sourceJira, false, "does not list the account"})
	}
	if len(j.scim) > 0 {
		u := j.provisioned()
		all = append(all, access{sourceSCIM, u.active, activeWord(u.active) + " (SCIM user " + u.id + ")"})
	}
	if j.org != nil && j.org.status != "" {
		words := j.org.status
		if j.org.deactivated > 0 && j.org.status != statusActive {
			words += " since " + day(j.org.deactivated)
		}
		all = append(all, access{sourceOrganization, j.org.status == statusActive, words})
	}
	if j.export != nil && j.export.status != "" {
		all = append(all, access{sourceExport, j.export.may(), string(j.export.status)})
	}
	if j.roster != nil {
		all = append(all, access{sourceRoster, j.roster.expected() || j.roster.leaving, j.roster.says()})
	}
	return all
}

func activeWord(active bool) string {
	if active {
		return "active"
	}
	return "inactive"
}

// adminGroups gives the groups that make administrators.
func (j *joined) adminGroups() []*group {
	var groups []*group
	for _, g := range j.in {
		if g.admin {
			groups = append(groups, g)
		}
	}
	return groups
}

// admin reports whether a group or a role makes somebody an administrator.
func (j *joined) admin() bool {
	_, org := j.organizationAdmin()
	return org || j.role(roleSiteAdmin) || len(j.adminGroups()) > 0
}

// role reports whether the organization gives somebody the role.
func (j *joined) role(name string) bool { return j.org != nil && slices.Contains(j.org.roles, name) }
