package admin

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	routeManage  = "/users/{account_id}/manage"
	routeProfile = "/users/{account_id}/manage/profile"
)

// Privilege is one thing that may be done to an account.
type Privilege string

// The privileges that are asked for.
const (
	MayReadProfile  Privilege = "profile.read"
	MaySetEmail     Privilege = "email.set"
	MayEnable       Privilege = "lifecycle.enablement" // disable and enable
	MayDelete       Privilege = "lifecycle.delete"     // delete and cancel
	MayReadTokens   Privilege = "apiToken.read"
	MayDeleteTokens Privilege = "apiToken.delete"
)

// Permission is whether something may be done to an account, and why not.
type Permission struct {
	Allowed bool
	Reason  Reason // "" when allowed
}

// Permissions are what may be done to one account. A privilege that the service doesn't speak of is not allowed, without a reason.
type Permissions map[Privilege]Permission

// May tells of one privilege.
func (p Permissions) May(what Privilege) Permission { return p[what] }

// Permissions tells what the key may do to an account, and why not. Ask before planning: an account that isn't managed by the organization answers 403 or 404.
//
// GET /users/{account_id}/manage. Scope read:accounts:admin. 403 forbidden: not an account of this organization; 403 forbidden.targetUnverified: its address isn't
// verified. 404 accountNotFound: no such account.
func (c *Client) Permissions(ctx context.Context, accountID string) (Permissions, error) {
	var out map[Privilege]json.RawMessage
	if err := c.read(ctx, routeManage, nil, &out, accountID); err != nil {
		return nil, err
	}
	permissions := Permissions{}
	for _, name := range []Privilege{MayReadProfile, MaySetEmail, MayEnable, MayDelete, MayReadTokens, MayDeleteTokens} {
		var w struct {
			Allowed bool `json:"allowed"`
			Reason  struct {
				Key string `json:"key"`
			} `json:"reason"`
		}
		raw, told := out[name]
		if !told || json.Unmarshal(raw, &w) != nil {
			continue
		}
		p := Permission{Allowed: w.Allowed}
		if !w.Allowed {
			p.Reason = Reason(rest.Clean(w.Reason.Key))
		}
		permissions[name] = p
	}
	return permissions, nil
}

// Profile is a managed account as its owner and its organization see it.
type Profile struct {
	AccountID, Name, Nickname, Email string
	Type                             string // atlassian, customer, app
	Status                           string // active, inactive, closed
	JobTitle, Department             string
	Organization, Location           string
	TimeZone                         string
}

// Active tells whether the account can sign in.
func (p Profile) Active() bool { return strings.EqualFold(p.Status, "active") }

// Profile returns a managed account.
//
// GET /users/{account_id}/manage/profile. Privilege profile.read. Scope read:accounts:admin. 403 and 404 as for [Client.Permissions].
func (c *Client) Profile(ctx context.Context, accountID string) (Profile, error) {
	var out struct {
		Account struct {
			ID       string `json:"account_id"`
			Type     string `json:"account_type"`
			Status   string `json:"account_status"`
			Name     string `json:"name"`
			Nickname string `json:"nickname"`
			Email    string `json:"email"`
			TimeZone string `json:"zoneinfo"`
			Extended struct {
				JobTitle     string `json:"job_title"`
				Organization string `json:"organization"`
				Department   string `json:"department"`
				Location     string `json:"location"`
			} `json:"extended_profile"`
		} `json:"account"`
	}
	err := c.read(ctx, routeProfile, nil, &out, accountID)
	a := out.Account
	return Profile{
		AccountID: rest.CleanID(a.ID), Name: rest.Clean(a.Name), Nickname: rest.Clean(a.Nickname), Email: rest.Clean(a.Email),
		Type: rest.Clean(a.Type), Status: rest.Clean(a.Status), TimeZone: rest.Clean(a.TimeZone),
		JobTitle: rest.Clean(a.Extended.JobTitle), Department: rest.Clean(a.Extended.Department),
		Organization: rest.Clean(a.Extended.Organization), Location: rest.Clean(a.Extended.Location),
	}, err
}
