package sandbox

import "net/http"

// Token is an API token of the site, and what its owner may do.
type Token struct {
	// Name is the token's key in [Tokens].
	Name string `json:"-"`
	// Email and Token are the two halves of the Basic credential.
	Email string `json:"email"`
	Token string `json:"token"`
	// Scoped tokens work at the gateway alone, others at the site alone.
	Scoped bool `json:"scoped"`
	// Expired tokens get 401 everywhere.
	Expired bool `json:"expired"`
	// Browse, Admin and SiteAdmin are the owner's permissions: Browse users and groups, Administer Jira, and membership of a site-admin group.
	Browse    bool `json:"browse"`
	Admin     bool `json:"admin"`
	SiteAdmin bool `json:"site_admin"`
}

// SCIMToken is the directory's bearer token.
const SCIMToken = "sandbox-scim-token"

// Names of the tokens.
const (
	TokenAdmin    = "admin"     // the owner may do everything; the one in Env
	TokenScoped   = "scoped"    // the same owner, at the gateway
	TokenExpired  = "expired"   // the same owner, too late
	TokenProjects = "projects"  // Administer Jira without site administration
	TokenViewer   = "viewer"    // may browse users and groups, no more
	TokenNoBrowse = "no_browse" // may not even browse
)

// Tokens returns every API token that the sandbox accepts or refuses, by name.
func Tokens() map[string]Token {
	tokens := map[string]Token{
		TokenAdmin:    {Email: adminEmail, Browse: true, Admin: true, SiteAdmin: true},
		TokenScoped:   {Email: adminEmail, Browse: true, Admin: true, SiteAdmin: true, Scoped: true},
		TokenExpired:  {Email: adminEmail, Browse: true, Admin: true, SiteAdmin: true, Expired: true},
		TokenProjects: {Email: projectsEmail, Browse: true, Admin: true},
		TokenViewer:   {Email: viewerEmail, Browse: true},
		TokenNoBrowse: {Email: blindEmail},
	}
	for name, t := range tokens {
		t.Name, t.Token = name, "sandbox-"+name+"-token"
		tokens[name] = t
	}
	return tokens
}

var tokenTable = Tokens()

// caller is who a request comes from. The zero value is an anonymous one, with no permission.
type caller struct {
	Token
	index int // of the owner's account, -1 for nobody
}

// authenticate checks the Basic credential of a request. ok is false for a wrong one, not for a missing one.
func authenticate(r *http.Request, gateway bool, now *model) (who caller, ok bool) {
	email, secret, basic := r.BasicAuth()
	if !basic {
		return caller{index: -1}, r.Header.Get("Authorization") == ""
	}
	for _, t := range tokenTable {
		if t.Token == secret && fold(t.Email) == fold(email) {
			who = caller{Token: t, index: now.byEmail(t.Email)}
			// A token dies with its owner's access, and when it is revoked.
			var room scratch
			owner := now.look(who.index, &room)
			return who, !t.Expired && t.Scoped == gateway && owner != nil && owner.active && owner.access &&
				!owner.suspended() && now.livingToken(owner, t.Name)
		}
	}
	return caller{index: -1}, false
}
