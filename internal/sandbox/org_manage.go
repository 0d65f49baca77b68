package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// privileges are what may be allowed on an account. profile is deprecated, and says what profile.write does.
var privileges = []string{
	"profile", "profile.write", "profile.read", "email.set", "lifecycle.enablement", "lifecycle.delete", "apiToken.read", "apiToken.delete",
}

// profileFields are what a profile's mutability is told of.
var profileFields = []string{
	"name", "nickname", "zoneinfo", "locale", "extended_profile.job_title", "extended_profile.organization", "extended_profile.department", "extended_profile.location",
}

// graceDays is how long a deletion can be undone.
const graceDays = 14

// restriction returns why a privilege on the account isn't allowed, as a Manageability.RestrictionReason; "" when it is.
func (a *account) restriction(privilege string) string {
	own := ""
	if a.org != nil {
		own = a.org.restriction
	}
	switch {
	case privilege == "profile.read" || strings.HasPrefix(privilege, "apiToken"):
		return ""
	case own == "blocked.exportControl" && privilege != "lifecycle.enablement":
		return ""
	case own != "":
		return own
	case a.scim != nil:
		return "externalDirectory.scim"
	case a.email == adminEmail && strings.HasPrefix(privilege, "lifecycle"):
		return "administrative.notMyself" // whoever made the key
	}
	return ""
}

// rule is what the service says of a privilege.
func rule(reason string) map[string]any {
	if reason == "" {
		return map[string]any{"allowed": true}
	}
	return map[string]any{"allowed": false, "reason": map[string]string{"key": reason}}
}

// managed finds the account that the path names, if the organization may manage it: 404 for one that does not exist, 403 for one of others and for
// one whose address was never verified.
func (c *call) managed(room *scratch) *account {
	index := c.now.byID(c.arg(0))
	if index < 0 || c.now.look(index, room).closed() {
		c.manageError(http.StatusNotFound, "accountNotFound")
		return nil
	}
	a := c.now.look(index, room)
	switch {
	case !a.managed || a.kind != typeAtlassian:
		c.manageError(http.StatusForbidden, "forbidden")
	case a.org != nil && a.org.unverified:
		c.manageError(http.StatusForbidden, "forbidden.targetUnverified")
	default:
		return a
	}
	return nil
}

// permitted is managed for what needs a privilege.
func (c *call) permitted(room *scratch, privilege string) *account {
	a := c.managed(room)
	if a == nil {
		return nil
	}
	if reason := a.restriction(privilege); reason != "" {
		c.json(http.StatusForbidden, map[string]any{"key": "forbidden.action", "context": rule(reason)})
		return nil
	}
	return a
}

func (c *call) manageError(status int, key string) {
	c.json(status, map[string]string{"key": key})
}

// manage serves GET manage.
func (c *call) manage() {
	wanted := privileges
	if c.query.Has("privileges") {
		wanted = nil
		for _, text := range c.query["privileges"] {
			wanted = append(wanted, split(text)...)
		}
	}
	var room scratch
	a := c.managed(&room)
	if a == nil {
		return
	}
	answer := map[string]any{}
	for _, privilege := range wanted {
		if !slices.Contains(privileges, privilege) {
			continue
		}
		reason := a.restriction(privilege)
		if privilege != "profile" && privilege != "profile.write" {
			answer[privilege] = rule(reason)
			continue
		}
		fields := map[string]any{}
		for _, field := range profileFields {
			fields[field] = rule(reason)
		}
		answer[privilege] = fields
	}
	c.json(http.StatusOK, answer)
}

// disable serves POST lifecycle/disable.
func (c *call) disable() {
	var room scratch
	var body struct {
		Message string `json:"message"`
	}
	a := c.permitted(&room, "lifecycle.enablement")
	switch {
	case a == nil:
	case !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/json") || json.Unmarshal(c.sent, &body) != nil:
		c.json(http.StatusUnsupportedMediaType, map[string]any{"code": 415, "message": "HTTP 415 Unsupported Media Type"})
	default:
		c.setEnabled(a.index, false, body.Message)
	}
}

// enable serves POST lifecycle/enable. An account that is going to be deleted can't just be enabled: its deletion is canceled first.
func (c *call) enable() {
	var room scratch
	a := c.permitted(&room, "lifecycle.enablement")
	switch {
	case a == nil:
	case a.forDeletion():
		c.manageError(http.StatusForbidden, "forbidden")
	default:
		c.setEnabled(a.index, true, "")
	}
}

func (c *call) setEnabled(index int, active bool, message string) {
	now := time.Now().UTC()
	c.commit(func(m *model) {
		a := m.keep(index)
		m.activate(a, active, now)
		a.record().message = message
	})
	c.empty(http.StatusNoContent)
}

// lifecycleErrors are the texts of the codes for which an account can't be deleted.
var lifecycleErrors = map[string]string{
	"orgAdmin":       "The account is an organization admin.",
	"billingContact": "The account is the billing contact of a subscription.",
}

// deleteAccount serves POST lifecycle/delete: for good after 14 days, and deactivated until then.
func (c *call) deleteAccount() {
	var room scratch
	a := c.permitted(&room, "lifecycle.delete")
	if a == nil {
		return
	}
	var codes []string
	if a.org != nil {
		codes = append(codes, a.org.blocks...)
	}
	if a.isOrgAdmin() {
		codes = append(codes, "orgAdmin")
	}
	if len(codes) > 0 {
		list := []map[string]string{}
		for _, code := range codes {
			list = append(list, map[string]string{"code": code, "message": lifecycleErrors[code], "link": "https://support.atlassian.com/user-management/docs/delete-a-managed-account/"})
		}
		c.json(http.StatusConflict, map[string]any{"key": "conflict.lifecycleErrors", "context": map[string]any{
			"message": "The account can't be deleted.", "accountId": a.id, "errorCodes": list,
		}})
		return
	}
	if !a.forDeletion() {
		c.scheduleDeletion(a.index)
	}
	c.json(http.StatusOK, map[string]string{"message": "Success"})
}

// scheduleDeletion deactivates the account, and deletes it once it can't be undone any more.
func (c *call) scheduleDeletion(index int) {
	now := time.Now().UTC()
	grace := graceDays * 24 * time.Hour
	if ms := c.s.knobs.get().DeletionDelayMS; ms > 0 {
		grace = time.Duration(ms) * time.Millisecond
	}
	due, who := now.Add(grace), *c
	c.commit(func(m *model) {
		a := m.keep(index)
		a.record().deletion = due
		m.happens("managed_account_deletion_scheduled", index, -1, "")
		m.activate(a, false, now)
	})
	c.s.world.later(grace, func(m *model) {
		if m.keep(index).record().deletion.Equal(due) { // or it was canceled meanwhile
			m.closeAccount(index)
		}
	}, func(m *model, did []happened) { who.record(m, did) })
}

// closeAccount deletes the account for good: what remains is a former user without address, groups and API tokens.
func (m *model) closeAccount(index int) {
	m.happens("managed_account_deleted", index, -1, "")
	m.leaveAll(index, anyGroup)
	a := m.keep(index)
	m.forget(a)
	a.display, a.email, a.access, a.removed = "Former user", "", false, true
	m.store(a)
	r := a.record()
	r.closed, r.deletion, r.noTokens, r.tokens, r.roles = true, time.Time{}, true, nil, nil
}

// cancelDelete serves POST lifecycle/cancel-delete, which activates the account.
func (c *call) cancelDelete() {
	var room scratch
	a := c.permitted(&room, "lifecycle.delete")
	if a == nil {
		return
	}
	index, now := a.index, time.Now().UTC()
	if a.forDeletion() {
		c.commit(func(m *model) {
			a := m.keep(index)
			a.record().deletion = time.Time{}
			m.happens("managed_account_deletion_canceled", index, -1, "")
			m.activate(a, true, now)
		})
	}
	c.json(http.StatusOK, map[string]string{"message": "Success"})
}
