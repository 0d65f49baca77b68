package lifecycle_test

import (
	"context"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

const max = "max.manager@example.com"

func withOrganization(o *options) { o.orgKey = sandbox.OrgKeyFull }

func TestThin(t *testing.T) {
	s := newSite(t, withOrganization)
	r, err := s.service.Offboard(context.Background(), lifecycle.OffboardRequest{Target: target(t, max), Terms: lifecycle.Terms{Reason: "left"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r.Text())
	r, err = s.applyOffboard(t, context.Background(), max, r.Confirm.Token)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r.Text())
	for _, q := range s.Requests() {
		t.Log(q.Method, q.Path, q.Query, q.Status, q.Body)
	}
	back, err := s.service.Restore(context.Background(), lifecycle.RestoreRequest{OperationID: r.Operation.ID})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(back.Text())
}
