package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
)

// accountUser is a profile as the service tells it.
func (m *model) accountUser(a *account) map[string]any {
	user := map[string]any{
		"account_id": a.id, "account_type": "atlassian", "account_status": a.accountStatus(), "name": a.display, "nickname": a.display, "email": a.email,
		"picture": avatarOf(a), "zoneinfo": a.timezone, "locale": strings.ReplaceAll(a.locale, "_", "-"),
	}
	if a.scim != nil {
		user["extended_profile"] = map[string]string{"job_title": a.scim.profile.Title, "department": a.scim.profile.Department}
	}
	return user
}

// profile serves GET manage/profile.
func (c *call) profile() {
	var room scratch
	if a := c.managed(&room); a != nil {
		c.json(http.StatusOK, map[string]any{"account": c.now.accountUser(a)})
	}
}

// changeProfile serves PATCH manage/profile: name, nickname and zoneinfo.
func (c *call) changeProfile() {
	var room scratch
	a := c.managed(&room)
	if a == nil {
		return
	}
	var body map[string]any
	if json.Unmarshal(c.sent, &body) != nil {
		c.manageError(http.StatusBadRequest, "bodyParseFailure")
		return
	}
	if reason := a.restriction("profile.write"); reason != "" {
		fields := map[string]any{}
		for _, field := range profileFields {
			if _, changed := body[field]; changed {
				fields[field] = rule(reason)
			}
		}
		if len(fields) > 0 {
			c.json(http.StatusForbidden, map[string]any{"key": "forbidden.fieldMutation", "context": fields})
			return
		}
	}
	name, named := body["name"].(string)
	zone, zoned := body["zoneinfo"].(string)
	if len(name) > 100 {
		c.violation("name", "maxLength")
		return
	}
	index := a.index
	c.commit(func(m *model) {
		a := m.keep(index)
		if named && name != "" {
			a.display = name
		}
		if zoned && zone != "" {
			a.timezone = zone
		}
		m.happens("managed_account_profile_updated", index, -1, "")
	})
	c.json(http.StatusOK, map[string]any{"account": c.now.accountUser(c.now.look(index, &room))})
}

// violation answers 400 for a field.
func (c *call) violation(field, constraint string) {
	c.json(http.StatusBadRequest, map[string]any{"key": "fieldConstraintsViolated", "context": map[string]any{
		"fieldViolations": []any{map[string]any{"field": field, "violations": []any{map[string]string{"key": constraint}}}},
	}})
}

// setEmail serves PUT manage/email. The domain has to be a verified one.
func (c *call) setEmail() {
	var room scratch
	a := c.permitted(&room, "email.set")
	if a == nil {
		return
	}
	var body struct {
		Email string `json:"email"`
	}
	if json.Unmarshal(c.sent, &body) != nil {
		c.manageError(http.StatusBadRequest, "bodyParseFailure")
		return
	}
	_, domain, found := strings.Cut(body.Email, "@")
	switch other := c.now.byEmail(body.Email); {
	case !found || other >= 0 && other != a.index:
		c.violation("email", "unique")
	case !ownDomain(body.Email):
		c.json(http.StatusForbidden, map[string]any{"key": "forbidden.unclaimedDomain", "context": map[string]string{"domain": domain}})
	default:
		index := a.index
		c.commit(func(m *model) {
			a := m.keep(index)
			m.forget(a)
			a.email = body.Email
			m.store(a)
			m.happens("managed_account_email_changed", index, -1, "")
		})
		c.empty(http.StatusNoContent)
	}
}
