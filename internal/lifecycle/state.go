package lifecycle

import (
	"context"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// State is what the services show of a subject at one moment.
type State struct {
	// User is the Jira account with all its groups, nil when the site does not have it.
	User *jira.User
	// SCIM is the SCIM user, nil when there is none or SCIM is not configured.
	SCIM *scim.User
	// Org is the account as the organization has it, nil when it has none or was not asked. Tokens are the account's API tokens, read for plans that
	// revoke them.
	Org    *directory.OrgAccount
	Tokens []admin.Token
	// Holders tell who has the things that a plan hands over, by action and id. They are read for the steps that are looked at; what is missing was
	// not read.
	Holders map[Action]map[string]found
	// Group is the Jira group that a plan creates or deletes, nil when it does not exist; SCIMGroup is the same on SCIM's side.
	Group     *jira.Group
	SCIMGroup *scim.Group
}

func (s State) inJiraGroup(id string) bool {
	return s.User != nil && slices.ContainsFunc(s.User.Groups, func(g jira.Group) bool { return g.ID == id })
}

func (s State) inSCIMGroup(id string) bool {
	return s.SCIM != nil && slices.ContainsFunc(s.SCIM.Groups, func(g scim.GroupRef) bool { return g.ID == id })
}

func (s State) hasToken(id string) bool {
	return slices.ContainsFunc(s.Tokens, func(t admin.Token) bool { return t.ID == id })
}

// accountID is the account that the state leads to, "" while nobody knows it.
func (s State) accountID() string {
	switch {
	case s.User != nil:
		return s.User.AccountID
	case s.SCIM != nil && s.SCIM.AccountID != "":
		return s.SCIM.AccountID
	case s.Org != nil:
		return s.Org.AccountID
	}
	return ""
}

// observe reads the present state of a subject, all services side by side in one round trip. Someone whose ids are not known yet is looked
// for by e-mail, which costs a second one.
func (s *Service) observe(ctx context.Context, subject Subject) (State, error) {
	if subject.group != nil {
		return s.observeGroup(ctx, *subject.group)
	}
	var state State
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() (err error) {
		state.User, err = s.observeJira(both1, subject)
		return err
	})
	both.Go(func() (err error) {
		state.SCIM, err = s.observeSCIM(both1, subject)
		return err
	})
	if subject.seekOrg {
		both.Go(func() (err error) {
			state.Org, err = s.directory.OrgAccount(both1, subject.AccountID, subject.Email)
			return err
		})
	}
	if subject.seekTokens {
		both.Go(func() (err error) {
			state.Tokens, err = s.directory.Tokens(both1, subject.AccountID)
			return err
		})
	}
	if err := both.Wait(); err != nil {
		return State{}, err
	}
	if id := state.accountID(); state.User == nil && subject.AccountID == "" && id != "" {
		var err error
		subject.AccountID = id
		state.User, err = s.observeJira(ctx, subject)
		return state, err
	}
	return state, nil
}

func (s *Service) observeJira(ctx context.Context, subject Subject) (*jira.User, error) {
	client, err := s.directory.Jira()
	if err != nil {
		return nil, err
	}
	id := subject.AccountID
	if id == "" {
		matches, err := client.SearchUsers(ctx, subject.Email, 0, 50)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(matches, func(u jira.User) bool { return strings.EqualFold(u.EmailAddress, subject.Email) })
		if i < 0 {
			return nil, nil
		}
		id = matches[i].AccountID
	}
	user, err := client.User(ctx, id)
	if rest.IsStatus(err, 404) {
		return nil, nil
	}
	if err == nil && !user.GroupsComplete {
		user.Groups, err = client.UserGroups(ctx, id)
	}
	return &user, err
}

func (s *Service) observeSCIM(ctx context.Context, subject Subject) (*scim.User, error) {
	if !s.directory.HasSCIM() || subject.SCIMID == "" && !subject.seekSCIM {
		return nil, nil
	}
	client, err := s.directory.SCIM()
	if err != nil {
		return nil, err
	}
	if subject.SCIMID == "" {
		user, ok, err := client.FindUser(ctx, subject.Email)
		if err != nil || !ok {
			return nil, err
		}
		return &user, nil
	}
	user, err := client.User(ctx, subject.SCIMID)
	if rest.IsStatus(err, 404) {
		return nil, nil
	}
	return &user, err
}

// observeGroup reads whether a group exists, on both sides.
func (s *Service) observeGroup(ctx context.Context, group directory.Group) (State, error) {
	client, err := s.directory.Jira()
	if err != nil {
		return State{}, err
	}
	query := jira.GroupQuery{IDs: []string{group.ID}}
	if group.ID == "" {
		query = jira.GroupQuery{Names: []string{group.Name}}
	}
	var state State
	both, both1 := parallel.WithContext(ctx)
	both.Go(func() error {
		page, err := client.Groups(both1, query, 0, 2)
		if err == nil && len(page.Groups) > 0 {
			state.Group = &page.Groups[0]
		}
		if rest.IsStatus(err, 404) {
			return nil
		}
		return err
	})
	both.Go(func() error {
		found, ok, err := s.directory.SCIMGroup(both1, group.Name)
		if ok {
			state.SCIMGroup = &found
		}
		return err
	})
	return state, both.Wait()
}

// stateOf is the state that a person was joined from.
func stateOf(p directory.Person) State {
	var st State
	if slices.Contains(p.Sources, directory.SourceJira) {
		st.User = &jira.User{AccountID: p.AccountID, Active: p.Active, DisplayName: p.DisplayName, GroupsComplete: true}
		for _, g := range p.Groups {
			st.User.Groups = append(st.User.Groups, jira.Group{ID: g.ID, Name: g.Name})
		}
	}
	if p.SCIM != nil {
		st.SCIM = &scim.User{ID: p.SCIM.ID, UserName: p.SCIM.UserName, Active: p.SCIM.Active, AccountID: p.AccountID, Groups: p.SCIM.Groups}
	}
	st.Org = p.Org
	if p.Control != nil {
		st.Tokens = p.Control.Tokens
	}
	return st
}
