package sandbox

import "time"

// What the organization knows of seeded people beyond what is usual. Those who are not here were active a day ago and have no API token.

const (
	googleEmail         = "gina.google@example.com"     // managed, but by a Google directory: may be neither disabled nor deleted here
	billingEmail        = "bill.billing@example.com"    // can't be deleted: a billing contact
	dormantEmail        = "rita.retired@example.com"    // last active 200 days ago
	neverEmail          = "nina.never@example.com"      // never active
	tokensEmail         = "theo.tokens@example.com"     // three old API tokens
	otherSiteEmail      = "oscar.othersite@example.com" // active on another site alone
	unverifiedEmail     = "uma.unverified@example.com"  // managed, and refused by the management of accounts since the address was never verified
	blockedEmail        = "kilian.export@example.com"   // deactivated, and blocked for export control: can't be enabled
	deletingEmail       = "dora.deletion@example.com"   // going to be deleted in nine days
	suspendedEmail      = "susi.suspended@partner.example"
	twoDirectoriesEmail = "emil.empty@partner.example" // in the local directory and in that of the partners
	notInvitedEmail     = "neo.notinvited@example.com" // managed, in no directory
)

// organizationPeople are seeded for the organization's sake. They are the site's, too.
var organizationPeople = []person{
	{email: googleEmail, given: "Gina", family: "Google", managed: true, groups: []int{groupSoftware}},
	{email: billingEmail, given: "Bill", family: "Billing", managed: true, groups: []int{groupSoftware}},
	{email: dormantEmail, given: "Rita", family: "Retired", managed: true, groups: []int{groupSoftware, groupConfluence}},
	{email: neverEmail, given: "Nina", family: "Never", managed: true, groups: []int{groupSoftware}},
	{email: tokensEmail, given: "Theo", family: "Tokens", managed: true, groups: []int{groupSoftware}},
	{email: otherSiteEmail, given: "Oscar", family: "Othersite", managed: true, groups: []int{groupSoftware}},
	{email: unverifiedEmail, given: "Uma", family: "Unverified", managed: true, groups: []int{groupSoftware}},
	{email: blockedEmail, given: "Kilian", family: "Export", managed: true, inactive: true},
	{email: deletingEmail, given: "Dora", family: "Deletion", managed: true, inactive: true, groups: []int{groupConfluence}},
	{email: suspendedEmail, given: "Susi", family: "Suspended", groups: []int{groupSoftware, groupPartners}},
	{email: notInvitedEmail, given: "Neo", family: "Notinvited", managed: true, outside: true},
}

// orgRecordOf returns what the organization knows of the seeded person with this address.
func orgRecordOf(email string, today time.Time) *orgRecord {
	ago := func(days int) time.Time { return today.AddDate(0, 0, -days) }
	// A credential of the sandbox: an API token under its name.
	credential := func(number int, name string) apiToken {
		return apiToken{number: number, label: "sandbox " + name, created: ago(30 + number), used: ago(1), expires: ago(30+number).AddDate(1, 0, 0), name: name}
	}
	r := &orgRecord{idle: 1, noTokens: true, added: epoch}
	switch email {
	case adminEmail:
		r.roles = []orgRole{{role: roleOrgAdmin}}
		r.tokens = []apiToken{credential(0, TokenAdmin), credential(1, TokenScoped), credential(2, TokenExpired)}
		r.tokens[2].created, r.tokens[2].expires = ago(400), ago(35)
	case "dana.admin@example.com":
		r.roles = []orgRole{{role: roleOrgAdmin}}
	case "boris.backup@example.com":
		r.roles = []orgRole{{role: roleUserAccessAdmin, resource: resourceARI("jira-software", CloudID)}}
	case projectsEmail:
		r.tokens = []apiToken{credential(0, TokenProjects)}
	case viewerEmail:
		r.tokens = []apiToken{credential(0, TokenViewer)}
	case blindEmail:
		r.tokens = []apiToken{credential(0, TokenNoBrowse)}
	case "max.manager@example.com":
		r.idle = 2
		r.tokens = []apiToken{
			{number: 0, label: "Excel export", created: ago(420), used: ago(3)},
			{number: 1, label: "laptop", created: ago(40), used: ago(2), expires: ago(40).AddDate(1, 0, 0)},
		}
	case "lee.left@example.com":
		// Left, and the token is still there.
		r.idle, r.deactivated = 75, ago(70)
		r.tokens = []apiToken{{number: 0, label: "CI pipeline", created: ago(600), used: ago(76)}}
	case "ingo.idle@partner.example":
		r.idle, r.deactivated = 160, ago(90)
	case "sam.partner@partner.example":
		r.idle = 5
	case "nils.null@partner.example":
		r.idle = 120
	case twoDirectoriesEmail:
		r.idle, r.directories = never, []string{LocalID, PartnersID}
	case "olga.outside@partner.example", notInvitedEmail, neverEmail:
		r.idle = never
	case googleEmail:
		r.restriction = "externalDirectory.google"
	case billingEmail:
		r.blocks = []string{"billingContact"}
	case dormantEmail:
		r.idle = 200
	case tokensEmail:
		r.idle = 20
		r.tokens = []apiToken{
			{number: 0, label: "Migration 2023", created: ago(1100)},
			{number: 1, label: "Power BI", created: ago(800), used: ago(21)},
			{number: 2, label: "Backup script", created: ago(500), used: ago(410)},
		}
	case otherSiteEmail:
		r.idle, r.elsewhere = 1, true
	case unverifiedEmail:
		r.unverified, r.idle = true, 3
	case blockedEmail:
		r.restriction, r.idle, r.deactivated = "blocked.exportControl", 300, ago(280)
	case deletingEmail:
		r.idle, r.deactivated, r.deletion = 30, ago(5), ago(5).AddDate(0, 0, graceDays)
	case suspendedEmail:
		r.suspended, r.idle = true, 60
	}
	return r
}

// seedLog fills the audit log with a past of 170 days: what happened to seeded people, and to some of the others.
func (l *eventLog) seed(m *model) {
	var room scratch
	admin := m.look(m.byEmail(adminEmail), &room)
	actor := entity{admin.id, admin.display, admin.email}
	provider := entity{id: "scim-" + DirectoryID, name: "User provisioning"}
	ago := func(days int) time.Time { return m.today.AddDate(0, 0, -days).Add(10 * time.Hour) }
	count := min(m.pop.count/4, 5000)
	at, step := ago(170), 165*24*time.Hour/time.Duration(max(count, 1))
	past := seededPast(ago)
	tell := func(e pastEvent) {
		logged := m.logged(happened{e.action, m.byEmail(e.email), e.group, e.detail})
		logged.at, logged.actor, logged.auth = e.at, actor, "container-token"
		if e.provider {
			logged.actor = provider
		}
		l.add(logged, 0)
	}
	kinds := [...]string{"user_added_to_group", "user_removed_from_group", "user_granted_product_access", "managed_account_created", "api_token_created", "user_invited"}
	for i := range count {
		for len(past) > 0 && past[0].at.Before(at) {
			tell(past[0])
			past = past[1:]
		}
		h := mix(m.pop.seed^saltEvent, uint64(i))
		event := pastEvent{at: at, action: kinds[h>>32%uint64(len(kinds))], group: -1}
		if a := m.look(m.pop.first+int(h%uint64(m.pop.count)), &room); a.kind == typeAtlassian {
			event.email, event.provider = a.email, a.scim != nil
			if groups := m.groupsOf(a.index); len(groups) > 0 && h>>32%uint64(len(kinds)) < 2 {
				event.group = groups[0]
			}
			tell(event)
		}
		at = at.Add(step)
	}
	for _, e := range past {
		tell(e)
	}
}

// pastEvent is an event of the seeded past.
type pastEvent struct {
	at            time.Time
	action, email string
	group         int
	detail        string
	provider      bool // by the identity provider, not by the admin
}

// seededPast is what happened to seeded people, oldest first.
func seededPast(ago func(days int) time.Time) []pastEvent {
	const jane, lee, max, sam = "jane.doe@example.com", "lee.left@example.com", "max.manager@example.com", "sam.partner@partner.example"
	return []pastEvent{
		{ago(168), "user_granted_role", adminEmail, -1, roleOrgAdmin, false},
		{ago(165), "authentication_policy_updated", "", -1, "Single sign-on is enforced for managed accounts", false},
		{ago(150), "user_granted_role", "dana.admin@example.com", -1, roleOrgAdmin, false},
		{ago(120), "user_invited", sam, -1, "", false},
		{ago(120), "user_added_to_group", sam, groupPartners, "", false},
		{ago(119), "user_granted_product_access", sam, -1, "jira-software", false},
		{ago(100), "scim_user_linked", jane, -1, "", true},
		{ago(100), "user_added_to_group", jane, groupEngineering, "", true},
		{ago(70), "managed_account_deactivated", lee, -1, "", true},
		{ago(69), "user_removed_from_group", lee, groupFinance, "", true},
		{ago(60), "user_disabled_org_access", suspendedEmail, -1, "", false},
		{ago(40), "api_token_created", max, -1, "laptop", false},
		{ago(30), "policy_two_step_enforced", "", -1, "for everybody", false},
		{ago(21), "user_added_to_group", max, groupReleaseManagers, "", false},
		{ago(14), "user_logged_in_as_user", jane, -1, "", false},
		{ago(5), "managed_account_deletion_scheduled", deletingEmail, -1, "", false},
		{ago(5), "managed_account_deactivated", deletingEmail, -1, "", false},
		{ago(2), "user_added_to_group", "alex.kim@example.com", groupEngineering, "", true},
		{ago(1), "group_created", "", groupContractors, "", false},
	}
}
