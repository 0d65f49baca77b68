package directory

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// Directory answers questions about people and groups. It is safe for concurrent use and does nothing until asked.
type Directory struct {
	jira *jira.Client
	scim *scim.Client
	org  *admin.Client

	jiraMissing, scimMissing, orgMissing error
	scimBroken, orgBroken                bool
	owner                                string
	domains                              []string

	links      links
	admins     remembered[[]AdminGroup]
	scimGroups remembered[owners]
	me         remembered[jira.User]
	may        remembered[map[string]bool]
	cloudID    remembered[string]
	together   remembered[bool] // that the organization is the site's
}

// Config says what a Directory reads from.
type Config struct {
	// Jira is the site, or nil with the reason in JiraMissing.
	Jira        *jira.Client
	JiraMissing error
	// Owner is the e-mail of the Jira credential, "" where it has none.
	Owner string
	// SCIM is the provisioning directory, or nil with the reason in SCIMMissing. SCIMBroken tells that something is set for it, and can't be used.
	SCIM        *scim.Client
	SCIMMissing error
	SCIMBroken  bool
	// Admin is the organization, or nil with the reason in AdminMissing; AdminBroken as SCIMBroken.
	Admin        *admin.Client
	AdminMissing error
	AdminBroken  bool
	// Domains are the lower-case e-mail domains that SCIM provisions. Empty means: those of the first SCIM users.
	Domains []string
}

// New returns a Directory over c.
func New(c Config) *Directory {
	return &Directory{
		jira: c.Jira, scim: c.SCIM, org: c.Admin, jiraMissing: c.JiraMissing, scimMissing: c.SCIMMissing, orgMissing: c.AdminMissing,
		scimBroken: c.SCIMBroken, orgBroken: c.AdminBroken, owner: c.Owner, domains: c.Domains,
	}
}

// HasSCIM tells whether a SCIM directory is configured.
func (d *Directory) HasSCIM() bool { return d.scim != nil }

// Jira returns the site's client, or the fault that names the missing setting.
func (d *Directory) Jira() (*jira.Client, error) {
	if d.jira != nil {
		return d.jira, nil
	}
	if d.jiraMissing != nil {
		return nil, d.jiraMissing
	}
	return nil, fault.New(fault.NotConfigured, "Set ATLASSIAN_SITE_URL, ATLASSIAN_EMAIL and ATLASSIAN_API_TOKEN and start the server again.", "Jira is not configured.")
}

// CheckSCIM returns the fault of a SCIM setting that can't be used. To change anybody as if SCIM were not there would be wrong then: it is there,
// and can't be reached. Nil where SCIM works, and where nothing is set for it.
func (d *Directory) CheckSCIM() error {
	if d.scimBroken {
		return d.scimMissing
	}
	return nil
}

// SCIM returns the SCIM client, or the fault that names the missing setting.
func (d *Directory) SCIM() (*scim.Client, error) {
	if d.scim == nil && d.scimMissing != nil {
		return nil, d.scimMissing
	}
	if d.scim == nil {
		return nil, fault.New(fault.NotConfigured, "Set ATLASSIAN_SCIM_DIRECTORY_ID and ATLASSIAN_SCIM_TOKEN and start the server again.", "SCIM is not configured.")
	}
	return d.scim, nil
}

// permissionsAge is for how long an answer about the credential's own permissions is believed.
const permissionsAge = 5 * time.Minute

// Myself returns the account that owns the Jira credential. It is asked once: a credential never changes its owner.
func (d *Directory) Myself(ctx context.Context) (jira.User, error) {
	client, err := d.Jira()
	if err != nil {
		return jira.User{}, err
	}
	return d.me.get(ctx, 0, client.Myself)
}

// Permissions asked in one request, whatever the tool needs of them.
const (
	PermissionBrowseUsers    = "USER_PICKER"
	PermissionAdministerJira = "ADMINISTER"
	PermissionSystemAdmin    = "SYSTEM_ADMIN"
)

// Permissions returns the global permissions of the Jira credential, at most five minutes old.
func (d *Directory) Permissions(ctx context.Context) (map[string]bool, error) {
	client, err := d.Jira()
	if err != nil {
		return nil, err
	}
	return d.may.get(ctx, permissionsAge, func(ctx context.Context) (map[string]bool, error) {
		return client.MyPermissions(ctx, PermissionBrowseUsers, PermissionAdministerJira)
	})
}

// mayBrowse turns an empty answer into the truth: nobody is there only when the credential may browse users
// (an empty list is what Jira gives to one that may not).
func (d *Directory) mayBrowse(ctx context.Context) error {
	permissions, err := d.Permissions(ctx)
	if rest.IsStatus(err, http.StatusUnauthorized) || rest.IsStatus(err, http.StatusForbidden) {
		return fault.New(fault.PermissionDenied, "Give the token the scope read:jira-work (or read:permission:jira) and try again.",
			"Jira found nobody, and does not tell this token what it may see. Whether the person exists is not known.").Because(err)
	}
	if err != nil {
		return err
	}
	if !permissions[PermissionBrowseUsers] {
		return fault.New(fault.PermissionDenied,
			"Give the token's owner the global permission Browse users and groups (Jira settings, System, Global permissions), or use another account's token.",
			"The Jira credential may not browse users, so Jira answers with an empty list. Whether the person exists is not known.")
	}
	return nil
}

// remembered keeps one value that many goroutines ask for; a failed question is asked again by the next.
type remembered[T any] struct {
	once  sync.Once
	turn  chan struct{} // held by whoever asks; the others wait as long as their contexts let them
	value T
	at    time.Time
}

// get returns the value, asking when there is none or it is older than age (0 = never too old).
func (r *remembered[T]) get(ctx context.Context, age time.Duration, ask func(context.Context) (T, error)) (T, error) {
	var none T
	r.once.Do(func() { r.turn = make(chan struct{}, 1) })
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
	if !r.at.IsZero() && (age == 0 || time.Since(r.at) < age) {
		return r.value, nil
	}
	value, err := ask(ctx)
	if err != nil {
		return none, err
	}
	r.value, r.at = value, time.Now()
	return value, nil
}

// forget makes the next get ask again.
func (r *remembered[T]) forget() {
	r.once.Do(func() { r.turn = make(chan struct{}, 1) })
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	r.at = time.Time{}
}
