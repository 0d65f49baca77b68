package directory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Candidate is one of several people that a name could mean, or one who is near to what was asked for.
type Candidate struct {
	AccountID   string `json:"account_id"`
	DisplayName string `json:"display_name"`
	Email       string `json:"email,omitempty"`
	Active      bool   `json:"active"`
}

// Others are the details of an error that names nobody: who may be meant.
type Others struct {
	Candidates []Candidate `json:"candidates,omitempty"`
	Near       []Candidate `json:"near,omitempty"`
}

// Text lists them, a line each.
func (o Others) Text() string {
	var b strings.Builder
	for _, c := range slices.Concat(o.Candidates, o.Near) {
		fmt.Fprintf(&b, "- %s, %s, %s, account_id %s\n", c.DisplayName, cmp.Or(c.Email, "e-mail hidden"), state(c.Active), c.AccountID)
	}
	return strings.TrimRight(b.String(), "\n")
}

// OtherGroups are the details of an error about a name that several groups have.
type OtherGroups struct {
	Candidates []Group `json:"candidates"`
}

// Text lists them, a line each.
func (o OtherGroups) Text() string {
	var b strings.Builder
	for _, g := range o.Candidates {
		fmt.Fprintf(&b, "- %s, group_id %s\n", g.Name, g.ID)
	}
	return strings.TrimRight(b.String(), "\n")
}
