package directory

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// byEmail asks for everybody who has the e-mail, side by side, then reads the account that this leads to. Jira finds active people with a visible
// e-mail, SCIM everyone that it provisions, the organization everyone that it knows; exact means equal without regard to case.
func (d *Directory) byEmail(ctx context.Context, client *jira.Client, email string, control bool, known func(string)) (Person, error) {
	var matches []jira.User
	var found *scim.User
	var org orgAnswer
	var links orgLinks
	all, all1 := parallel.WithContext(ctx)
	all.Go(func() (err error) {
		matches, err = client.SearchUsers(all1, email, 0, searchDepth)
		return err
	})
	others, others1 := parallel.WithContext(all1)
	if d.scim != nil {
		others.Go(func() error {
			user, ok, err := d.scim.FindUser(others1, email)
			if ok {
				found = &user
			}
			return err
		})
		if len(d.domains) == 0 && d.knownDomains() == nil {
			others.Go(func() error {
				_, err := d.firstSCIMPage(others1)
				return err
			})
		}
	}
	others.Go(func() (err error) {
		org, err = d.askOrg(others1, "", email)
		return err
	})
	others.Go(func() error {
		links = d.linksOf(others1, "", email)
		return nil
	})
	// Where SCIM and the organization lead to one account, it is read without waiting for Jira's search, which may still make the e-mail ambiguous.
	var early Person
	var earlyErr error
	ahead := ""
	all.Go(func() error {
		if err := others.Wait(); err != nil {
			return err
		}
		if ahead = agreed(found, org, links); ahead != "" {
			known(ahead)
			early, earlyErr = d.byFoundEmail(all1, client, ahead, found, links, org, control)
		}
		return nil
	})
	if err := errors.Join(all.Wait(), ctx.Err()); err != nil {
		return Person{}, err
	}
	exact := slices.DeleteFunc(slices.Clone(matches), func(u jira.User) bool { return !strings.EqualFold(u.EmailAddress, email) })
	add := func(u jira.User) {
		if u.AccountID != "" && !slices.ContainsFunc(exact, func(have jira.User) bool { return have.AccountID == u.AccountID }) {
			exact = append(exact, u)
		}
	}
	if found != nil {
		d.links.learn(*found)
		add(jira.User{AccountID: found.AccountID, DisplayName: found.DisplayName, EmailAddress: found.Email, Active: found.Active})
	}
	if o := org.account; o != nil {
		add(jira.User{AccountID: o.AccountID, DisplayName: o.Name, EmailAddress: o.Email, Active: o.Status == admin.StatusActive})
	}
	add(jira.User{AccountID: links.accountID, EmailAddress: email})
	switch {
	case len(exact) > 1:
		return Person{}, ambiguous(email, exact)
	case len(exact) == 0 && found != nil: // no account id yet
		return join(nil, found, true, d.knownDomains()), nil
	case len(exact) == 0 && org.unread != nil:
		return Person{}, org.unread // nobody is there only when everybody who might know was asked
	case len(exact) == 0:
		return Person{}, d.noSuchPerson(ctx, client, email, nil)
	}
	if ahead != "" { // it is among exact
		return early, earlyErr
	}
	known(exact[0].AccountID)
	return d.byFoundEmail(ctx, client, exact[0].AccountID, found, links, org, control)
}

// agreed is the account that everybody who knows one for an e-mail names, "" where nobody does or they differ.
func agreed(found *scim.User, org orgAnswer, links orgLinks) string {
	ids := []string{links.accountID}
	if found != nil {
		ids = append(ids, found.AccountID)
	}
	if org.account != nil {
		ids = append(ids, org.account.AccountID)
	}
	id := slices.Max(ids)
	if slices.ContainsFunc(ids, func(other string) bool { return other != "" && other != id }) {
		return ""
	}
	return id
}

// byFoundEmail reads the account that an e-mail led to. Where SCIM did not find the e-mail the account may still be in its directory under another
// one, which is looked for beside Jira's answer.
func (d *Directory) byFoundEmail(ctx context.Context, client *jira.Client, id string, found *scim.User, links orgLinks, org orgAnswer, control bool) (Person, error) {
	var user *jira.User
	var absent error
	answer := scimAnswer{user: found, settled: true}
	all, all1 := parallel.WithContext(ctx)
	all.Go(func() error {
		read, err := d.jiraUser(all1, client, id)
		if fault.Is(err, fault.NotFound) && (found != nil || org.account != nil) { // SCIM or the organization knows an account that this site does not
			absent = err
			return nil
		}
		user = &read
		return err
	})
	if found == nil || found.AccountID != id && found.AccountID != "" {
		all.Go(func() (err error) {
			answer, err = d.scimOfAccount(all1, id, links)
			return err
		})
	}
	if control && org.account != nil && org.account.Managed {
		all.Go(func() error {
			org.control, org.denied = d.askControl(all1, id, true)
			return nil
		})
	}
	if err := errors.Join(all.Wait(), ctx.Err()); err != nil {
		return Person{}, err
	}
	if absent != nil {
		user = nil
	}
	return d.joined(user, answer, org), nil
}
