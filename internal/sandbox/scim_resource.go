package sandbox

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/elimity-com/scim/schema"
)

// scimUserBody is a user as the directory shows it (ScimUser).
type scimUserBody struct {
	Schemas []string `json:"schemas"`
	ID      string   `json:"id"`
	profile
	Groups    []scimReference     `json:"groups"`
	Atlassian *atlassianExtension `json:"urn:scim:schemas:extension:atlassian-external:1.0,omitempty"`
	Meta      scimMeta            `json:"meta"`
}

type scimGroupBody struct {
	Schemas     []string        `json:"schemas"`
	ID          string          `json:"id"`
	ExternalID  string          `json:"externalId,omitempty"`
	DisplayName string          `json:"displayName"`
	Members     json.RawMessage `json:"members"`
	Meta        scimMeta        `json:"meta"`
}

type scimReference struct {
	Type    string `json:"type"`
	Value   string `json:"value"`
	Display string `json:"display"`
	Ref     string `json:"$ref"`
}

type atlassianExtension struct {
	AccountID string `json:"atlassianAccountId"`
}

type scimMeta struct {
	ResourceType string    `json:"resourceType"`
	Location     string    `json:"location"`
	Created      time.Time `json:"created"`
	LastModified time.Time `json:"lastModified"`
}

var (
	userSchemas  = []string{schema.UserSchema, enterpriseSchema, atlassianSchema}
	groupSchemas = []string{schema.GroupSchema}
)

// userResource returns the account's SCIM user as m has it.
func (c *call) userResource(m *model, a *account) *scimUserBody {
	body := &scimUserBody{
		Schemas: userSchemas, ID: a.scim.id, profile: a.scim.profile, Groups: []scimReference{},
		Meta: scimMeta{"USER", c.base + "/Users/" + a.scim.id, a.scim.created, a.scim.modified},
	}
	for _, index := range m.groupsOf(a.index) {
		if g := m.groups[index]; g.scim() {
			body.Groups = append(body.Groups, scimReference{"Group", g.scimID, g.name, c.base + "/Groups/" + g.scimID})
		}
	}
	if !a.scim.linked.After(time.Now()) {
		body.Atlassian = &atlassianExtension{a.id}
	}
	return body
}

// groupResource returns the SCIM group with its members as m has it.
func (c *call) groupResource(m *model, g *group) *scimGroupBody {
	b := []byte{'['}
	comma := separator()
	var room scratch
	m.eachMember(&g.members, func(index int) {
		a := m.look(index, &room)
		if a.scim == nil {
			return
		}
		b = append(comma(b), `{"type":"User","value":`...)
		b = appendString(b, a.scim.id)
		b = append(b, `,"display":`...)
		b = append(appendString(b, a.scim.profile.UserName), '}')
	})
	return &scimGroupBody{
		Schemas: groupSchemas, ID: g.scimID, ExternalID: g.externalID, DisplayName: g.name, Members: append(b, ']'),
		Meta: scimMeta{"GROUP", c.base + "/Groups/" + g.scimID, g.created, g.modified},
	}
}

// rawAttributes splits a resource into its attributes, without those that the library adds.
func rawAttributes(v any) map[string]any {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only types of this package get here, and they all encode
	}
	var raw map[string]json.RawMessage
	_ = json.Unmarshal(data, &raw) // what was just encoded decodes
	attributes := make(map[string]any, len(raw))
	for name, value := range raw {
		if !slices.Contains([]string{"schemas", "id", "externalId", "meta"}, name) {
			attributes[name] = value
		}
	}
	return attributes
}
