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
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// searchDepth is how many matches a name or an e-mail is looked for among.
const searchDepth = 50

// Resolve finds the one person that target means, joined from Jira, SCIM and the organization, with the groups.
//
// It costs one round trip by account id when the link to SCIM is known (two at first), two by e-mail, and three by name; the organization is asked
// beside. One that can't be asked is no error where the others lead to somebody: [Person.OrgUnread] says so.
// Errors are faults: not_found with near matches, ambiguous with candidates, permission_denied where an empty answer proves nothing.
func (d *Directory) Resolve(ctx context.Context, target Target) (Person, error) {
	return d.resolve(ctx, target, false, func(string) {})
}

// ResolveToChange is Resolve for whoever is to be changed: it also asks what the organization's key may do to an account that it owns, and for its API
// tokens ([Person.Control]). By account id that costs one round trip more, by e-mail none.
func (d *Directory) ResolveToChange(ctx context.Context, target Target) (Person, error) {
	return d.resolve(ctx, target, d.org != nil, func(string) {})
}

// ResolveAhead is ResolveToChange for whoever has more to read of the person: known is called with the account id as soon as there is one, before the
// account itself is read; at most once, and not for a target that is a name.
func (d *Directory) ResolveAhead(ctx context.Context, target Target, known func(accountID string)) (Person, error) {
	return d.resolve(ctx, target, d.org != nil, known)
}

func (d *Directory) resolve(ctx context.Context, target Target, control bool, known func(string)) (Person, error) {
	client, err := d.Jira()
	if err != nil {
		return Person{}, err
	}
	switch target.Kind {
	case ByAccountID:
		known(target.Value)
		return d.byAccountID(ctx, client, target.Value, control)
	case ByEmail:
		return d.byEmail(ctx, client, target.Value, control, known)
	case ByName:
		return d.byName(ctx, client, target.Value, control)
	}
	return Person{}, errors.New("directory: a target of no kind")
}

// byAccountID reads all services side by side. Whom Jira does not show on this site the organization may still know.
func (d *Directory) byAccountID(ctx context.Context, client *jira.Client, id string, control bool) (Person, error) {
	var user *jira.User
	var absent error
	var answer scimAnswer
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
	all.Go(func() (err error) {
		org, err = d.askOrg(all1, id, "")
		return err
	})
	all.Go(func() error {
		links = d.linksOf(all1, id, "")
		return nil
	})
	if control {
		all.Go(func() error {
			may, denied = d.askControl(all1, id, false)
			return nil
		})
	}
	if err := errors.Join(all.Wait(), ctx.Err()); err != nil {
		return Person{}, err
	}
	if absent != nil && org.account == nil {
		return Person{}, absent
	}
	second, second1 := parallel.WithContext(ctx)
	if !answer.settled {
		second.Go(func() (err error) {
			answer, err = d.scimBehind(second1, id, user, answer, links)
			return err
		})
	}
	if control && org.account != nil && org.account.Managed {
		org.control, org.denied = may, denied
		if may != nil && may.May.May(admin.MayReadTokens).Allowed {
			second.Go(func() error {
				may.Tokens, may.TokensUnread = d.org.AccountTokens(second1, id)
				return nil
			})
		}
	}
	if err := errors.Join(second.Wait(), ctx.Err()); err != nil {
		return Person{}, err
	}
	return d.joined(user, answer, org), nil
}

// scimBehind finds the SCIM user of an account that the remembered links did not lead to: by the organization's link, by the e-mail that Jira shows, by a
// bounded walk.
func (d *Directory) scimBehind(ctx context.Context, id string, user *jira.User, answer scimAnswer, links orgLinks) (scimAnswer, error) {
	if links.known {
		return d.scimByOrgLink(ctx, id, links)
	}
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

// jiraUser reads a user with all groups; a site that cuts the expansion short is asked again for them.
func (d *Directory) jiraUser(ctx context.Context, client *jira.Client, id string) (jira.User, error) {
	user, err := client.User(ctx, id)
	if rest.IsStatus(err, 404) {
		return jira.User{}, fault.New(fault.NotFound, "Check the id, or look the person up by e-mail.", "Jira has no account %s on this site.", id).Because(err)
	}
	if err != nil {
		return jira.User{}, err
	}
	if !user.GroupsComplete {
		user.Groups, err = client.UserGroups(ctx, id)
	}
	return user, err
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

// joined makes the person of a Jira user, nil where the site does not show one, and what SCIM and the organization said of the account.
func (d *Directory) joined(user *jira.User, answer scimAnswer, org orgAnswer) Person {
	p := join(user, answer.user, d.scim != nil, d.knownDomains())
	if user == nil && answer.user == nil && org.account != nil {
		o := *org.account
		p.AccountID, p.DisplayName, p.AccountType, p.Active = o.AccountID, o.Name, AccountTypePerson, o.Status == admin.StatusActive
		p.Warnings = append(p.Warnings, "The organization has this person, but Jira does not show the account on this site.")
	}
	if !answer.settled && (user == nil || user.AccountType == AccountTypePerson) {
		p.SCIMUnsure = true
		p.Warnings = append(p.Warnings, "No SCIM user has this e-mail, and not every SCIM user could be compared by account id (the directory is large, or has users whose account id is not known yet): whether SCIM manages the account under another address is not known.")
	}
	if d.org != nil {
		p.joinOrg(org)
	}
	return p
}

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
	if d.scim != nil {
		all.Go(func() error {
			user, ok, err := d.scim.FindUser(all1, email)
			if ok {
				found = &user
			}
			return err
		})
		if len(d.domains) == 0 && d.knownDomains() == nil {
			all.Go(func() error {
				_, err := d.firstSCIMPage(all1)
				return err
			})
		}
	}
	all.Go(func() (err error) {
		org, err = d.askOrg(all1, "", email)
		return err
	})
	all.Go(func() error {
		links = d.linksOf(all1, "", email)
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
	known(exact[0].AccountID)
	return d.byFoundEmail(ctx, client, exact[0].AccountID, found, links, org, control)
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

// byName accepts a display name that one person has, in any case of its letters. A name that only begins somebody's is not taken for theirs:
// those people come back as near matches.
func (d *Directory) byName(ctx context.Context, client *jira.Client, name string, control bool) (Person, error) {
	matches, err := searchUsers(ctx, client, name, 0, searchDepth)
	if err != nil {
		return Person{}, err
	}
	exact := slices.DeleteFunc(slices.Clone(matches), func(u jira.User) bool { return !strings.EqualFold(u.DisplayName, name) })
	switch len(exact) {
	case 0:
		return Person{}, d.noSuchPerson(ctx, client, name, matches)
	case 1:
		return d.byAccountID(ctx, client, exact[0].AccountID, control)
	}
	return Person{}, ambiguous(name, exact)
}

// maxCandidates caps the candidates that an error carries.
const maxCandidates = 10

func ambiguous(asked string, users []jira.User) error {
	return fault.New(fault.Ambiguous, "Ask which one is meant and use the account_id.", "%q means %d people.", asked, len(users)).
		With(Others{Candidates: candidates(users)})
}

func candidates(users []jira.User) []Candidate {
	list := make([]Candidate, 0, maxCandidates)
	for _, u := range users[:min(len(users), maxCandidates)] {
		list = append(list, Candidate{AccountID: u.AccountID, DisplayName: u.DisplayName, Email: u.EmailAddress, Active: u.Active})
	}
	return list
}

// noSuchPerson makes the not_found of an e-mail or a name that nobody has: after making sure that the credential could have seen
// somebody, and with people who are near to it: those whose name begins so, or who are written nearly so.
func (d *Directory) noSuchPerson(ctx context.Context, client *jira.Client, asked string, begins []jira.User) error {
	if err := d.mayBrowse(ctx); err != nil {
		return err
	}
	near := candidates(begins[:min(len(begins), 5)])
	if len(near) == 0 {
		var err error
		if near, err = nearMatches(ctx, client, asked); err != nil {
			return err
		}
	}
	hint := "Jira's search finds active people, and by e-mail only those who show it. For someone inactive use the account id, or audit_active_users, whose report lists every account."
	if len(near) > 0 {
		hint = "If one of the near matches is meant, use its account_id. " + hint
	}
	none := fault.New(fault.NotFound, hint, "Nobody found for %q.", asked)
	if len(near) > 0 {
		none.Details = Others{Near: near}
	}
	return none
}

// nearMatches searches for the start of what was asked and ranks what comes back by edit distance.
func nearMatches(ctx context.Context, client *jira.Client, asked string) ([]Candidate, error) {
	local, _, isEmail := strings.Cut(asked, "@")
	words := strings.FieldsFunc(local, func(r rune) bool { return r == ' ' || r == '.' || r == '_' || r == '-' })
	if len(words) == 0 {
		return nil, nil
	}
	prefix := []rune(words[0])
	users, err := client.SearchUsers(ctx, string(prefix[:min(len(prefix), 3)]), 0, searchDepth)
	if err != nil {
		return nil, err
	}
	type scored struct {
		user     jira.User
		distance int
	}
	var near []scored
	for _, u := range users {
		distance := editDistance(strings.ToLower(asked), strings.ToLower(u.DisplayName))
		if isEmail {
			distance = editDistance(strings.ToLower(strings.Join(words, " ")), strings.ToLower(u.DisplayName))
			if u.EmailAddress != "" {
				distance = min(distance, editDistance(strings.ToLower(asked), strings.ToLower(u.EmailAddress)))
			}
		}
		if distance <= max(2, len(asked)/4) {
			near = append(near, scored{u, distance})
		}
	}
	slices.SortStableFunc(near, func(a, b scored) int { return a.distance - b.distance })
	list := make([]jira.User, len(near))
	for i, n := range near {
		list[i] = n.user
	}
	return candidates(list[:min(len(list), 5)]), nil
}

// editDistance is Levenshtein's: the fewest insertions, deletions and replacements of runes that turn a into b.
func editDistance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(to)]
}
