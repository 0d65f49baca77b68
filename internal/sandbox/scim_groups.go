package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	filter "github.com/scim2/filter-parser/v2"
)

// groupResources stores what the library has checked. It runs inside the world's lock.
type groupResources struct{ c *call }

func (r groupResources) group(id string) (*group, error) {
	g := r.c.now.groupByID(r.c.now.scimIDs, id)
	if g == nil {
		return nil, scimerrors.ScimErrorResourceNotFound(id)
	}
	return g, nil
}

func (r groupResources) resource(g *group) scim.Resource {
	resource := scim.Resource{
		ID: g.scimID, Attributes: rawAttributes(r.c.groupResource(r.c.now, g)),
		Meta: scim.Meta{Created: &g.created, LastModified: &g.modified},
	}
	if g.externalID != "" {
		resource.ExternalID = optional.NewString(g.externalID)
	}
	return resource
}

// Get serves GET /Groups/{id}.
func (r groupResources) Get(_ *http.Request, id string) (scim.Resource, error) {
	g, err := r.group(id)
	if err != nil {
		return scim.Resource{}, err
	}
	return r.resource(g), nil
}

// GetAll is not used: see scimList.
func (r groupResources) GetAll(*http.Request, scim.ListRequestParams) (scim.Page, error) {
	return scim.Page{}, scimerrors.ScimErrorInternal
}

// Create serves POST /Groups. The group appears in Jira too, under an id of its own.
func (r groupResources) Create(_ *http.Request, attributes scim.ResourceAttributes) (scim.Resource, error) {
	name, _ := attributes["displayName"].(string)
	if strings.TrimSpace(name) == "" {
		return scim.Resource{}, scimerrors.ScimErrorInvalidValue
	}
	m := r.c.now
	if m.groupByName(name, (*group).scim) != nil {
		return scim.Resource{}, scimerrors.ScimErrorUniqueness
	}
	members, err := r.members(attributes["members"], http.StatusBadRequest)
	if err != nil {
		return scim.Resource{}, err
	}
	index, now := len(m.groups), time.Now().UTC()
	external, _ := attributes["externalId"].(string)
	r.c.commit(func(m *model) {
		m.addGroup(group{
			index: index, id: uuid(m.pop.seed, saltGroup, uint64(index)), name: name, externalID: external,
			scimID: uuid(m.pop.seed, saltSCIMGroup, uint64(index)), created: now, modified: now,
		})
		for _, member := range members {
			m.join(index, member)
		}
	})
	return r.resource(m.groups[index]), nil
}

// Replace serves PUT /Groups/{id}.
func (r groupResources) Replace(_ *http.Request, id string, attributes scim.ResourceAttributes) (scim.Resource, error) {
	g, err := r.group(id)
	if err != nil {
		return scim.Resource{}, err
	}
	if name, _ := attributes["displayName"].(string); name != g.name {
		return scim.Resource{}, scimerrors.ScimErrorMutability
	}
	members, err := r.members(attributes["members"], http.StatusBadRequest)
	if err != nil {
		return scim.Resource{}, err
	}
	return r.change(g, r.others(g, members), members), nil
}

// Patch serves PATCH /Groups/{id}: members come and go, the name stays.
func (r groupResources) Patch(_ *http.Request, id string, operations []scim.PatchOperation) (scim.Resource, error) {
	g, err := r.group(id)
	if err != nil {
		return scim.Resource{}, err
	}
	var leave, join []int
	for _, o := range operations {
		name, value := "", o.Value
		if o.Path != nil {
			name = o.Path.AttributePath.AttributeName
		} else if values, ok := o.Value.(map[string]any); ok {
			if value, ok = values["members"]; ok {
				name = "members"
			} else if value, ok = values["displayName"]; ok {
				name = "displayName"
			}
		}
		switch {
		case strings.EqualFold(name, "displayName"):
			if value != g.name {
				return scim.Resource{}, scimerrors.ScimErrorMutability
			}
			continue
		case !strings.EqualFold(name, "members"):
			return scim.Resource{}, scimerrors.ScimErrorInvalidPath
		}
		named, err := r.named(o, value)
		switch {
		case err != nil:
			return scim.Resource{}, err
		case o.Op == scim.PatchOperationRemove && o.Path.ValueExpression == nil && value == nil:
			leave, join = r.others(g, nil), nil
		case o.Op == scim.PatchOperationRemove:
			join = slices.DeleteFunc(join, func(x int) bool { return slices.Contains(named, x) })
			leave = append(leave, named...)
		case o.Op == scim.PatchOperationReplace:
			leave, join = r.others(g, named), named
		default:
			join = append(join, named...)
		}
	}
	leave = slices.DeleteFunc(leave, func(x int) bool { return slices.Contains(join, x) })
	return r.change(g, leave, join), nil
}

// named returns the accounts that an operation is about: those of its value, or the one in members[value eq "ID"].
func (r groupResources) named(o scim.PatchOperation, value any) ([]int, error) {
	if o.Path == nil || o.Path.ValueExpression == nil {
		return r.members(value, http.StatusNotFound)
	}
	comparison, ok := o.Path.ValueExpression.(*filter.AttributeExpression)
	if !ok || comparison.Operator != filter.EQ || !strings.EqualFold(comparison.AttributePath.AttributeName, "value") {
		return nil, scimerrors.ScimErrorInvalidPath
	}
	return r.members([]any{map[string]any{"value": comparison.CompareValue}}, http.StatusNotFound)
}

// members returns the accounts behind a members attribute. One that does not exist is an error with the given status: the specification has
// 400 for PUT and 404 for PATCH.
func (r groupResources) members(value any, status int) ([]int, error) {
	items, _ := value.([]any)
	var members []int
	for _, item := range items {
		parts, _ := item.(map[string]any)
		id, _ := parts["value"].(string)
		index := r.c.now.bySCIMID(id)
		if index < 0 {
			return nil, scimerrors.ScimError{Status: status, Detail: "User " + id + " does not exist."}
		}
		members = append(members, index)
	}
	return members, nil
}

// others returns the members of the group that are not among the given ones.
func (r groupResources) others(g *group, members []int) []int {
	var others []int
	r.c.now.eachMember(&g.members, func(index int) {
		if !slices.Contains(members, index) {
			others = append(others, index)
		}
	})
	return others
}

func (r groupResources) change(g *group, leave, join []int) scim.Resource {
	index, now := g.index, time.Now().UTC()
	r.c.commit(func(m *model) {
		for _, member := range leave {
			m.leave(index, member)
		}
		for _, member := range join {
			m.join(index, member)
		}
		m.groups[index].modified = now
	})
	return r.resource(r.c.now.groups[index])
}

// Delete serves DELETE /Groups/{id}: the group goes from Jira too.
func (r groupResources) Delete(_ *http.Request, id string) error {
	g, err := r.group(id)
	if err != nil {
		return err
	}
	index := g.index
	r.c.commit(func(m *model) { m.dropGroup(index) })
	return nil
}
