package directory

import (
	"context"
	"net/http"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// orgLinks is what the organization knows of SCIM users in the directory that is configured here.
type orgLinks struct {
	known     bool   // it was asked, and answered
	scimID    string // "" = there is none
	accountID string // whose it is
}

// linksOf asks for the SCIM user of an account, or of an e-mail, in one request. It is not asked where the link is remembered. A key that may not ask
// leaves it unknown, and the longer ways are taken.
func (d *Directory) linksOf(ctx context.Context, id, email string) orgLinks {
	if d.org == nil || d.scim == nil {
		return orgLinks{}
	}
	if _, remembered := d.links.of(id); remembered && id != "" {
		return orgLinks{}
	}
	var found []admin.SCIMLink
	var err error
	if id != "" {
		found, err = d.org.SCIMLinks(ctx, id)
	} else {
		found, err = d.org.SCIMLinksByEmail(ctx, email)
	}
	if err != nil && !rest.IsStatus(err, http.StatusNotFound) {
		return orgLinks{}
	}
	links := orgLinks{known: true}
	for _, l := range found {
		if l.DirectoryID == d.scim.DirectoryID() {
			links.scimID, links.accountID = l.SCIMUserID, l.AccountID
		}
	}
	return links
}

// scimByOrgLink reads the SCIM user that the organization's link names. That there is none for the account is a proof.
func (d *Directory) scimByOrgLink(ctx context.Context, id string, links orgLinks) (scimAnswer, error) {
	if links.scimID == "" {
		return scimAnswer{settled: true}, nil
	}
	user, err := d.scim.User(ctx, links.scimID)
	switch {
	case rest.IsStatus(err, http.StatusNotFound), err == nil && user.AccountID != id && user.AccountID != "": // unlinked since, or another's
		return d.scimByWalk(ctx, id)
	case err != nil:
		return scimAnswer{}, err
	}
	user.AccountID = id
	d.links.learn(user)
	return scimAnswer{user: &user, settled: true}, nil
}

// scimOfAccount finds the SCIM user of an account whose e-mail SCIM does not have: it may be there under another one.
func (d *Directory) scimOfAccount(ctx context.Context, id string, byEmail orgLinks) (scimAnswer, error) {
	links := byEmail
	if links.scimID == "" || links.accountID != id && links.accountID != "" {
		links = d.linksOf(ctx, id, "")
	}
	if links.known {
		return d.scimByOrgLink(ctx, id, links)
	}
	return d.scimByWalk(ctx, id)
}
