package sandbox

import (
	"encoding/json"
	"net/http"
	"strconv"

	filterparser "github.com/scim2/filter-parser/v2"
)

// scimList serves GET /Users and GET /Groups. The library would do it through maps and reflection, and would accept every filter of the RFC.
func (c *call) scimList(kind string) {
	start, ok := c.scimNumber("startIndex", 1)
	if !ok {
		return
	}
	count, ok := c.scimNumber("count", scimPage)
	if !ok {
		return
	}
	limit := scimPage
	if c.fault.Kind == FaultClampPage && c.fault.Max > 0 {
		limit = min(limit, c.fault.Max)
	}
	start, count = max(start, 1), min(max(count, 0), limit)
	attribute, value, ok := c.scimFilter(kind)
	if !ok {
		return
	}
	var page []any
	total := 0
	if kind == "Users" {
		page, total = c.scimUserPage(attribute, value, start, count)
	} else {
		page, total = c.scimGroupPage(value, attribute != "", start, count)
	}
	c.json(http.StatusOK, struct {
		Schemas      []string `json:"schemas"`
		TotalResults int      `json:"totalResults"`
		StartIndex   int      `json:"startIndex"`
		ItemsPerPage int      `json:"itemsPerPage"`
		Resources    []any    `json:"Resources"`
	}{[]string{scimListSchema}, total, start, len(page), page})
	c.header.Set("Content-Type", "application/scim+json")
}

func (c *call) scimNumber(name string, fallback int) (int, bool) {
	value := c.query.Get(name)
	if value == "" {
		return fallback, true
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		c.scimError(http.StatusBadRequest, "invalidValue", name+" must be a whole number.")
		return 0, false
	}
	return n, true
}

// scimFilter reads the filter: one eq on userName or externalId of users, on displayName of groups. attribute is "" when there is none.
func (c *call) scimFilter(kind string) (attribute, value string, ok bool) {
	text := c.query.Get("filter")
	if text == "" {
		return "", "", true
	}
	allowed := []string{"userName", "externalId"}
	if kind == "Groups" {
		allowed = []string{"displayName"}
	}
	expression, err := filterparser.ParseFilter([]byte(text))
	if comparison, single := expression.(*filterparser.AttributeExpression); err == nil && single && comparison.Operator == filterparser.EQ {
		value, isText := comparison.CompareValue.(string)
		isText = isText && json.Unmarshal([]byte(`"`+value+`"`), &value) == nil // the library leaves the escapes of the JSON string in
		for _, name := range allowed {
			if isText && comparison.AttributePath.SubAttribute == nil && fold(comparison.AttributePath.AttributeName) == fold(name) {
				return name, value, true
			}
		}
	}
	c.scimError(http.StatusBadRequest, "invalidFilter", "The filter is not supported: use a single eq on "+allowed[0]+".")
	return "", "", false
}

// scimUserPage returns a page of users and how many there are.
func (c *call) scimUserPage(attribute, value string, start, count int) ([]any, int) {
	var indexes []int
	total := 0
	switch attribute {
	case "":
		indexes, total = c.shown.directory.page(&c.shown.pop, len(c.shown.directory.segments), start-1, count, func(int) bool { return true })
	case "userName":
		indexes = found(c.shown.byUserName(value))
	default:
		indexes = found(c.shown.byExternalID(value))
	}
	if attribute != "" {
		total = len(indexes)
		indexes = window(indexes, start-1, count)
	}
	page := make([]any, 0, len(indexes))
	wanted, unwanted := c.query.Get("attributes"), c.query.Get("excludedAttributes")
	var room scratch
	for _, index := range indexes {
		resource := c.userResource(c.shown, c.shown.look(index, &room))
		if wanted+unwanted == "" {
			page = append(page, resource)
			continue
		}
		page = append(page, projected(asMap(resource), wanted, unwanted))
	}
	return page, total
}

func found(index int) []int {
	if index < 0 {
		return nil
	}
	return []int{index}
}

// scimGroupPage returns a page of groups, all or those with the given name, and how many there are.
func (c *call) scimGroupPage(name string, byName bool, start, count int) ([]any, int) {
	page, total := []any{}, 0
	for _, g := range c.shown.groups {
		if g.deleted || !g.scim() || byName && fold(g.name) != fold(name) {
			continue
		}
		total++
		if total >= start && len(page) < count {
			page = append(page, c.groupResource(c.shown, g))
		}
	}
	return page, total
}

// asMap turns a resource into a map through its JSON.
func asMap(v any) map[string]any {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only types of this package get here, and they all encode
	}
	var m map[string]any
	_ = json.Unmarshal(data, &m) // what was just encoded decodes
	return m
}
