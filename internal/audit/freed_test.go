package audit

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
)

// A group that grants a product in use is no seat to be had back, and never are there more of these than seats in use.
func TestOnlyWhatCanBeFreedIsReclaimable(t *testing.T) {
	a, o := staffed(t, 4)
	both := []jira.Group{{ID: "g-paid"}}
	a.Jira = licensed{a.Jira.(*site), []jira.ApplicationRole{
		{Key: "jira-software", Name: "Jira", Groups: both, Used: 4}, {Key: "jira-servicedesk", Name: "Jira Service Management", Groups: both, Used: 1},
	}}
	for i := range o.people[0] {
		days := 200
		if i == 0 {
			days = 1
		}
		o.people[0][i].Products = []admin.ProductAccess{
			{Key: "jira-software", ID: "ari:cloud:jira-software::site/here", LastActive: a.now().AddDate(0, 0, -days)},
			{Key: "jira-servicedesk", ID: "ari:cloud:jira-servicedesk::site/here", LastActive: a.now().AddDate(0, 0, -200)},
		}
	}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, s := range r.Seats { // of Jira Service Management, and of Jira
		got = append(got, s.Reclaimable)
	}
	if !slices.Equal(got, []int{1, 3}) {
		t.Errorf("seats %+v", r.Seats)
	}
	for _, f := range r.Findings {
		if f.Code != DormantSeat {
			continue
		}
		if used := f.AccountID == "p000"; used != (f.Fix == nil) || used != strings.Contains(f.Detail, `Leaving the group "jira-users"`) || !strings.Contains(f.Detail, "a seat of Jira") || used != strings.Contains(f.Advice, "another group") {
			t.Errorf("%+v", f)
		}
	}
}
