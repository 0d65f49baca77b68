package directory

import (
	"context"
	"errors"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

// byAccountID reads all services side by side. Whom Jira does not show on this site the organization may still know.
func (d *Directory) byAccountID(ctx context.Context, client *jira.Client, id string, control bool) (Person, error) {
	var user *jira.User
	var absent error
	var answer, linked scimAnswer
	var org orgAnswer
	var links orgLinks
	var may *Control
	var denied error
	all, all1 := parallel.WithContext(ctx)
	all.Go(func() error {
		found, err := d.jiraUser(all1, client, id)
		if fault.Is(err, fault.NotFound) && d.org != nil {
			absent = err
			return nil
		}
		user = &found
		return err
	})
	all.Go(func() (err error) {
		answer, err = d.scimByLink(all1, id)
		return err
	})
	// What follows from the organization's answers is asked without waiting for Jira's.
	all.Go(func() (err error) {
		if links = d.linksOf(all1, id, ""); links.known {
			linked, err = d.scimByOrgLink(all1, id, links)
		}
		return err
	})
	all.Go(func() error {
		both, both1 := parallel.WithContext(all1)
		both.Go(func() (err error) {
			org, err = d.askOrg(both1, id, "")
			return err
		})
		if control {
			both.Go(func() error {
				may, denied = d.askControl(both1, id, false)
				return nil
			})
		}
		if err := both.Wait(); err != nil || !control || org.account == nil || !org.account.Managed {
			return err
		}
		if org.control, org.denied = may, denied; may != nil && may.May.May(admin.MayReadTokens).Allowed {
			may.Tokens, may.TokensUnread = d.org.AccountTokens(all1, id)
		}
		return nil
	})
	if err := errors.Join(all.Wait(), ctx.Err()); err != nil {
		return Person{}, err
	}
	if absent != nil && org.account == nil {
		return Person{}, absent
	}
	if !answer.settled {
		if links.known {
			answer = linked
		} else {
			var err error
			if answer, err = d.scimBehind(ctx, id, user, answer); err != nil {
				return Person{}, err
			}
		}
	}
	return d.joined(user, answer, org), nil
}

// scimBehind finds the SCIM user of an account that the remembered links did not lead to: by the e-mail that Jira shows, by a bounded walk.
func (d *Directory) scimBehind(ctx context.Context, id string, user *jira.User, answer scimAnswer) (scimAnswer, error) {
	if user == nil {
		return d.scimByWalk(ctx, id)
	}
	var err error
	if user.EmailAddress != "" && !strings.EqualFold(user.EmailAddress, answer.asked) {
		d.links.learnEmail(id, user.EmailAddress)
		if answer, err = d.scimByEmail(ctx, id, user.EmailAddress); err != nil {
			return answer, err
		}
	}
	if !answer.settled && user.AccountType == AccountTypePerson {
		return d.scimByWalk(ctx, id)
	}
	return answer, nil
}

// scimByEmail asks SCIM for the user with the e-mail that Jira shows. A user of another account does not count; one that has no
// account id yet is told by the e-mail.
func (d *Directory) scimByEmail(ctx context.Context, accountID, email string) (scimAnswer, error) {
	found, ok, err := d.scim.FindUser(ctx, email)
	if err != nil || !ok || found.AccountID != accountID && found.AccountID != "" {
		return scimAnswer{asked: email}, err
	}
	d.links.learn(found)
	return scimAnswer{user: &found, settled: true}, nil
}
