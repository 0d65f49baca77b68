package scim

import (
	"encoding/json"
	"maps"

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

// User is a provisioned person. The fields up to Active may be changed and sent back with [Client.ReplaceUser], which keeps every attribute that is not here.
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

	raw map[string]json.RawMessage // the resource as it came, for replace
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
	return json.Unmarshal(data, &u.raw)
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

// resource is the whole resource with u's fields put into it, for PUT: an attribute left out would be cleared.
func (u User) resource() (map[string]any, error) {
	old, err := u.was()
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(u.raw)+8)
	for k, v := range u.raw {
		out[k] = v
	}
	// Read-only attributes are the service's to say.
	for _, readOnly := range []string{"id", "meta", "groups", schemaAtlassian} {
		delete(out, readOnly)
	}
	out["schemas"] = u.schemas(out)
	out["active"] = u.Active // explicit, always: a missing one neither activates nor deactivates
	set := func(key, was, is string) {
		if was != is || u.raw == nil && is != "" {
			out[key] = is
		}
	}
	set("userName", old.UserName, u.UserName)
	set("externalId", old.ExternalID, u.ExternalID)
	set("displayName", old.DisplayName, u.DisplayName)
	set("title", old.Title, u.Title)
	set("department", old.Department, u.Department)
	if old.GivenName != u.GivenName || old.FamilyName != u.FamilyName {
		out["name"], err = u.name()
		if err != nil {
			return nil, err
		}
	}
	if old.Email != u.Email {
		out["emails"], err = u.emails()
	}
	return out, err
}

// was is the user as it was read, to see what the caller changed.
func (u User) was() (User, error) {
	if u.raw == nil {
		return User{}, nil
	}
	data, err := json.Marshal(u.raw)
	if err != nil {
		return User{}, err
	}
	var old User
	return old, json.Unmarshal(data, &old)
}

func (u User) schemas(resource map[string]any) []string {
	schemas := []string{schemaUser}
	if _, ok := resource[schemaEnterprise]; ok {
		schemas = append(schemas, schemaEnterprise)
	}
	return schemas
}

// name is the name with other parts of it, such as the middle name, kept. The formatted form is dropped: it would contradict the new parts.
func (u User) name() (map[string]any, error) {
	out := map[string]any{}
	if raw, ok := u.raw["name"]; ok {
		if err := json.Unmarshal(raw, &out); err != nil {
			return nil, err
		}
	}
	delete(out, "formatted")
	maps.Copy(out, map[string]any{"givenName": u.GivenName, "familyName": u.FamilyName})
	return out, nil
}

// emails is the list of addresses with the primary one replaced.
func (u User) emails() ([]map[string]any, error) {
	var all []map[string]any
	if raw, ok := u.raw["emails"]; ok {
		if err := json.Unmarshal(raw, &all); err != nil {
			return nil, err
		}
	}
	at := 0
	for i, e := range all {
		if p, _ := e["primary"].(bool); p {
			at = i
			break
		}
	}
	if len(all) == 0 {
		all = []map[string]any{{"type": "work"}}
	}
	all[at]["value"], all[at]["primary"] = u.Email, true
	return all, nil
}
