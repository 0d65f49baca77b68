package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
)

// userResources stores what the library has checked. It runs inside the world's lock.
type userResources struct{ c *call }

// user finds the account behind a SCIM user id. What was just written shows at once here; only lists lag.
func (u userResources) user(id string) (*account, error) {
	var room scratch
	index := u.c.now.bySCIMID(id)
	if index < 0 {
		return nil, scimerrors.ScimErrorResourceNotFound(id)
	}
	return u.c.now.look(index, &room), nil
}

func (u userResources) resource(a *account) scim.Resource {
	body := u.c.userResource(u.c.now, a)
	r := scim.Resource{
		ID: a.scim.id, Attributes: rawAttributes(body),
		Meta: scim.Meta{Created: &a.scim.created, LastModified: &a.scim.modified},
	}
	if a.scim.profile.ExternalID != "" {
		r.ExternalID = optional.NewString(a.scim.profile.ExternalID)
	}
	return r
}

// Get serves GET /Users/{id}.
func (u userResources) Get(_ *http.Request, id string) (scim.Resource, error) {
	a, err := u.user(id)
	if err != nil {
		return scim.Resource{}, err
	}
	return u.resource(a), nil
}

// GetAll is not used: see scimList.
func (u userResources) GetAll(*http.Request, scim.ListRequestParams) (scim.Page, error) {
	return scim.Page{}, scimerrors.ScimErrorInternal
}

// Create serves POST /Users. An account that has the address already is linked, one that is provisioned already is a conflict.
func (u userResources) Create(_ *http.Request, attributes scim.ResourceAttributes) (scim.Resource, error) {
	p, err := u.profile(attributes, true)
	if err != nil {
		return scim.Resource{}, err
	}
	m := u.c.now
	index := m.byEmail(p.email())
	var room scratch
	if m.byUserName(p.UserName) >= 0 || index >= 0 && m.look(index, &room).scim != nil {
		return scim.Resource{}, scimerrors.ScimErrorUniqueness
	}
	now := time.Now().UTC()
	created := index < 0
	if created {
		index = m.next
	}
	record := scimUser{profile: p, created: now, modified: now, linked: now.Add(u.c.s.options.Lag)}
	if u.c.fault.Kind == FaultSCIMAccountLate {
		record.linked = now.Add(time.Duration(u.c.fault.DelayMS) * time.Millisecond)
		if u.c.fault.DelayMS == 0 {
			record.linked = now.AddDate(100, 0, 0)
		}
	}
	// One that is provisioned again gets an id that was never used.
	for generation := uint64(0); ; generation++ {
		record.id = uuid(m.pop.seed, saltSCIMUser, uint64(index)|generation<<generationShift)
		if !m.spent[record.id] {
			break
		}
	}
	u.c.commit(func(m *model) {
		if created {
			m.create(&account{
				index: index, id: accountID(m.pop.seed, index), kind: typeAtlassian, display: p.fullName(), email: p.email(),
				active: true, access: true, managed: ownDomain(p.email()), timezone: "Europe/Berlin", locale: "en_US",
			})
			m.happens("managed_account_created", index, -1, "")
		}
		m.provision(index, record)
	})
	return u.resource(m.look(index, &room)), nil
}

// Replace serves PUT /Users/{id}: what is left out is cleared, but for active, which then stays.
func (u userResources) Replace(_ *http.Request, id string, attributes scim.ResourceAttributes) (scim.Resource, error) {
	a, err := u.user(id)
	if err != nil {
		return scim.Resource{}, err
	}
	p, err := u.profile(attributes, a.scim.profile.Active)
	if err != nil {
		return scim.Resource{}, err
	}
	return u.update(a, p)
}

// Patch serves PATCH /Users/{id}.
func (u userResources) Patch(_ *http.Request, id string, operations []scim.PatchOperation) (scim.Resource, error) {
	a, err := u.user(id)
	if err != nil {
		return scim.Resource{}, err
	}
	attributes := asMap(a.scim.profile)
	for _, operation := range operations {
		if err := patch(attributes, operation); err != nil {
			return scim.Resource{}, err
		}
	}
	p, err := u.profile(attributes, a.scim.profile.Active)
	if err != nil {
		return scim.Resource{}, err
	}
	return u.update(a, p)
}

func (u userResources) update(a *account, p profile) (scim.Resource, error) {
	index, now := a.index, time.Now().UTC()
	for _, other := range [...]int{u.c.now.byUserName(p.UserName), u.c.now.byEmail(p.email())} {
		if other >= 0 && other != index {
			// The specification has no 409 for a change.
			return scim.Resource{}, scimerrors.ScimError{ScimType: scimerrors.ScimTypeUniqueness, Status: http.StatusBadRequest, Detail: "The user name or email is already in use."}
		}
	}
	u.c.commit(func(m *model) { m.update(index, p, now) })
	var room scratch
	return u.resource(u.c.now.look(index, &room)), nil
}

// Delete serves DELETE /Users/{id}.
func (u userResources) Delete(_ *http.Request, id string) error {
	a, err := u.user(id)
	if err != nil {
		return err
	}
	index, now := a.index, time.Now().UTC()
	u.c.commit(func(m *model) { m.unlink(index, now) })
	return nil
}

// profile reads checked attributes. active is the state when they do not say.
func (u userResources) profile(attributes map[string]any, active bool) (profile, error) {
	if _, ok := attributes["active"]; !ok {
		attributes["active"] = active
	}
	data, err := json.Marshal(attributes)
	if err != nil {
		return profile{}, scimerrors.ScimErrorInvalidSyntax
	}
	var p profile
	if err := json.Unmarshal(data, &p); err != nil {
		return profile{}, scimerrors.ScimErrorInvalidValue
	}
	if strings.TrimSpace(p.UserName) == "" {
		return profile{}, scimerrors.ScimError{ScimType: scimerrors.ScimTypeInvalidValue, Status: http.StatusBadRequest, Detail: "userName is required."}
	}
	if !strings.Contains(p.email(), "@") {
		return profile{}, scimerrors.ScimError{ScimType: scimerrors.ScimTypeInvalidValue, Status: http.StatusBadRequest, Detail: "One email must be marked as primary."}
	}
	return p, nil
}
