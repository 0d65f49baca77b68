package admin_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
)

// What a refusal says of the key is kept, and nothing that it says of the person.
func TestWhatARefusalSaysOfTheKey(t *testing.T) {
	suspend := func(c *admin.Client) error { return c.SuspendUser(t.Context(), "-", "a") }
	disable := func(c *admin.Client) error { return c.DisableAccount(t.Context(), "a", "") }
	for _, test := range []struct {
		name   string
		status int
		body   string
		what   admin.Write
		send   func(*admin.Client) error
		kept   bool
	}{
		{"a gateway that speaks of the scope", http.StatusUnauthorized, `{"code":401,"message":"Unauthorized; scope does not match"}`, admin.WriteSuspend, suspend, true},
		{"a 403 that speaks of the scope", http.StatusForbidden, `{"errors":[{"code":"ADMIN-UAM-403-1","title":"Forbidden","detail":"The API key does not have the scope write:directories:admin."}]}`, admin.WriteSuspend, suspend, true},
		{"an organization admin", http.StatusForbidden, `{"errors":[{"code":"ADMIN-UAM-403-1","title":"Forbidden","detail":"An organization admin can't be suspended."}]}`, admin.WriteSuspend, suspend, false},
		{"a key that is too late", http.StatusUnauthorized, `{"code":401,"message":"Unauthorized"}`, admin.WriteSuspend, suspend, false},
		{"a managed account, without a reason", http.StatusForbidden, `{"key":"forbidden"}`, admin.WriteDisable, disable, false},
		{"a managed account, with the scope", http.StatusForbidden, `{"key":"forbidden","message":"Insufficient scope"}`, admin.WriteDisable, disable, true},
		{"a managed account, with its reason", http.StatusForbidden, `{"key":"forbidden.action","context":{"allowed":false,"reason":{"key":"externalDirectory.google"}}}`, admin.WriteDisable, disable, false},
		{"an address that was never verified", http.StatusForbidden, `{"key":"forbidden.targetUnverified"}`, admin.WriteDisable, disable, false},
		{"a success", http.StatusNoContent, ``, admin.WriteDisable, disable, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			service := &recorder{status: test.status, body: test.body}
			client := clientTo(t, service)
			if client.Refused(test.what) != nil {
				t.Error("refused before anything was sent")
			}
			_ = test.send(client)
			if kept := client.Refused(test.what) != nil; kept != test.kept {
				t.Errorf("kept %v, want %v", kept, test.kept)
			}
			if client.Refused(admin.WriteRevokeToken) != nil {
				t.Error("another kind of change counts as refused too")
			}
			service.status, service.body = http.StatusNoContent, ""
			if err := test.send(client); err != nil || client.Refused(test.what) != nil {
				t.Errorf("after a success: %v, %v", err, client.Refused(test.what))
			}
		})
	}
}

// A remembered refusal is no wedge: it ends by itself, and with any change that the key is let make.
func TestARefusalOfTheKeyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &recorder{}
		client := clientTo(t, service)
		refuse := func() {
			service.status, service.body = http.StatusForbidden, `{"key":"forbidden","message":"The API key does not have the scope write:accounts:admin."}`
			if err := client.DisableAccount(t.Context(), "a", ""); err == nil || client.Refused(admin.WriteDisable) == nil {
				t.Fatalf("not remembered: %v", err)
			}
		}
		refuse()
		time.Sleep(admin.RefusedFor - time.Second)
		if client.Refused(admin.WriteDisable) == nil {
			t.Error("forgotten too early")
		}
		time.Sleep(time.Second)
		if err := client.Refused(admin.WriteDisable); err != nil {
			t.Errorf("remembered after five minutes: %v", err)
		}
		refuse()
		service.status, service.body = http.StatusNoContent, ""
		if err := client.SuspendUser(t.Context(), "-", "a"); err != nil || client.Refused(admin.WriteDisable) != nil {
			t.Errorf("after another change that was let through: %v, %v", err, client.Refused(admin.WriteDisable))
		}
	})
}
