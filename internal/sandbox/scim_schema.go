package sandbox

import (
	"net/http"
	"strings"
	"sync"

	"github.com/elimity-com/scim"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// Schema URIs.
const (
	enterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	atlassianSchema  = "urn:scim:schemas:extension:atlassian-external:1.0"
	scimErrorSchema  = "urn:ietf:params:scim:api:messages:2.0:Error"
	scimListSchema   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
)

func text(name string) schema.SimpleParams {
	return schema.SimpleStringParams(schema.StringParams{Name: name})
}

func readOnly(name string) schema.SimpleParams {
	return schema.SimpleStringParams(schema.StringParams{Name: name, CaseExact: true, Mutability: schema.AttributeMutabilityReadOnly()})
}

// resourceTypes returns the two resource types with the attributes of Atlassian's specification: fewer than RFC 7643 has, and department and
// organization also at the top. They are made on the first request to the directory, so that a process that does not use it pays nothing.
var resourceTypes = sync.OnceValue(func() [2]scim.ResourceType {
	values := []schema.SimpleParams{text("value"), text("type"), schema.SimpleBooleanParams(schema.BooleanParams{Name: "primary"})}
	user := schema.Schema{ID: schema.UserSchema, Name: optional.NewString("User"), Description: optional.NewString("User Account")}
	user.Attributes = append(user.Attributes, schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{
		Name: "userName", Required: true, Uniqueness: schema.AttributeUniquenessServer(),
	})))
	for _, name := range strings.Fields("displayName nickName title preferredLanguage department organization timezone") {
		user.Attributes = append(user.Attributes, schema.SimpleCoreAttribute(text(name)))
	}
	user.Attributes = append(user.Attributes,
		schema.SimpleCoreAttribute(schema.SimpleBooleanParams(schema.BooleanParams{Name: "active"})),
		schema.ComplexCoreAttribute(schema.ComplexParams{Name: "name", SubAttributes: []schema.SimpleParams{
			text("formatted"), text("familyName"), text("givenName"), text("middleName"), text("honorificPrefix"), text("honorificSuffix"),
		}}),
		schema.ComplexCoreAttribute(schema.ComplexParams{Name: "emails", MultiValued: true, Required: true, SubAttributes: values}),
		schema.ComplexCoreAttribute(schema.ComplexParams{Name: "phoneNumbers", MultiValued: true, SubAttributes: values}),
		schema.ComplexCoreAttribute(schema.ComplexParams{
			Name: "groups", MultiValued: true, Mutability: schema.AttributeMutabilityReadOnly(),
			SubAttributes: []schema.SimpleParams{readOnly("type"), readOnly("value"), readOnly("display"), readOnly("$ref")},
		}),
	)
	group := schema.Schema{ID: schema.GroupSchema, Name: optional.NewString("Group"), Description: optional.NewString("Group")}
	group.Attributes = schema.Attributes{
		schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{Name: "displayName", Required: true, Uniqueness: schema.AttributeUniquenessServer()})),
		schema.ComplexCoreAttribute(schema.ComplexParams{
			Name: "members", MultiValued: true,
			SubAttributes: []schema.SimpleParams{text("type"), text("value"), text("display"), text("$ref")},
		}),
	}
	extension := schema.Schema{ID: enterpriseSchema, Name: optional.NewString("EnterpriseUser"), Attributes: schema.Attributes{
		schema.SimpleCoreAttribute(text("organization")), schema.SimpleCoreAttribute(text("department")),
	}}
	atlassian := schema.Schema{ID: atlassianSchema, Name: optional.NewString("AtlassianExternal"), Attributes: schema.Attributes{
		schema.SimpleCoreAttribute(readOnly("atlassianAccountId")),
	}}
	return [2]scim.ResourceType{
		{
			ID: optional.NewString("User"), Name: "User", Endpoint: "/Users", Description: optional.NewString("User Account"), Schema: user,
			SchemaExtensions: []scim.SchemaExtension{{Schema: extension}, {Schema: atlassian}},
		},
		{ID: optional.NewString("Group"), Name: "Group", Endpoint: "/Groups", Description: optional.NewString("Group"), Schema: group},
	}
})

// scimServer returns the library's server for one request. It answers discovery itself; resources go to the handlers.
func (c *call) scimServer(base string) (http.Handler, error) {
	types := resourceTypes()
	types[0].Handler, types[1].Handler = userResources{c}, groupResources{c}
	if !strings.Contains(c.path, "/ResourceTypes") {
		// The specification writes meta.resourceType in capitals, and the resource types' own names not.
		types[0].Name, types[1].Name = "USER", "GROUP"
	}
	return scim.NewServer(&scim.ServerArgs{
		ServiceProviderConfig: &scim.ServiceProviderConfig{
			MaxResults: scimPage, SupportFiltering: true, SupportPatch: true,
			AuthenticationSchemes: []scim.AuthenticationScheme{{
				Type: scim.AuthenticationTypeOauthBearerToken, Name: "OAuth Bearer Token", Description: "Authentication with the directory's API key", Primary: true,
			}},
		},
		ResourceTypes: types[:],
	}, scim.WithBaseURL(base))
}
