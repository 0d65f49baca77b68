package sandbox

import (
	"bufio"
	"encoding/json"
	"strconv"
)

// OrgAccount is what is so of an account in the organization, also what reads do not show yet.
type OrgAccount struct {
	AccountID string `json:"accountId"`
	Email     string `json:"email"`
	// Status is the composite status; of an account that is going to be deleted "for_deletion".
	Status           string   `json:"status"`
	AccountStatus    string   `json:"accountStatus"`
	MembershipStatus string   `json:"membershipStatus"`
	Managed          bool     `json:"managed"`
	Roles            []string `json:"roles,omitempty"`   // platform roles
	Tokens           []string `json:"tokens,omitempty"`  // ids of the API tokens that live
	Message          string   `json:"message,omitempty"` // with which the account was disabled
}

// OrgAccount returns the account with this e-mail address; ok is false when the organization has none.
func (s *Sandbox) OrgAccount(email string) (account OrgAccount, ok bool) {
	s.world.read(func(_, now *model) {
		var room scratch
		if a := now.look(now.byEmail(email), &room); a != nil && a.inOrg() {
			account, ok = now.orgAccount(a), true
		}
	})
	return account, ok
}

func (m *model) orgAccount(a *account) OrgAccount {
	state := OrgAccount{
		AccountID: a.id, Email: a.email, Status: a.filteredStatus(), AccountStatus: a.accountStatus(), MembershipStatus: a.membershipStatus(),
		Managed: a.managed, Roles: m.platformRoles(a, m.groupsOf(a.index)),
	}
	for _, t := range m.tokensOf(a) {
		state.Tokens = append(state.Tokens, t.id(m, a.index))
	}
	if a.org != nil {
		state.Message = a.org.message
	}
	return state
}

// writeOrganization writes the organization's accounts, and what it is like.
func (s *Sandbox) writeOrganization(m *model, out *bufio.Writer) {
	_, _ = out.WriteString(`{"id":"` + OrgID + `","events":` + strconv.Itoa(s.log.size()) + `,"all_tokens_revoked":` + strconv.FormatBool(m.noTokens) + `,"users":[`)
	next := separator()
	room := scratch{brief: true}
	for index := range m.next {
		a := m.look(index, &room)
		if a == nil || !a.inOrg() {
			continue
		}
		data, err := json.Marshal(m.orgAccount(a))
		if err != nil {
			panic(err) // a struct of strings always encodes
		}
		if _, err := out.Write(append(next(out.AvailableBuffer()), data...)); err != nil {
			return // the client has gone
		}
	}
	_, _ = out.WriteString(`]}`)
}
