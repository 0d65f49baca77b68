package sandbox

import "time"

// The seeded people and groups: always there, with the same account and group ids whatever the seed and the size. (Ids of SCIM users, and of
// what is generated, follow the seed.)

// fixedSeed makes the ids of what is seeded.
const fixedSeed = 0x5eed

// unknownID is the account id that a corrupted record has.
const unknownID = "unknown"

// Indexes of the seeded groups.
const (
	groupSiteAdmins = iota
	groupJiraAdmins
	groupBreakGlass
	groupSoftware
	groupServiceDesk
	groupWorkManagement
	groupDiscovery
	groupConfluence
	groupReleaseManagers
	groupPartners
	groupEngineering
	groupContractors
	groupContractorsSCIM
	groupFinance
	seededGroupCount
)

var seededGroups = [seededGroupCount]struct {
	name, access, product string
	scim                  bool
}{
	groupSiteAdmins:      {name: "site-admins", access: "site-admin"},
	groupJiraAdmins:      {name: "jira-administrators", access: "admin"},
	groupBreakGlass:      {name: "break-glass-admins", access: "site-admin"},
	groupSoftware:        {name: "jira-software-users", access: "user", product: "jira-software"},
	groupServiceDesk:     {name: "jira-servicemanagement-users", access: "user", product: "jira-servicedesk"},
	groupWorkManagement:  {name: "jira-workmanagement-users", access: "user", product: "jira-core"},
	groupDiscovery:       {name: "jira-product-discovery-users", access: "user", product: "jira-product-discovery"},
	groupConfluence:      {name: "confluence-users"},
	groupReleaseManagers: {name: "release-managers"},
	groupPartners:        {name: "partners"},
	groupEngineering:     {name: "engineering", scim: true},
	// Jira knows two groups by the name contractors: its own, and the one that SCIM brought.
	groupContractors:     {name: "contractors"},
	groupContractorsSCIM: {name: "contractors", scim: true},
	groupFinance:         {name: "finance", scim: true},
}

// person is a seeded account. The zero value of a field is the usual case.
type person struct {
	email, given, family string
	kind, appType        string // "" is typeAtlassian
	privacy              privacy
	inactive, outside    bool // outside: the account exists, but was never let into the site
	managed, scim        bool
	title, department    string
	groups               []int
}

const (
	adminEmail    = "admin@example.com"
	projectsEmail = "paul.projects@example.com"
	viewerEmail   = "vera.viewer@example.com"
	blindEmail    = "nora.nobrowse@example.com"
)

var seededPeople = append([]person{
	{email: adminEmail, given: "Avery", family: "Admin", managed: true, groups: []int{groupSiteAdmins, groupJiraAdmins, groupSoftware}},
	{email: "dana.admin@example.com", given: "Dana", family: "Admin", scim: true, title: "IT Lead", department: "Operations", groups: []int{groupSiteAdmins, groupJiraAdmins, groupBreakGlass, groupSoftware}},
	{email: "boris.backup@example.com", given: "Boris", family: "Backup", scim: true, title: "IT Engineer", department: "Operations", groups: []int{groupSiteAdmins, groupSoftware}},
	{email: projectsEmail, given: "Paul", family: "Projects", managed: true, groups: []int{groupJiraAdmins, groupSoftware}},
	{email: viewerEmail, given: "Vera", family: "Viewer", managed: true, groups: []int{groupSoftware}},
	{email: blindEmail, given: "Nora", family: "Nobrowse", managed: true, groups: []int{groupSoftware}},
	{email: "jane.doe@example.com", given: "Jane", family: "Doe", scim: true, title: "Senior Engineer", department: "Engineering", groups: []int{groupSoftware, groupEngineering, groupReleaseManagers, groupConfluence}},
	{email: "sam.partner@partner.example", given: "Sam", family: "Partner", groups: []int{groupSoftware, groupPartners}},
	{email: "max.manager@example.com", given: "Max", family: "Manager", managed: true, groups: []int{groupSoftware, groupReleaseManagers, groupContractors}},
	{email: "petra.private@example.com", given: "Petra", family: "Private", scim: true, privacy: emailAbsent, title: "Counsel", department: "Legal", groups: []int{groupSoftware, groupFinance}},
	{email: "lee.left@example.com", given: "Lee", family: "Left", scim: true, inactive: true, title: "Analyst", department: "Finance", groups: []int{groupConfluence, groupEngineering}},
	{email: "alex.kim@example.com", given: "Alex", family: "Kim", scim: true, title: "Engineer", department: "Engineering", groups: []int{groupSoftware, groupEngineering}},
	{email: "alex.kim2@example.com", given: "Alex", family: "Kim", scim: true, title: "Designer", department: "Product", groups: []int{groupSoftware, groupContractorsSCIM}},
	{email: "nils.null@partner.example", given: "Nils", family: "Null", privacy: emailNull, groups: []int{groupPartners}},
	{email: "emil.empty@partner.example", given: "Emil", family: "Empty", privacy: emailEmpty, groups: []int{groupPartners}},
	{email: "ingo.idle@partner.example", given: "Ingo", family: "Idle", inactive: true, groups: []int{groupPartners}},
	// Provisioned although the address is another organization's: SCIM can give groups and take them, but not deactivate the account.
	{email: "eve.external@contractor.example", given: "Eve", family: "External", scim: true, groups: []int{groupSoftware, groupEngineering, groupContractorsSCIM}},
	{email: "olga.outside@partner.example", given: "Olga", family: "Outside", outside: true},
	// In twenty groups of the site, where there are that many generated ones.
	{email: twentyEmail, given: "Tessa", family: "Twenty", scim: true, title: "Program Manager", department: "Product", groups: []int{groupSoftware}},
	{given: "release-bot", kind: typeApp, appType: "service", privacy: emailAbsent, groups: []int{groupReleaseManagers}},
	{given: "Triage", family: "Agent", kind: typeApp, appType: "agent", privacy: emailAbsent},
	{email: "casey.customer@customer.example", given: "Casey", family: "Customer", kind: typeCustomer},
	{given: "Former", family: "user", kind: typeUnknown, privacy: emailAbsent, inactive: true},
}, organizationPeople...)

const twentyEmail = "tessa.twenty@example.com"

// account turns p into the account with this index.
func (p person) account(index int) *account {
	a := &account{
		index: index, id: accountID(fixedSeed, index), kind: p.kind, appType: p.appType, display: trimJoin(p.given, p.family),
		email: p.email, privacy: p.privacy, active: !p.inactive, access: !p.outside, timezone: "Europe/Berlin", locale: "en_US",
	}
	switch a.kind {
	case "":
		a.kind = typeAtlassian
	case typeUnknown:
		a.id = unknownID
	}
	a.managed = p.managed || p.scim && ownDomain(p.email)
	if !p.scim {
		return a
	}
	a.scim = &scimUser{
		profile: profile{
			UserName: p.email, ExternalID: externalID(fixedSeed, index), DisplayName: a.display, Active: a.active, Title: p.title, Timezone: a.timezone,
			Name:       &profileName{GivenName: p.given, FamilyName: p.family, Formatted: a.display},
			Emails:     []profileValue{{Value: p.email, Type: "work", Primary: true}},
			Department: p.department, Enterprise: &enterprise{Organization: "Example", Department: p.department},
		},
		created: epoch, modified: epoch, linked: epoch,
	}
	return a
}

// newModel builds the state that the sandbox starts with: users accounts and groups groups in all, but never fewer than are seeded.
func newModel(seed int64, users, groups int) *model {
	first := len(seededPeople)
	for _, p := range seededPeople {
		if p.outside {
			users++ // not one of the site's
		}
	}
	users = max(users, first)
	m := &model{
		pop:  population{seed: uint64(seed), first: first, count: users - first},
		kept: map[int]*account{}, next: users, fixed: map[string]int{},
		emails: map[string]int{}, userNames: map[string]int{}, externals: map[string]int{},
		groupIDs: map[string]int{}, scimIDs: map[string]int{}, spent: map[string]bool{},
		work: newWork(), today: time.Now().UTC().Truncate(24 * time.Hour),
	}
	m.directory = newRoster(wholeSpan(&m.pop, spanSCIM), wholeSpan(&m.pop, spanSCIMInactive))
	for i, s := range seededGroups {
		g := group{index: i, id: uuid(fixedSeed, saltGroup, uint64(i)), name: s.name, access: s.access, product: s.product, created: epoch, modified: epoch}
		if s.scim {
			g.scimID = uuid(fixedSeed, saltSCIMGroup, uint64(i))
		}
		m.addGroup(g)
	}
	generateGroups(m, groups-len(seededGroups))
	for i, p := range seededPeople {
		a := p.account(i)
		a.org = orgRecordOf(a.email, m.today)
		m.fixed[a.id] = i
		if a.scim != nil {
			// In the population's own id space, so that the id leads back to the account.
			a.scim.id = uuid(m.pop.seed, saltSCIMUser, uint64(i))
			m.directory.extras = append(m.directory.extras, i)
		}
		m.store(a)
		for _, g := range p.groups {
			m.join(g, i)
		}
		if p.email == twentyEmail {
			joinTwenty(m, i)
		}
	}
	return m
}

// wholeSpan is the segment of all accounts of a span, in the order of their indexes.
func wholeSpan(p *population, s span) segment {
	return segment{span: s, order: shuffle{n: uint64(max(p.size(s), 1)), mul: 1, inverse: 1}, n: p.size(s)}
}

// groupCreated spreads the creation of generated groups over the past.
func groupCreated(i int) time.Time { return epoch.Add(time.Duration(i) * 7 * time.Hour) }
