package admin_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

func TestPermissions(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	for email, want := range map[string]admin.Permission{
		maxim:                       {Allowed: true},
		jane:                        {Reason: admin.ReasonSCIM},
		gina:                        {Reason: admin.ReasonGoogle},
		adminEmail:                  {Reason: admin.ReasonNotMyself},
		"kilian.export@example.com": {Reason: admin.ReasonExportControl},
	} {
		p, err := o.Permissions(ctx, o.sandbox.AccountID(email))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.May(admin.MayEnable); got != want {
			t.Errorf("%s: %+v, want %+v", email, got, want)
		}
		if !p.May(admin.MayReadTokens).Allowed || len(p) != 6 {
			t.Errorf("%s: %+v", email, p)
		}
	}
	for who, want := range map[string]struct {
		status int
		code   string
	}{
		o.sandbox.AccountID(sam):                          {http.StatusForbidden, "forbidden"},
		o.sandbox.AccountID("uma.unverified@example.com"): {http.StatusForbidden, "forbidden.targetUnverified"},
		"712020:11111111-2222-3333-4444-555555555555":     {http.StatusNotFound, "accountNotFound"},
	} {
		if _, err := o.Permissions(ctx, who); !rest.IsStatus(err, want.status) || refusal(t, err).Code != want.code {
			t.Errorf("got %v, want %+v", err, want)
		}
	}
}

func TestLifecycle(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	who := o.sandbox.AccountID(maxim)
	disable := func(ctx context.Context, id string) error {
		return o.DisableAccount(ctx, id, "Your account has ended.")
	}
	for _, step := range []struct {
		name   string
		do     func(context.Context, string) error
		active bool
	}{
		{"disabled", disable, false},
		{"disabled again", disable, false},
		{"enabled", o.EnableAccount, true},
		{"deleted", o.DeleteAccount, false},
		{"the deletion cancelled", o.CancelDeleteAccount, true},
	} {
		if err := step.do(ctx, who); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		p, err := o.Profile(ctx, who)
		if err != nil || p.AccountID != who || p.Email != maxim || p.Active() != step.active {
			t.Errorf("%s: %+v, %v", step.name, p, err)
		}
	}
	err := o.DisableAccount(ctx, o.sandbox.AccountID(gina), "")
	if e := refusal(t, err); e.Status != http.StatusForbidden || e.Code != "forbidden.action" || admin.WhyOf(err).Reason != admin.ReasonGoogle {
		t.Errorf("an account that Google manages: %v, %+v", err, admin.WhyOf(err))
	}
	err = o.DeleteAccount(ctx, o.sandbox.AccountID("bill.billing@example.com"))
	if why := admin.WhyOf(err); !rest.IsStatus(err, http.StatusConflict) || refusal(t, err).Code != "conflict.lifecycleErrors" || len(why.Errors) == 0 || why.Errors[0].Code == "" {
		t.Errorf("a billing contact: %v, %+v", err, why)
	}
	if why := admin.WhyOf(nil); why.Reason != "" || why.Errors != nil {
		t.Errorf("no error has the reason %+v", why)
	}
}

func TestTokens(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	theo := o.sandbox.AccountID("theo.tokens@example.com")
	own, err := o.AccountTokens(ctx, theo)
	if err != nil || len(own) != 3 || own[0].Label == "" || own[0].CreatedAt.IsZero() || own[0].AccountID != theo {
		t.Fatalf("%+v, %v", own, err)
	}
	all := map[string]admin.Token{}
	for page, err := range o.AllTokens(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range page {
			all[token.ID] = token
		}
	}
	for _, token := range own {
		listed, ok := all[token.ID]
		if !ok || listed.AccountID != theo || listed.Label != token.Label || listed.Status == "" || !listed.CreatedAt.Equal(token.CreatedAt) || !listed.LastUsed.Equal(token.LastUsed) {
			t.Errorf("%+v is listed as %+v", token, listed)
		}
	}
	if err := o.RevokeToken(ctx, theo, own[1].ID); err != nil {
		t.Fatal(err)
	}
	if err := o.RevokeToken(ctx, theo, own[1].ID); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("revoked already: %v", err)
	}
	left, err := o.AccountTokens(ctx, theo)
	if err != nil || len(left) != 2 || slices.ContainsFunc(left, func(token admin.Token) bool { return token.ID == own[1].ID }) {
		t.Errorf("left: %+v, %v", left, err)
	}
	if none, err := o.AccountTokens(ctx, o.sandbox.AccountID(gina)); err != nil || len(none) != 0 {
		t.Errorf("of somebody without: %+v, %v", none, err)
	}
}

func TestLastActive(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	for email, test := range map[string]struct{ here, elsewhere bool }{
		maxim:                         {true, false},
		"oscar.othersite@example.com": {false, true},
		"nina.never@example.com":      {false, false},
	} {
		a, err := o.LastActive(ctx, o.sandbox.AccountID(email))
		if err != nil {
			t.Fatal(err)
		}
		on := func(site string) bool {
			return slices.ContainsFunc(a.Products, func(p admin.ProductAccess) bool { return !p.LastActive.IsZero() && p.Key != "" && hasSite(p.ID, site) })
		}
		if on(sandbox.CloudID) != test.here || on(sandbox.OtherSiteID) != test.elsewhere {
			t.Errorf("%s: %+v, want %+v", email, a, test)
		}
	}
	if _, err := o.LastActive(ctx, "712020:nobody"); !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func hasSite(ari, site string) bool { return len(ari) > len(site) && ari[len(ari)-len(site):] == site }

func TestSCIMLinks(t *testing.T) {
	o := newOrganization(t, sandbox.Options{})
	ctx := t.Context()
	who := o.sandbox.AccountID(jane)
	links, err := o.SCIMLinks(ctx, who)
	if err != nil || len(links) != 1 || links[0].SCIMUserID == "" || links[0].DirectoryID == "" || links[0].AccountID != who {
		t.Fatalf("%+v, %v", links, err)
	}
	if same, err := o.SCIMLinksByEmail(ctx, jane); err != nil || !slices.Equal(same, links) {
		t.Errorf("by address: %+v, %v", same, err)
	}
	if none, err := o.SCIMLinks(ctx, o.sandbox.AccountID(maxim)); len(none) != 0 || err != nil && !rest.IsStatus(err, http.StatusNotFound) {
		t.Errorf("of somebody whom SCIM doesn't know: %+v, %v", none, err)
	}
}
