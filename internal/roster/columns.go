package roster

import (
	"maps"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// columns are where a file has what is known; -1 = nowhere.
type columns struct {
	id, name, first, last int

	emails, logins, aliases []int
	guest                   int   // where Entra ID has the address of guests
	statuses, leaving       []int // texts, dates
	flags                   []flag
}

// flag is a column with yes or no.
type flag struct {
	column int
	status Status // of yes or no
	when   bool   // which of the two
}

// The names of columns, as sheet.Key gives them, the surest first. Not among them, though they sound alike: e-mails of managers, private ones and those
// to recover an account with (they can be somebody else's), New Primary Email and New Status of Google's files for bulk changes, and State, which is a place.
var (
	idKeys    = []string{"atlassianaccountid", "atlassianid", "jiraaccountid", "jirauserid", "accountid"}
	nameKeys  = []string{"displayname", "fullname", "name", "employeename", "userfullname", "namefullname", "preferredname", "user"}
	firstKeys = []string{"firstname", "givenname", "forename", "namegivenname", "profilefirstname", "first"}
	lastKeys  = []string{"lastname", "surname", "familyname", "namefamilyname", "profilelastname", "last"}
	emailKeys = []string{
		"primaryemail", "primaryemailaddress", "workemail", "emailwork", "workemailaddress", "businessemail", "companyemail", "corporateemail", "officialemail",
		"email", "emailaddress", "mail", "useremail", "employeeemail", "profileemail", "emailprimarywork",
	}
	loginKeys   = []string{"userprincipalname", "upn", "login", "oktausername", "profilelogin", "username", "userlogin", "loginname", "loginid", "signinname"}
	aliasKeys   = []string{"aliases", "emailaliases", "proxyaddresses", "worksecondaryemail", "additionalemailaddress", "additionalemailaddresses", "additionalemails"}
	statusKeys  = []string{"status", "userstatus", "accountstatus", "oktastatus", "oktauserstatus", "employmentstatus", "employeestatus", "workerstatus", "hrstatus", "currentstatus", "lifecyclestatus", "profilestatus", "employeestate"}
	leavingKeys = []string{
		"leavingdate", "dateleft", "dateofleaving", "leftdate", "leaverdate", "leftat", "lastday", "lastworkingday", "lastworkday", "lastdayofwork", "lastdayworked", "terminationdate", "terminationeffectivedate",
		"dateoftermination", "terminatedat", "terminatedon", "enddate", "employmentenddate", "contractenddate", "exitdate", "separationdate", "offboardingdate", "employeeleavedatetime", "softdeletiontimestamp", "deleteddatetime",
	}
	flagKeys = map[string]flag{
		"accountenabled": {status: Suspended}, "enabled": {status: Suspended}, "isenabled": {status: Suspended},
		"blocksignin": {status: Suspended, when: true}, "blockcredential": {status: Suspended, when: true}, "accountdisabled": {status: Suspended, when: true}, "disabled": {status: Suspended, when: true},
		"suspended": {status: Suspended, when: true}, "issuspended": {status: Suspended, when: true},
		"active": {status: Left}, "isactive": {status: Left}, "employed": {status: Left}, "isemployed": {status: Left}, "currentlyemployed": {status: Left},
		"archived": {status: Left, when: true}, "isarchived": {status: Left, when: true}, "deleted": {status: Left, when: true}, "isdeleted": {status: Left, when: true},
		"terminated": {status: Left, when: true}, "isterminated": {status: Left, when: true},
	}
)

func columnsOf(keys []string) columns {
	first := func(names []string) int {
		for _, name := range names {
			if i := slices.Index(keys, name); i >= 0 {
				return i
			}
		}
		return -1
	}
	each := func(names []string) (found []int) {
		for _, name := range names {
			for i, key := range keys {
				if key == name {
					found = append(found, i)
				}
			}
		}
		return found
	}
	c := columns{
		id: first(idKeys), name: first(nameKeys), first: first(firstKeys), last: first(lastKeys),
		emails: each(emailKeys), logins: each(loginKeys), aliases: each(aliasKeys), guest: first([]string{"alternateemailaddress", "othermails"}),
		statuses: each(statusKeys), leaving: each(leavingKeys),
	}
	for _, name := range slices.Sorted(maps.Keys(flagKeys)) {
		for _, i := range each([]string{name}) {
			f := flagKeys[name]
			f.column = i
			c.flags = append(c.flags, f)
		}
	}
	return c
}

func (c *columns) fullName(cells []string) string {
	if c.name >= 0 {
		if name := strings.TrimSpace(cells[c.name]); name != "" && !strings.Contains(name, "@") {
			return rest.Clean(name)
		}
	}
	first, last := "", ""
	if c.first >= 0 {
		first = strings.TrimSpace(cells[c.first])
	}
	if c.last >= 0 {
		last = strings.TrimSpace(cells[c.last])
	}
	if first == "" || last == "" {
		return rest.Clean(first + last)
	}
	return rest.Clean(first + " " + last)
}
