package sandbox

import (
	"slices"
	"strings"
	"testing"
)

type tokenBody struct {
	ID, Label, Status, CreatedAt string
	ExpiresAt, LastActiveAt      *string
	User                         struct{ ID, Name, Email string }
}

// orgTokens lists every token of the organization.
func (c *client) allTokens(query ...string) (list []tokenBody) {
	c.t.Helper()
	cursor := ""
	for {
		var page orgPage[tokenBody]
		asked := query
		if cursor != "" {
			asked = append(slices.Clone(query), "cursor", cursor)
		}
		c.do("GET", "/admin/api-access/v1/orgs/"+OrgID+"/api-tokens?"+encode(asked), "").into(200, &page)
		list = append(list, page.Data...)
		if cursor = page.Links.Next; cursor == "" {
			return list
		}
	}
}

func TestTokensOfTheOrganizationAreThoseOfItsAccounts(t *testing.T) {
	c := start(t, Options{Users: 400})
	all := c.allTokens("pageSize", "7")
	seen := map[string]bool{}
	for _, token := range all {
		if seen[token.ID] {
			t.Errorf("%s is told twice", token.ID)
		}
		seen[token.ID] = true
	}
	n := 0
	for _, u := range c.find(`{"claimStatus":"managed","limit":100}`) {
		if !u.EmailVerified {
			continue
		}
		for _, token := range c.tokens(u.Email) {
			n++
			if !seen[token.ID] {
				t.Errorf("the list lacks a token of %s", u.Email)
			}
		}
	}
	if n != len(all) || n < 20 {
		t.Errorf("%d in the list, %d of accounts", len(all), n)
	}
	if blocked := c.allTokens("status", "BLOCKED"); len(blocked) == 0 || slices.IndexFunc(blocked, func(b tokenBody) bool { return b.User.Email == "lee.left@example.com" }) < 0 {
		t.Errorf("blocked: %+v", blocked)
	}
	sorted := c.allTokens("sort", "-createdAt", "pageSize", "9")
	if len(sorted) != len(all) || !slices.IsSortedFunc(sorted, func(a, b tokenBody) int { return strings.Compare(b.CreatedAt, a.CreatedAt) }) {
		t.Errorf("%d sorted of %d", len(sorted), len(all))
	}
	if mine := c.allTokens("q", "max.manager"); len(mine) != 2 {
		t.Errorf("by a term %+v", mine)
	}
}

func TestRevokedTokenIsGone(t *testing.T) {
	const max = "max.manager@example.com"
	c := start(t, Options{})
	id := c.tokens(max)[0].ID
	c.manage("DELETE", max, "/api-tokens/"+id, "").want(204)
	c.manage("DELETE", max, "/api-tokens/"+id, "").want(404)
	if left := c.tokens(max); len(left) != 1 || left[0].ID == id || len(c.allTokens("q", max)) != 1 {
		t.Errorf("left %+v", left)
	}
	// A generated account's, too.
	i := slices.IndexFunc(c.allTokens(), func(b tokenBody) bool { return c.s.world.now.pop.has(c.s.world.now.byID(b.User.ID)) })
	token := c.allTokens()[i]
	c.do("DELETE", "/users/"+token.User.ID+"/manage/api-tokens/"+token.ID, "").want(204)
	if slices.ContainsFunc(c.allTokens(), func(b tokenBody) bool { return b.ID == token.ID }) {
		t.Error("still listed")
	}
	// The sandbox's own credential is one.
	viewer := c.as(TokenViewer)
	viewer.jira("GET", "/myself", "").want(200)
	c.manage("DELETE", viewerEmail, "/api-tokens/"+c.tokens(viewerEmail)[0].ID, "").want(204)
	viewer.jira("GET", "/myself", "").want(401)
}

// What nobody should ever send ends every token there is, and the log of requests has it.
func TestRevokingEveryTokenIsACatastrophe(t *testing.T) {
	c := start(t, Options{})
	c.jira("GET", "/myself", "").want(200)
	c.do("DELETE", "/admin/api-access/v1/orgs/"+OrgID+"/api-tokens", "").want(204)
	c.jira("GET", "/myself", "").want(401)
	if left := c.allTokens(); len(left) != 0 {
		t.Errorf("%d tokens live", len(left))
	}
	log := c.s.Requests()
	if i := slices.IndexFunc(log, func(r Request) bool { return r.Method == "DELETE" && r.TookEffect }); i < 0 || !strings.HasSuffix(log[i].Path, "/api-tokens") {
		t.Errorf("the log has %+v", log)
	}
	if !strings.Contains(string(c.do("GET", "/_sandbox/state", "").body), `"all_tokens_revoked":true`) {
		t.Error("the state does not tell")
	}
}
