package scim

import (
	"context"
	"encoding/json"
	"net/http"
)

// ReplaceUser writes u back whole: the fields that [User] shows as u has them, every other attribute as the service has it, and active always
// explicit. A user that came from a list is read again for those other attributes.
//
// PUT …/Users/{userId}. Permission: the directory's token. 401: not this directory's. 400: an attribute is wrong. 404: no such user.
func (c *Client) ReplaceUser(ctx context.Context, u User) (User, error) {
	if u.raw == nil {
		now, err := c.User(ctx, u.ID)
		if err != nil {
			return User{}, err
		}
		u.raw = now.raw
	}
	body, err := u.resource()
	if err != nil {
		return User{}, refuse(http.MethodPut, root+users+"/"+idUsers, "the user that was read can't be written back: "+err.Error())
	}
	return c.changed(ctx, call{method: http.MethodPut, collection: users, param: idUsers, id: u.ID, body: body})
}

// resource is the whole resource with u's fields put into it: with PUT an attribute left out is cleared.
func (u User) resource() (map[string]any, error) {
	var old User
	if err := json.Unmarshal(u.raw, &old); err != nil {
		return nil, err
	}
	out := map[string]any{}
	if err := json.Unmarshal(u.raw, &out); err != nil {
		return nil, err
	}
	// What the service alone may say.
	for _, readOnly := range []string{"id", "meta", "groups", schemaAtlassian} {
		delete(out, readOnly)
	}
	out["schemas"] = schemasOf(out)
	out["active"] = u.Active // explicit, always: left out it neither activates nor deactivates

	// A field that was not changed keeps its original form, which may hold more than the cleaned text.
	set := func(in map[string]any, key, was, is string) {
		switch {
		case was == is:
		case is == "":
			delete(in, key)
		default:
			in[key] = is
		}
	}
	set(out, "userName", old.UserName, u.UserName)
	set(out, "externalId", old.ExternalID, u.ExternalID)
	set(out, "displayName", old.DisplayName, u.DisplayName)
	set(out, "title", old.Title, u.Title)
	set(out, "department", old.Department, u.Department)
	if old.GivenName != u.GivenName || old.FamilyName != u.FamilyName {
		name := object(out["name"])
		delete(name, "formatted") // it would contradict the new parts
		set(name, "givenName", old.GivenName, u.GivenName)
		set(name, "familyName", old.FamilyName, u.FamilyName)
		out["name"] = name
	}
	if enterprise := object(out[schemaEnterprise]); len(enterprise) > 0 {
		set(enterprise, "department", old.Department, u.Department)
	}
	if old.Email != u.Email {
		out["emails"] = withPrimary(out["emails"], u.Email)
	}
	return out, nil
}

func schemasOf(resource map[string]any) []string {
	schemas := []string{schemaUser}
	if _, ok := resource[schemaEnterprise]; ok {
		schemas = append(schemas, schemaEnterprise)
	}
	return schemas
}

func object(v any) map[string]any {
	if m, ok := v.(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

// withPrimary is a list of e-mail addresses whose primary one, or the first where none is, became address.
func withPrimary(v any, address string) []any {
	list, _ := v.([]any)
	at := -1
	for i, e := range list {
		if is, _ := object(e)["primary"].(bool); is {
			at = i
			break
		}
	}
	switch {
	case len(list) == 0:
		return []any{emailWire{Value: address, Type: "work", Primary: true}}
	case at < 0:
		at = 0
	}
	entry := object(list[at])
	entry["value"], entry["primary"] = address, true
	list[at] = entry
	return list
}
