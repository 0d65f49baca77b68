package sandbox

import (
	"html"
	"net/http"
	"strconv"
	"strings"
)

// Every 98th place of the list of all users belongs to a service account that Jira counts and does not show. It makes pages shorter than asked for.
const stretch = 97

// allUsers serves GET /users/search and GET /users: active, inactive and previously deleted accounts of every type.
func (c *call) allUsers() {
	start, size, ok := c.page(50, 1000)
	if !ok {
		return
	}
	indexes := make([]int, 0, size)
	// A page before the end may be short but is not empty, or nobody could tell the end.
	for place := start; place < start+size || size > 0 && len(indexes) == 0; place++ {
		index := place/(stretch+1)*stretch + place%(stretch+1)
		if index >= c.shown.next {
			break
		}
		if place%(stretch+1) == stretch {
			continue
		}
		// Only accounts that are kept can be without access.
		if a, kept := c.shown.kept[index]; !kept || a.access || a.removed {
			indexes = append(indexes, index)
		}
	}
	c.begin()
	c.users(indexes, viewUser)
}

// searchLimit is the number of the last match that a search gives.
const searchLimit = 1000

// searchUsers serves GET /user/search. It is empty for a caller who may not browse users.
func (c *call) searchUsers() {
	query, id := c.query.Get("query"), c.query.Get("accountId")
	if !c.query.Has("query") && id == "" && !c.query.Has("property") {
		c.fail(http.StatusBadRequest, "Either the 'query', the 'accountId' or the 'property' parameter must be provided.")
		return
	}
	if c.query.Has("query") && id != "" {
		c.fail(http.StatusBadRequest, "The 'query' and 'accountId' parameters must not be provided together.")
		return
	}
	start, size, ok := c.page(50, searchLimit)
	if !ok {
		return
	}
	var matches []int
	switch {
	case !c.who.Browse || c.query.Has("property"):
	case id != "":
		var room scratch
		if index := c.shown.byID(id); index >= 0 {
			if a := c.shown.look(index, &room); a.access && a.activeInJira() {
				matches = append(matches, index)
			}
		}
	default:
		matches = c.shown.search(query, c.who.index, min(searchLimit, start+size))
	}
	c.begin()
	c.users(window(matches, start, size), viewUser)
}

// pickUsers serves GET /user/picker. It is empty for a caller who may not browse users.
func (c *call) pickUsers() {
	if !c.query.Has("query") {
		c.fail(http.StatusBadRequest, "The query parameter 'query' is missing.")
		return
	}
	size, ok := c.number("maxResults", 50)
	if !ok {
		return
	}
	type found struct {
		AccountID   string `json:"accountId"`
		AccountType string `json:"accountType"`
		HTML        string `json:"html"`
		DisplayName string `json:"displayName"`
	}
	users, total := []found{}, 0
	if query := c.query.Get("query"); c.who.Browse {
		matches := c.shown.search(query, c.who.index, searchLimit)
		total = len(matches)
		var room scratch
		for _, index := range window(matches, 0, max(0, min(size, searchLimit))) {
			a := c.shown.look(index, &room)
			text := a.display
			if a.emailVisibleTo(c.who.index) {
				text += " - " + a.email
			}
			users = append(users, found{a.id, a.kind, highlight(text, query), a.display})
		}
	}
	header := "Showing " + strconv.Itoa(len(users)) + " of " + strconv.Itoa(total) + " matching users"
	c.json(http.StatusOK, map[string]any{"header": header, "total": total, "users": users})
}

// highlight returns text as HTML with the first match of query in bold.
func highlight(text, query string) string {
	at := strings.Index(fold(text), fold(query))
	if query == "" || at < 0 || at+len(query) > len(text) {
		return html.EscapeString(text)
	}
	end := at + len(query)
	return html.EscapeString(text[:at]) + "<strong>" + html.EscapeString(text[at:end]) + "</strong>" + html.EscapeString(text[end:])
}
