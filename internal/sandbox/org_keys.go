package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// Ids of the organization, of one that is somebody else's, of the directories, and of a second site. They are the same in every sandbox.
const (
	OrgID       = "6b1d0c3e-5f2a-4c87-9e41-5a4db0c5a003"
	OtherOrgID  = "f3a7c9d1-08be-4d6a-b5c2-5a4db0c5a004"
	SyncedID    = "2e8d4b6f-91c3-4f7e-a0d5-5a4db0c5a005" // the directory of those whom SCIM provisions; not the id that SCIM's own addresses have
	LocalID     = "8c5f7a20-3e4b-4d19-b6a8-5a4db0c5a006" // the directory of everybody else
	PartnersID  = "b7d1e9c4-2f68-4a35-9d0c-5a4db0c5a008" // a second directory of the organization's own, without groups
	OtherSiteID = "a94e3d17-6c0b-4b52-8f3d-5a4db0c5a007" // a site of the organization on which some are active, and which no credential of the sandbox reaches
)

// OrgKey is an API key of an organization.
type OrgKey struct {
	// Name is the key's name in [OrgKeys].
	Name string `json:"-"`
	Key  string `json:"key"`
	Org  string `json:"org"`
	// Scopes are what the key was made for; none is a key of the older kind, which may do everything.
	Scopes []string `json:"scopes,omitempty"`
	// Expired keys get 401 everywhere.
	Expired bool `json:"expired,omitempty"`
}

// Names of the organization's keys.
const (
	OrgKeyFull    = "full"    // without scopes; the one in Env
	OrgKeyScoped  = "scoped"  // with every scope there is, which is less than everything: the filtered audit log knows no scope
	OrgKeyReader  = "reader"  // with the scopes that read
	OrgKeyNarrow  = "narrow"  // with read:directories:admin alone
	OrgKeyExpired = "expired" // too late
	OrgKeyForeign = "foreign" // of another organization, which has nobody in it
)

// Scopes of the organization's keys. FACTS: the first five; the others are named after the same pattern.
const (
	scopeReadDirectories  = "read:directories:admin"
	scopeReadGroups       = "read:groups:admin"
	scopeReadAccounts     = "read:accounts:admin"
	scopeReadEvents       = "read:events:admin"
	scopeReadTokens       = "read:tokens:admin"
	scopeReadOrgs         = "read:orgs:admin" // of the organization's name
	scopeReadDomains      = "read:domains:admin"
	scopeReadWorkspaces   = "read:workspaces:admin"
	scopeWriteDirectories = "write:directories:admin"
	scopeWriteGroups      = "write:groups:admin"
	scopeWriteAccounts    = "write:accounts:admin"
	scopeWriteTokens      = "write:tokens:admin"
	scopeNone             = "-" // only a key without scopes
	scopeAny              = ""  // every key
)

var readScopes = []string{
	scopeReadDirectories, scopeReadGroups, scopeReadAccounts, scopeReadEvents, scopeReadTokens, scopeReadOrgs, scopeReadDomains, scopeReadWorkspaces,
}

// OrgKeys returns every organization key that the sandbox accepts or refuses, by name.
func OrgKeys() map[string]OrgKey {
	all := append(slices.Clone(readScopes), scopeWriteDirectories, scopeWriteGroups, scopeWriteAccounts, scopeWriteTokens)
	keys := map[string]OrgKey{
		OrgKeyFull:    {Org: OrgID},
		OrgKeyScoped:  {Org: OrgID, Scopes: all},
		OrgKeyReader:  {Org: OrgID, Scopes: readScopes},
		OrgKeyNarrow:  {Org: OrgID, Scopes: []string{scopeReadDirectories}},
		OrgKeyExpired: {Org: OrgID, Expired: true},
		OrgKeyForeign: {Org: OtherOrgID},
	}
	for name, k := range keys {
		k.Name, k.Key = name, "sandbox-org-"+name+"-key"
		keys[name] = k
	}
	return keys
}

var orgKeyTable = OrgKeys()

// orgKey returns the organization key that the request bears; ok is false for none, for an expired one, and for a credential of another kind.
func orgKey(r *http.Request) (key OrgKey, ok bool) {
	bearer, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return OrgKey{}, false
	}
	for _, k := range orgKeyTable {
		if k.Key == bearer {
			return k, !k.Expired
		}
	}
	return OrgKey{}, false
}

// may tells whether the key's scopes allow what needs the given one.
func (k OrgKey) may(scope string) bool {
	return len(k.Scopes) == 0 || scope == scopeAny || slices.Contains(k.Scopes, scope)
}
