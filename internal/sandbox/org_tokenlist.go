package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// userTokens serves GET manage/api-tokens.
func (c *call) userTokens() {
	var room scratch
	a := c.permitted(&room, "apiToken.read")
	if a == nil {
		return
	}
	list := []map[string]string{}
	for _, t := range c.now.tokensOf(a) {
		item := map[string]string{"id": t.id(c.now, a.index), "label": t.label, "createdAt": t.created.Format(eventTime)}
		if !t.used.IsZero() {
			item["lastAccess"] = t.used.Format(eventTime)
		}
		list = append(list, item)
	}
	c.json(http.StatusOK, list)
}

// revokeToken serves DELETE manage/api-tokens/{tokenId}. One that is gone already is 404.
func (c *call) revokeToken() {
	var room scratch
	a := c.permitted(&room, "apiToken.delete")
	if a == nil {
		return
	}
	t, ok := c.now.tokenByID(a, c.arg(1))
	if !ok {
		c.manageError(http.StatusNotFound, "notFound")
		return
	}
	index := a.index
	c.commit(func(m *model) { m.revoke(index, t) })
	c.empty(http.StatusNoContent)
}

// revokeAllTokens serves DELETE api-tokens: every token of everybody in the organization ends.
func (c *call) revokeAllTokens() {
	c.commit(func(m *model) {
		m.noTokens = true
		m.happens("all_api_tokens_revoked", -1, -1, "")
	})
	c.empty(http.StatusNoContent)
}

// listedToken is a token in the organization's list.
type listedToken struct {
	ID           string            `json:"id"`
	Label        string            `json:"label"`
	Status       string            `json:"status"`
	CreatedAt    string            `json:"createdAt"`
	ExpiresAt    *string           `json:"expiresAt"`
	LastActiveAt *string           `json:"lastActiveAt"`
	User         map[string]string `json:"user"`
}

// tokenCursor is a place in the list: the account and which of its tokens, or how many of a sorted list were told.
type tokenCursor struct {
	Q, Status, Sort string
	Size            int
	From, Skip      int
}

// orgTokens serves GET api-tokens: those of all managed accounts.
func (c *call) orgTokens() {
	at := tokenCursor{Q: c.query.Get("q"), Status: c.query.Get("status"), Sort: c.query.Get("sort"), Size: 50}
	if text := c.query.Get("pageSize"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			c.badRequest("pageSize must be at least 1.")
			return
		}
		at.Size = min(n, orgUserPage)
	}
	if text := c.query.Get("cursor"); text != "" && !c.openCursor(text, "tokens", &at) {
		c.badRequest("The cursor is not valid, or has expired.")
		return
	}
	if at.Status != "" && at.Status != "ALLOWED" && at.Status != "BLOCKED" {
		c.badRequest("status must be ALLOWED or BLOCKED.")
		return
	}
	compare, known := tokenOrders[strings.TrimPrefix(at.Sort, "-")]
	if !known {
		c.badRequest("sort must be createdAt, lastActiveAt or expiresAt, with a - before it for the reverse.")
		return
	}
	at.Size = c.clamped(at.Size)
	page, next := []listedToken{}, ""
	if compare == nil {
		c.eachToken(&at, at.From, func(a *account, k int, t apiToken) bool {
			if a.index == at.From && k < at.Skip {
				return true
			}
			if len(page) == at.Size {
				at.From, at.Skip = a.index, k
				next = c.sealCursor("tokens", at)
				return false
			}
			page = append(page, c.listed(a, t))
			return true
		})
	} else {
		var all []listedToken
		c.eachToken(&at, 0, func(a *account, _ int, t apiToken) bool {
			all = append(all, c.listed(a, t))
			return true
		})
		slices.SortStableFunc(all, func(a, b listedToken) int {
			if strings.HasPrefix(at.Sort, "-") {
				a, b = b, a
			}
			return compare(a, b)
		})
		page = append(page, window(all, at.Skip, at.Size)...)
		if at.Skip += at.Size; at.Skip < len(all) {
			next = c.sealCursor("tokens", at)
		}
	}
	links := map[string]any{}
	if next != "" {
		links["next"] = next
	}
	c.json(http.StatusOK, map[string]any{"data": page, "links": links})
}

// tokenOrders are what the list may be sorted by.
var tokenOrders = map[string]func(a, b listedToken) int{
	"":             nil,
	"createdAt":    func(a, b listedToken) int { return cmp.Compare(a.CreatedAt, b.CreatedAt) },
	"lastActiveAt": func(a, b listedToken) int { return cmp.Compare(valueOf(a.LastActiveAt), valueOf(b.LastActiveAt)) },
	"expiresAt":    func(a, b listedToken) int { return cmp.Compare(valueOf(a.ExpiresAt), valueOf(b.ExpiresAt)) },
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// eachToken calls visit with the tokens that are asked for, by the account's index from the given one on, until it returns false.
func (c *call) eachToken(at *tokenCursor, from int, visit func(a *account, k int, t apiToken) bool) {
	room := scratch{brief: true}
	term := fold(at.Q)
	for index := from; index < c.shown.next; index++ {
		a := c.shown.look(index, &room)
		if a == nil || a.closed() || at.Status != "" && at.Status != a.tokenStatus() {
			continue
		}
		for k, t := range c.shown.tokensOf(a) {
			if term != "" && !strings.Contains(fold(t.label), term) && !strings.Contains(fold(a.display), term) && !strings.Contains(fold(a.email), term) {
				continue
			}
			if !visit(a, k, t) {
				return
			}
		}
	}
}

func (c *call) listed(a *account, t apiToken) listedToken {
	at := func(t time.Time) *string {
		if t.IsZero() {
			return nil
		}
		text := t.Format(eventTime)
		return &text
	}
	return listedToken{
		ID: t.id(c.shown, a.index), Label: t.label, Status: a.tokenStatus(), CreatedAt: t.created.Format(eventTime), ExpiresAt: at(t.expires),
		LastActiveAt: at(t.used), User: map[string]string{"id": a.id, "name": a.display, "email": a.email},
	}
}
