package scim

import (
	"bytes"
	"encoding/json"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Schemas of RFC 7643 and of Atlassian's extension.
const (
	schemaUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	schemaEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	schemaAtlassian  = "urn:scim:schemas:extension:atlassian-external:1.0"
	schemaPatch      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

// GroupRef is a SCIM group that a user is in.
type GroupRef struct{ ID, Name string }

// User is a provisioned person. The fields up to Active may be changed and sent back with [Client.ReplaceUser], which keeps every
// attribute that is not here.
type User struct {
	ID          string // SCIM's own id, not the Atlassian account id
	UserName    string
	ExternalID  string
	DisplayName string
	GivenName   string
	FamilyName  string
	Title       string
	Department  string
	Email       string // the primary address
	Active      bool

	// AccountID is the Atlassian account id. It can be "" for some minutes after a create.
	AccountID string
	Groups    []GroupRef

	raw json.RawMessage // the resource as it came, for replace; nil from a list, where it would double the memory
}

// userWire is what is read of a resource.
type userWire struct {
	ID          string      `json:"id"`
	UserName    string      `json:"userName"`
	ExternalID  string      `json:"externalId"`
	DisplayName string      `json:"displayName"`
	Name        nameWire    `json:"name"`
	Title       string      `json:"title"`
	Department  string      `json:"department"`
	Emails      []emailWire `json:"emails"`
	Active      bool        `json:"active"`
	Groups      []struct {
		Value   string `json:"value"`
		Display string `json:"display"`
	} `json:"groups"`
	Enterprise struct {
		Department string `json:"department"`
	} `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
	Atlassian struct {
		AccountID string `json:"atlassianAccountId"`
	} `json:"urn:scim:schemas:extension:atlassian-external:1.0"`
}

type nameWire struct {
	GivenName  string `json:"givenName,omitempty"`
	FamilyName string `json:"familyName,omitempty"`
}

type emailWire struct {
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

// UnmarshalJSON reads a resource and keeps it whole for [Client.ReplaceUser].
func (u *User) UnmarshalJSON(data []byte) error {
	var w userWire
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*u = w.user()
	u.raw = bytes.Clone(data)
	return nil
}

func (w userWire) user() User {
	u := User{
		ID: rest.CleanID(w.ID), UserName: rest.Clean(w.UserName), ExternalID: rest.CleanID(w.ExternalID), DisplayName: rest.Clean(w.DisplayName),
		GivenName: rest.Clean(w.Name.GivenName), FamilyName: rest.Clean(w.Name.FamilyName),
		Title: rest.Clean(w.Title), Department: rest.Clean(w.Department),
		Email: rest.Clean(primary(w.Emails)), Active: w.Active, AccountID: rest.CleanID(w.Atlassian.AccountID),
	}
	if u.Department == "" {
		u.Department = rest.Clean(w.Enterprise.Department)
	}
	for _, g := range w.Groups {
		u.Groups = append(u.Groups, GroupRef{ID: rest.CleanID(g.Value), Name: rest.Clean(g.Display)})
	}
	return u
}

// primary is the address marked as primary, or the first where none is.
func primary(emails []emailWire) string {
	for _, e := range emails {
		if e.Primary {
			return e.Value
		}
	}
	if len(emails) > 0 {
		return emails[0].Value
	}
	return ""
}
