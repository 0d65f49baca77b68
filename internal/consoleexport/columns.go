package consoleexport

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/csvdir"
)

// columns are where a file has what is known; -1 = nowhere.
type columns struct {
	id, name, email, status, role, added int

	seen       []seen
	groupLists []int // with commas between the names
	group      []int // one name each
	extra      []int
	extraNames []string
}

// seen is a column with when a product was last used.
type seen struct {
	column        int
	product, site string
}

var (
	idKeys     = []string{"userid", "atlassianid", "accountid", "atlassianaccountid", "atlassianuserid"}
	nameKeys   = []string{"username", "name", "displayname", "fullname"}
	emailKeys  = []string{"email", "emailaddress", "useremail", "primaryemail"}
	statusKeys = []string{"userstatus", "status", "accountstatus", "active"}
	roleKeys   = []string{"orgrole", "organizationrole", "organisationrole"}
	addedKeys  = []string{"addedtoorg", "addedtoorganization", "addedtoorganisation", "created"}
	groupKeys  = []string{"groups", "groupname", "groupnames", "groupmembership", "groupmemberships", "group"}
	seenKeys   = []string{"lastactive", "lastactivedate", "lastseen", "lastsession", "lastlogin"}

	oneGroup = regexp.MustCompile(`^group(name)?\d+$`) // "Pivot to column"
	lastSeen = regexp.MustCompile(`(?i)^\s*last (?:seen|active) (?:in|on)\s+(.+?)\s*$`)
)

func columnsOf(table *csvdir.Table) columns {
	c := columns{id: -1, name: -1, email: -1, status: -1, role: -1, added: -1}
	for _, single := range []struct {
		column *int
		keys   []string
	}{
		{&c.id, idKeys}, {&c.name, nameKeys}, {&c.email, emailKeys}, {&c.status, statusKeys}, {&c.role, roleKeys}, {&c.added, addedKeys},
	} {
		for _, key := range single.keys { // the first of the keys is the surest
			if *single.column = slices.Index(table.Keys, key); *single.column >= 0 {
				break
			}
		}
	}
	for i, key := range table.Keys {
		switch header := lastSeen.FindStringSubmatch(table.Header[i]); {
		case slices.Contains([]int{c.id, c.name, c.email, c.status, c.role, c.added}, i):
		case header != nil:
			product, site, _ := strings.Cut(header[1], " - ")
			c.seen = append(c.seen, seen{i, csvdir.Capped(strings.TrimSpace(product)), csvdir.Capped(strings.TrimSpace(site))})
		case slices.Contains(seenKeys, key):
			c.seen = append(c.seen, seen{column: i})
		case slices.Contains(groupKeys, key):
			c.groupLists = append(c.groupLists, i)
		case oneGroup.MatchString(key):
			c.group = append(c.group, i)
		default:
			c.extra, c.extraNames = append(c.extra, i), append(c.extraNames, table.Header[i])
		}
	}
	return c
}
