package admin

import (
	"context"
	"iter"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const routeManaged = "/admin/v1/orgs/{orgId}/users"

// ManagedAccount is an account of a domain that the organization has verified.
type ManagedAccount struct {
	AccountID, Name, Email string // Email is "" where it is hidden
	Type                   string // atlassian, customer, app
	Status                 string // active, inactive, closed
	Billable               bool   // counts for Atlassian Guard
	LastActive             time.Time
	Products               []ManagedProduct
}

// ManagedProduct is an app that a managed account uses, on the site at URL.
type ManagedProduct struct {
	Key, Name, URL string
	LastActive     time.Time
}

type managedWire struct {
	AccountID  string `json:"account_id"`
	Type       string `json:"account_type"`
	Status     string `json:"account_status"`
	Name       string `json:"name"`
	Email      string `json:"email"`
	Billable   bool   `json:"access_billable"`
	LastActive moment `json:"last_active"`
	Products   []struct {
		Key        string `json:"key"`
		Name       string `json:"name"`
		URL        string `json:"url"`
		LastActive moment `json:"last_active"`
	} `json:"product_access"`
}

func (w managedWire) read() ManagedAccount {
	m := ManagedAccount{
		AccountID: rest.CleanID(w.AccountID), Name: rest.Clean(w.Name), Email: rest.Clean(w.Email),
		Type: rest.Clean(w.Type), Status: rest.Clean(w.Status), Billable: w.Billable, LastActive: w.LastActive.Time,
	}
	for _, p := range w.Products {
		m.Products = append(m.Products, ManagedProduct{
			Key: rest.Clean(p.Key), Name: rest.Clean(p.Name), URL: rest.Clean(p.URL), LastActive: p.LastActive.Time,
		})
	}
	return m
}

// ManagedAccounts returns the page at cursor ("" = the first) of the organization's managed accounts.
//
// GET /admin/v1/orgs/{orgId}/users. Scope read:accounts:admin. 400 with [ErrCursorExpired]: the cursor is too old.
func (c *Client) ManagedAccounts(ctx context.Context, cursor string) (Page[ManagedAccount], error) {
	var out list[managedWire]
	err := c.read(ctx, routeManaged, at(cursor), &out)
	return page(out, managedWire.read), expired(err, cursor)
}

// AllManagedAccounts walks them all. Endpoint, scope and errors as for [Client.ManagedAccounts].
func (c *Client) AllManagedAccounts(ctx context.Context) iter.Seq2[[]ManagedAccount, error] {
	return walk(ctx, c.ManagedAccounts)
}
