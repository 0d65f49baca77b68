package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type orgPage[T any] struct {
	Data  []T
	Links struct{ Next string }
}

// find searches the organization's users, all pages of it.
func (c *client) find(query string) []orgUser {
	c.t.Helper()
	var all []orgUser
	cursor := ""
	for {
		var body map[string]any
		if err := json.Unmarshal([]byte(query), &body); err != nil {
			c.t.Fatal(err)
		}
		if cursor != "" {
			body["cursor"] = cursor
		}
		sent, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		var page orgPage[orgUser]
		c.dir("POST", "/users/search", string(sent)).into(200, &page)
		all = append(all, page.Data...)
		if cursor = page.Links.Next; cursor == "" {
			return all
		}
	}
}

// orgUserOf reads the person from a search by the exact address.
func (c *client) orgUserOf(email string) orgUser {
	c.t.Helper()
	found := c.find(`{"emails":["` + email + `"],"expand":["groups","productAccess","platformRoles","counts.resources"]}`)
	if len(found) != 1 {
		c.t.Fatalf("%d users have the address %s", len(found), email)
	}
	return found[0]
}

func emailsOf(users []orgUser) []string {
	list := []string{}
	for _, u := range users {
		list = append(list, u.Email)
	}
	slices.Sort(list)
	return list
}

func TestSearchFindsEverybodyOnceAndNoMachines(t *testing.T) {
	c := start(t, Options{Users: 700})
	all := c.find(`{"limit":64}`)
	seen := map[string]bool{}
	for _, u := range all {
		if seen[u.AccountID] {
			t.Errorf("%s is told twice", u.Email)
		}
		seen[u.AccountID] = true
	}
	var count struct{ Count int }
	c.dir("GET", "/users/count", "").into(200, &count)
	if len(all) != count.Count {
		t.Errorf("the search finds %d, the count says %d", len(all), count.Count)
	}
	people := 0
	for _, u := range listed(c) {
		if u.AccountType == typeAtlassian {
			people++
			if !seen[u.AccountID] {
				t.Errorf("%s is in Jira and not in the organization", u.DisplayName)
			}
		}
	}
	if people != len(all)-1 { // one is managed and in no directory
		t.Errorf("Jira has %d people, the organization %d", people, len(all))
	}
	var managed []struct {
		AccountID string `json:"account_id"`
	}
	cursor := ""
	for {
		var page struct {
			Data []struct {
				AccountID string `json:"account_id"`
			}
			Meta  struct{ Total int }
			Links struct{ Next string }
		}
		c.v1("GET", "/users", "", "cursor", cursor).into(200, &page)
		managed = append(managed, page.Data...)
		if page.Links.Next == "" {
			if page.Meta.Total != len(managed) {
				t.Errorf("the total is %d of %d", page.Meta.Total, len(managed))
			}
			break
		}
		_, tail, _ := strings.Cut(page.Links.Next, "cursor=")
		cursor = tail
	}
	if n := len(c.find(`{"claimStatus":"managed","limit":100}`)); n != len(managed) {
		t.Errorf("%d managed users by the search, %d by the list", n, len(managed))
	}
}

func TestSearchFilters(t *testing.T) {
	c := start(t, Options{Users: 1})
	for name, tt := range map[string]struct {
		query string
		want  []string
	}{
		"exact addresses whatever their case": {`{"emails":["Max.Manager@example.com","petra.private@example.com","nobody@example.com"]}`, []string{"max.manager@example.com", "petra.private@example.com"}},
		"a name":                              {`{"searchTerm":"alex"}`, []string{"alex.kim2@example.com", "alex.kim@example.com"}},
		"the beginning of an address":         {`{"searchTerm":"petra.pri"}`, []string{"petra.private@example.com"}},
		"the suspended":                       {`{"status":["suspended"]}`, []string{suspendedEmail}},
		"by membership":                       {`{"membershipStatus":["suspended","no_membership"]}`, []string{notInvitedEmail, suspendedEmail}},
		"those who were never invited":        {`{"status":["not_invited"]}`, []string{notInvitedEmail}},
		"those to be deleted":                 {`{"status":["for_deletion"]}`, []string{deletingEmail}},
		"the deactivated":                     {`{"status":["deactivated"]}`, []string{"ingo.idle@partner.example", blockedEmail, "lee.left@example.com"}},
		"inactive accounts":                   {`{"accountStatus":["inactive"],"claimStatus":"managed"}`, []string{deletingEmail, blockedEmail, "lee.left@example.com"}},
		"by domain":                           {`{"emailDomains":["contractor.example"]}`, []string{"eve.external@contractor.example"}},
		"a group and a domain":                {`{"groupIds":["` + c.s.GroupID("partners", false) + `"],"emailDomains":["partner.example"],"status":["active"]}`, []string{"emil.empty@partner.example", "nils.null@partner.example", "sam.partner@partner.example"}},
		"organization admins":                 {`{"roleIds":["atlassian/org-admin"]}`, []string{adminEmail, "dana.admin@example.com"}},
		"site admins":                         {`{"roleIds":["atlassian/site-admin"]}`, []string{adminEmail, "boris.backup@example.com", "dana.admin@example.com"}},
		"guests":                              {`{"roleIds":["atlassian/guest"],"resourceIds":["` + resourceARI("confluence", CloudID) + `"],"status":["suspended"]}`, []string{suspendedEmail}},
		"account ids":                         {`{"accountIds":["` + c.s.AccountID(neverEmail) + `"]}`, []string{neverEmail}},
		"a directory":                         {`{"directoryIds":["` + LocalID + `"],"searchTerm":"m"}`, []string{"max.manager@example.com"}},
		"nobody by an app's address":          {`{"emails":["casey.customer@customer.example"]}`, []string{}},
		"nobody who was never let in":         {`{"emails":["olga.outside@partner.example"]}`, []string{}},
		"who uses two steps and is named":     {`{"mfaEnabled":true,"emails":["max.manager@example.com"]}`, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := emailsOf(c.on(t).find(tt.query))
			if name == "who uses two steps and is named" {
				without := emailsOf(c.on(t).find(strings.Replace(tt.query, "true", "false", 1)))
				if len(got)+len(without) != 1 || c.orgUserOf("max.manager@example.com").MFAEnabled != (len(got) == 1) {
					t.Errorf("with %v, without %v", got, without)
				}
				return
			}
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSearchRefuses(t *testing.T) {
	c := start(t, Options{Users: 1})
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf(`"p%d@example.com"`, i)
	}
	for name, query := range map[string]string{
		"addresses with a term":  `{"emails":["a@example.com"],"searchTerm":"a"}`,
		"too many addresses":     `{"emails":[` + strings.Join(many, ",") + `]}`,
		"an unknown status":      `{"status":["gone"]}`,
		"an unknown expand":      `{"expand":["everything"]}`,
		"an unknown name":        `{"mail":["a@example.com"]}`,
		"a limit of none":        `{"limit":0}`,
		"a cursor that was made": `{"cursor":"e30.00000000"}`,
		"no JSON":                `{`,
	} {
		if a := c.dir("POST", "/users/search", query); a.status != 400 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	c.dir("POST", "/users/search", "").want(415)
	var page orgPage[orgUser]
	c.dir("POST", "/users/search", `{"limit":3}`).into(200, &page)
	if err := c.s.AddFault(Fault{Kind: FaultCursorExpired}); err != nil {
		t.Fatal(err)
	}
	c.dir("POST", "/users/search", `{"cursor":"`+page.Links.Next+`"}`).want(400)
	c.dir("POST", "/users/search", `{}`).want(200)
	c.s.ClearFaults()
	if err := c.s.AddFault(Fault{Kind: FaultClampPage, Max: 2}); err != nil {
		t.Fatal(err)
	}
	if c.dir("POST", "/users/search", `{"limit":50}`).into(200, &page); len(page.Data) != 2 || page.Links.Next == "" {
		t.Errorf("%d users on a clamped page", len(page.Data))
	}
}

func TestWhatIsToldOfAPerson(t *testing.T) {
	c := start(t, Options{Users: 1})
	today := time.Now().UTC().Truncate(24 * time.Hour)
	type told struct {
		Status, Account, Membership, Claim, Source, Department string
		Verified, Deletion, Deactivated                        bool
		Roles, Groups                                          []string
		Idle                                                   int // days since the last activity on this site; -1 for never
	}
	for email, want := range map[string]told{
		adminEmail: {Status: "active", Claim: "managed", Source: "invited", Verified: true, Roles: []string{roleOrgAdmin, roleSiteAdmin}, Groups: []string{"site-admins", "jira-administrators", "jira-software-users"}, Idle: 1},
		"jane.doe@example.com": {
			Status: "active", Claim: "managed", Source: "synced", Department: "Engineering", Verified: true,
			Groups: []string{"jira-software-users", "engineering", "release-managers", "confluence-users"}, Idle: 1,
		},
		"sam.partner@partner.example": {Status: "active", Claim: "unmanaged", Source: "invited", Verified: true, Groups: []string{"jira-software-users", "partners"}, Idle: 5},
		dormantEmail:                  {Status: "active", Claim: "managed", Source: "invited", Verified: true, Groups: []string{"jira-software-users", "confluence-users"}, Idle: 200},
		neverEmail:                    {Status: "active", Claim: "managed", Source: "invited", Verified: true, Groups: []string{"jira-software-users"}, Idle: never},
		otherSiteEmail:                {Status: "active", Claim: "managed", Source: "invited", Verified: true, Groups: []string{"jira-software-users"}, Idle: never},
		suspendedEmail:                {Status: "suspended", Membership: "suspended", Claim: "unmanaged", Source: "invited", Verified: true, Groups: []string{"jira-software-users", "partners"}, Idle: 60},
		notInvitedEmail:               {Status: "not_invited", Membership: "no_membership", Claim: "managed", Verified: true, Idle: never},
		deletingEmail:                 {Status: "deactivated", Account: "inactive", Claim: "managed", Source: "invited", Verified: true, Deletion: true, Deactivated: true, Groups: []string{"confluence-users"}, Idle: 30},
		unverifiedEmail:               {Status: "active", Claim: "managed", Source: "invited", Groups: []string{"jira-software-users"}, Idle: 3},
		"lee.left@example.com":        {Status: "deactivated", Account: "inactive", Claim: "managed", Source: "synced", Department: "Finance", Verified: true, Deactivated: true, Groups: []string{"confluence-users", "engineering"}, Idle: 75},
	} {
		t.Run(email, func(t *testing.T) {
			u := c.on(t).orgUserOf(email)
			got := told{
				Status: u.Status, Account: u.AccountStatus, Membership: u.MembershipStatus, Claim: u.ClaimStatus, Verified: u.EmailVerified, Deletion: u.ForDeletion,
				Deactivated: u.DeactivatedOn != nil, Roles: u.PlatformRoles, Idle: never,
			}
			if u.ManagementSource != nil {
				got.Source = *u.ManagementSource
			}
			if u.Department != nil {
				got.Department = *u.Department
			}
			for _, g := range u.Groups {
				got.Groups = append(got.Groups, *g.Name)
			}
			for _, p := range u.ProductAccess {
				if p.LastActive != "" && strings.HasSuffix(p.ID, CloudID) {
					at, err := time.Parse(time.RFC3339, p.LastActive)
					if err != nil {
						t.Fatal(err)
					}
					if idle := int(today.Sub(at.Truncate(24*time.Hour)).Hours() / 24); got.Idle == never || idle < got.Idle {
						got.Idle = idle
					}
				}
			}
			if want.Account == "" {
				want.Account = "active"
			}
			if want.Membership == "" {
				want.Membership = "active"
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLastActiveDatesAreOfEverySiteAndALateDay(t *testing.T) {
	c := start(t, Options{Users: 1})
	dates := func(email string) map[string]string {
		var body struct {
			Data struct {
				ProductAccess []struct {
					ID         string
					LastActive string `json:"last_active"`
				} `json:"product_access"`
			}
		}
		c.v1("GET", "/directory/users/"+c.s.AccountID(email)+"/last-active-dates", "").into(200, &body)
		list := map[string]string{}
		for _, p := range body.Data.ProductAccess {
			list[p.ID] = p.LastActive
		}
		return list
	}
	day := func(ago int) string { return c.s.world.now.today.AddDate(0, 0, -ago).Format(time.DateOnly) }
	here, there := resourceARI("jira-software", CloudID), resourceARI("jira-software", OtherSiteID)
	for email, want := range map[string]string{adminEmail: day(1), dormantEmail: day(200), neverEmail: "", otherSiteEmail: ""} {
		if got := dates(email)[here]; got != want {
			t.Errorf("%s was active on %q, want %q", email, got, want)
		}
	}
	if got := dates(otherSiteEmail)[there]; got != day(1) {
		t.Errorf("on the other site on %q", got)
	}
	if got := dates(neverEmail); len(got) != 0 {
		t.Errorf("never, and then %v", got)
	}
}

func TestScimLinksLeadToTheDirectory(t *testing.T) {
	c := start(t, Options{Users: 1, Faults: []string{"kind=scim_account_late"}})
	type links struct {
		ScimLinks []struct{ ScimUserID, AtlassianAccountID, OrgID, DirectoryID string }
	}
	byEmail := func(email string) (l links) {
		c.do("POST", "/admin/user-provisioning/v1/org/"+OrgID+"/get-scim-links-for-email", `{"email":"`+email+`"}`).into(200, &l)
		return l
	}
	jane := byEmail("jane.doe@example.com")
	if len(jane.ScimLinks) != 1 || jane.ScimLinks[0].ScimUserID != c.scimUser("jane.doe@example.com").ID || jane.ScimLinks[0].DirectoryID != DirectoryID {
		t.Errorf("%+v", jane)
	}
	if got := byEmail("max.manager@example.com"); len(got.ScimLinks) != 0 {
		t.Errorf("%+v", got)
	}
	// The SCIM record does not know the account id yet: the link does.
	c.scim("POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x@example.com","emails":[{"value":"x@example.com","primary":true}]}`).want(201)
	fresh := byEmail("X@example.com")
	if len(fresh.ScimLinks) != 1 || fresh.ScimLinks[0].AtlassianAccountID != c.s.AccountID("x@example.com") {
		t.Errorf("%+v", fresh)
	}
	var same links
	c.do("GET", "/admin/user-provisioning/v1/org/"+OrgID+"/user/"+c.s.AccountID("x@example.com")+"/get-scim-links", "").into(200, &same)
	if diff := cmp.Diff(fresh, same); diff != "" {
		t.Error(diff)
	}
}
