package e2e

import (
	"slices"
	"strings"
	"testing"
)

// TestAReportsFindingsAreHandedOver takes groups from whom an audit found, as many at a time as a batch holds, and from nobody who is no longer as the report
// says.
func TestAReportsFindingsAreHandedOver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sameState := with("JIRA_LIFECYCLE_BATCH_LIMIT", "4", "JIRA_LIFECYCLE_STATE_DIR", t.TempDir())
	c := connect(t, s, sameState)
	report, ok := c.call(t, "audit_active_users", args{}).get("report.id").(string)
	if !ok {
		t.Fatal("the audit names no report")
	}
	ask := args{"report_id": report, "finding": "inactive_with_groups"}

	// Lee is back since.
	c.call(t, "provision_user", args{"email": lee, "given_name": "Lee", "family_name": "Left"}).wants(t, map[string]any{"status": "succeeded"})
	leeID := s.AccountID(lee)

	var first, all []string
	for round := range 2 {
		plan := c.call(t, "remove_user_from_group", ask)
		plan.wants(t, map[string]any{"status": "confirmation_required"})
		plan.says(t, report, "of 7 people")
		done := c.change(t, "remove_user_from_group", ask)
		done.wants(t, map[string]any{"status": "succeeded"})
		people := done.all("operation.steps", "target")
		if round == 0 {
			plan.says(t, "3 more come after these", "Call again")
			first = people
		}
		all = append(all, people...)
	}
	if len(first) == 0 || len(all) < 5 || len(all) > 7 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
		t.Errorf("people of both calls: %q", all)
	}
	if f := s.facts(t, lee); len(f.Groups) != 2 || strings.Contains(strings.Join(all, " "), leeID) {
		t.Errorf("%s, who is back, is in %v; changed: %q", lee, f.Groups, all)
	}

	// What the findings do not advise, and what is no finding.
	c.call(t, "offboard_user", ask).wants(t, map[string]any{"code": "invalid_argument"})
	c.call(t, "offboard_user", args{"report_id": report, "finding": "hidden_email"}).says(t, "is not what the findings")
	c.call(t, "remove_user_from_group", args{"report_id": report, "finding": "hidden_email", "groups": []string{"partners"}}).says(t, "is not what the findings", "a look by a person")
	c.call(t, "offboard_user", args{"report_id": report, "finding": "active_leaver"}).wants(t, map[string]any{"code": "not_found"})
	c.call(t, "offboard_user", args{"report_id": report}).wants(t, map[string]any{"code": "invalid_argument"})
	c.call(t, "remove_user_from_group", args{"report_id": "../" + report, "finding": "dormant_seat"}).wants(t, map[string]any{"code": "invalid_argument"})
	c.call(t, "remove_user_from_group", args{"report_id": "audit-20260102T030405Z-ab12", "finding": "dormant_seat"}).wants(t, map[string]any{"code": "not_found"})

	// Single tokens are of the step that revokes them, and of one person.
	for _, wrong := range []args{{"user": manager, "tokens": []string{"t"}}, {"user": manager, "tokens": []string{"t"}, "steps": []string{"deactivate"}}, {"users": []string{manager, sam}, "tokens": []string{"t"}, "steps": []string{"revoke_tokens"}}} {
		c.call(t, "offboard_user", wrong).wants(t, map[string]any{"code": "invalid_argument"})
	}

	// Nobody is changed on one site for what was found on another.
	connect(t, newSite(t), sameState).call(t, "remove_user_from_group", ask).says(t, "is about http", "this server works on")
}
