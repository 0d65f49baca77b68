package e2e

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	tessa = "tessa.twenty@example.com" // SCIM, in 21 groups
	alex  = "alex.kim@example.com"     // SCIM, in jira-software-users and engineering
	boris = "boris.backup@example.com" // SCIM, an administrator
)

// timePasses has the time of a waiting operation, and of its people, lie ago in the past, in the journal of a state directory: as if nothing had been
// running at that time.
func timePasses(t *testing.T, stateDir, id string, ago time.Duration) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(stateDir, "journal.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	at := time.Now().Add(-ago).UnixMicro()
	changed, err := db.Exec(`UPDATE journal_operations SET due = ?, effective_at = CASE effective_at WHEN 0 THEN 0 ELSE ? END WHERE (id = ? OR parent = ?) AND due > 0`, at, at, id, id)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := changed.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("no waiting operation %s (%v)", id, err)
	}
}

// TestAScheduledChangeRunsAtItsTime confirms an offboarding some seconds ahead, and leaves it alone.
func TestAScheduledChangeRunsAtItsTime(t *testing.T) {
	for _, transport := range []string{"stdio", "http"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, over(transport))
			at := time.Now().Add(5 * time.Second).Truncate(time.Millisecond)
			zone := time.FixedZone("", 5*60*60+30*60)
			arguments := args{"user": jane, "effective_at": at.In(zone).Format(time.RFC3339Nano), "reason": "HR-4711"}
			plan := c.call(t, "offboard_user", arguments)
			plan.wants(t, map[string]any{"status": "confirmation_required", "operation": nil})
			arguments["confirm"] = plan.str("confirmation.token")
			waiting := c.call(t, "offboard_user", arguments)
			waiting.wants(t, map[string]any{"status": "scheduled", "operation.status": "scheduled", "operation.steps.0.status": "pending", "operation.steps.5.status": "pending"})
			waiting.says(t, "Scheduled", "Nothing was changed yet", "cancel")
			if got := moment(t, waiting, "operation.effective_at"); !got.Equal(at) {
				t.Errorf("effective at %s, want %s", got, at)
			}
			c.call(t, "list_operations", args{"status": "scheduled"}).wants(t, map[string]any{"operations.#": 1, "operations.0.operation_id": waiting.id()})
			if sent := s.writes(); len(sent) != 0 {
				t.Errorf("wrote %v", sent)
			}
			done := c.becomes(t, waiting.id(), "succeeded")
			if started := moment(t, done, "operation.started_at"); started.Before(at) {
				t.Errorf("began at %s, before %s", started, at)
			}
			done.wants(t, map[string]any{"operation.late": nil, "operation.reason": "HR-4711"})
			s.want(t, jane, facts{OnSite: true, InSCIM: true})
			if sent := s.writes(); len(sent) != 5 {
				t.Errorf("sent %v", sent)
			}
		})
	}
}

// TestWhatHappensUntilTheTime has several people's changes wait, and something happen to each of them meanwhile. A server that starts after the time
// carries out what was agreed to and nothing else, and says that it is late.
func TestWhatHappensUntilTheTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dir := t.TempDir()
	sameState := with("JIRA_LIFECYCLE_STATE_DIR", dir)
	c := connect(t, s, sameState)
	at := tomorrow()
	ids := map[string]string{}
	for _, email := range []string{alex2, petra, jane, alex, manager, tessa, sam, vera} {
		got := c.change(t, "offboard_user", args{"user": email, "effective_at": at})
		got.wants(t, map[string]any{"status": "scheduled"})
		ids[email] = got.id()
	}
	hire := func(email string) string {
		got := c.call(t, "provision_user", args{"email": email, "given_name": "New", "family_name": "Person", "groups": []string{"finance"}, "effective_at": at})
		got.wants(t, map[string]any{"status": "scheduled"})
		return got.id()
	}
	nina, olaf := "nina.new@example.com", "olaf.new@example.com"
	ids[nina], ids[olaf] = hire(nina), hire(olaf)
	if sent := s.writes(); len(sent) != 0 {
		t.Fatalf("wrote %v", sent)
	}

	c.steer(t, ids[manager], "cancel").wants(t, map[string]any{"operation.status": "cancelled"})
	c.call(t, "add_user_to_group", args{"user": jane, "groups": []string{"partners"}}).wants(t, map[string]any{"status": "succeeded"})
	c.change(t, "remove_user_from_group", args{"user": alex, "groups": []string{"engineering"}}).wants(t, map[string]any{"status": "succeeded"})
	c.change(t, "offboard_user", args{"user": petra}).wants(t, map[string]any{"status": "succeeded"})
	c.restore(t, c.change(t, "offboard_user", args{"user": tessa}).id()).wants(t, map[string]any{"status": "succeeded"})
	c.call(t, "provision_user", args{"email": olaf, "given_name": "New", "family_name": "Person"}).wants(t, map[string]any{"status": "succeeded"})
	before := map[string]facts{}
	for email := range ids {
		before[email] = s.facts(t, email)
	}
	for email, id := range ids {
		if email != manager {
			timePasses(t, dir, id, 3*time.Hour)
		}
	}

	worker := connect(t, s, sameState)
	ends := func(email, status string, words ...string) answer {
		t.Helper()
		got := worker.becomes(t, ids[email], status)
		got.says(t, words...)
		return got
	}
	for _, email := range []string{alex2, vera} { // nothing happened
		ends(email, "succeeded", "late").wants(t, map[string]any{"operation.late": "3h0m0s late: nothing was running at its time", "operation.problem": nil})
		s.wantOffboarded(t, email)
	}
	ends(manager, "cancelled")
	s.want(t, manager, before[manager])
	ends(jane, "failed", "plan_changed", "partners").wants(t, map[string]any{"operation.problem.code": "plan_changed", "operation.steps.0.status": "skipped"})
	s.want(t, jane, before[jane])
	ends(alex, "succeeded").wantSteps(t, "operation.steps", "deactivate Alex Kim (alex.kim@example.com): done", "remove_from_group jira-software-users: done", "verify Alex Kim (alex.kim@example.com): done")
	s.want(t, alex, facts{OnSite: true, InSCIM: true})
	ends(petra, "succeeded")
	s.want(t, petra, before[petra])
	ends(tessa, "failed", "plan_changed", "restore_user")
	s.want(t, tessa, before[tessa])
	ends(sam, "succeeded")
	ends(nina, "succeeded", "late")
	s.want(t, nina, facts{OnSite: true, Active: true, InSCIM: true, SCIMActive: true, Groups: []string{"finance"}})
	ends(olaf, "succeeded")
	s.want(t, olaf, facts{OnSite: true, Active: true, InSCIM: true, SCIMActive: true, Groups: []string{"finance"}})
}

// TestOnePendingChangeAPerson refuses a second change that waits for the same person, and takes one when the first is cancelled.
func TestOnePendingChangeAPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.changesNothing(t)
	c := connect(t, s)
	first := c.change(t, "offboard_user", args{"user": jane, "effective_at": tomorrow()})
	for _, got := range []answer{
		c.change(t, "offboard_user", args{"user": jane, "effective_at": time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)}),
		c.change(t, "offboard_user", args{"users": []string{petra, jane}, "effective_at": tomorrow()}),
		c.change(t, "provision_user", args{"email": jane, "given_name": "Jane", "family_name": "Doe", "groups": []string{"finance"}, "effective_at": tomorrow()}),
	} {
		got.wants(t, map[string]any{"code": "conflict"})
		got.says(t, first.id(), "Nothing was changed")
	}
	c.call(t, "list_operations", args{}).wants(t, map[string]any{"operations.#": 1})
	c.steer(t, first.id(), "cancel").wants(t, map[string]any{"operation.status": "cancelled"})
	c.change(t, "offboard_user", args{"users": []string{petra, jane}, "effective_at": tomorrow()}).wants(t, map[string]any{"status": "scheduled"})
}

// TestATokenIsForItsTime takes the tokens of plans with one time to another.
func TestATokenIsForItsTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.changesNothing(t)
	c := connect(t, s)
	at := time.Now().Add(24 * time.Hour).Truncate(time.Second)
	later := c.call(t, "offboard_user", args{"user": jane, "effective_at": at.UTC().Format(time.RFC3339)}).str("confirmation.token")
	now := c.call(t, "offboard_user", args{"user": jane}).str("confirmation.token")
	for name, wrong := range map[string]args{
		"now":             {"user": jane, "confirm": later},
		"an hour later":   {"user": jane, "confirm": later, "effective_at": at.Add(time.Hour).UTC().Format(time.RFC3339)},
		"a second sooner": {"user": jane, "confirm": later, "effective_at": at.Add(-time.Second).UTC().Format(time.RFC3339)},
		"later, from now": {"user": jane, "confirm": now, "effective_at": at.UTC().Format(time.RFC3339)},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.call(t, "offboard_user", wrong)
			got.wants(t, map[string]any{"code": "confirmation_invalid"})
			got.says(t, "effective_at", "Nothing was changed")
		})
	}
	tokyo := time.FixedZone("", 9*60*60)
	c.call(t, "offboard_user", args{"user": jane, "confirm": later, "effective_at": at.In(tokyo).Format(time.RFC3339)}).wants(t, map[string]any{"status": "scheduled"})
}

// TestTimesThatCannotBe tells what is wrong with each, and what to write.
func TestTimesThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	now := time.Now().UTC()
	spring, autumn := clockChange(now, time.March), clockChange(now, time.October)
	for name, tt := range map[string]struct{ at, word string }{
		"past":           {now.Add(-time.Minute).Format(time.RFC3339), "past"},
		"long past":      {"1999-12-31T23:59:59Z", "past"},
		"without a zone": {spring + "T12:00:00", "zone"},
		"only a day":     {spring, "effective_at"},
		"a skipped hour": {spring + "T02:30:00[Europe/Berlin]", "02:30"},
		"an hour twice":  {autumn + "T02:30:00[Europe/Berlin]", "twice"},
		"a wrong offset": {spring + "T12:00:00+05:00[Europe/Berlin]", "+05:00"},
		"no such zone":   {spring + "T12:00:00[Europe/Atlantis]", "Europe/Atlantis"},
		"too far":        {now.AddDate(2, 0, 0).Format(time.RFC3339), "year"},
		"words":          {"tomorrow at noon", "effective_at"},
		"no such day":    {fmt.Sprint(now.Year()+1) + "-02-30T12:00:00Z", "effective_at"},
	} {
		t.Run(name, func(t *testing.T) {
			for tool, arguments := range map[string]args{"offboard_user": {"user": jane}, "provision_user": {"email": "nina.new@example.com", "given_name": "Nina", "family_name": "New"}} {
				arguments["effective_at"] = tt.at
				got := c.call(t, tool, arguments)
				got.wants(t, map[string]any{"code": "invalid_argument"})
				got.says(t, tt.word)
			}
		})
	}
	if sent := s.Requests(); len(sent) != 0 {
		t.Errorf("requests: %v", sent)
	}
	named := c.call(t, "offboard_user", args{"user": jane, "effective_at": spring + "T12:00:00[Europe/Berlin]"})
	named.wants(t, map[string]any{"status": "confirmation_required"})
	got := c.call(t, "offboard_user", args{"user": jane, "effective_at": spring + "T12:00:00[Europe/Berlin]", "confirm": named.str("confirmation.token")})
	got.wants(t, map[string]any{"status": "scheduled"})
	if at := moment(t, got, "operation.effective_at").UTC().Format(time.RFC3339); at != spring+"T10:00:00Z" { // summer time by noon
		t.Errorf("effective at %s", at)
	}
}

// clockChange is the day on which Berlin's clocks change next in that month: its last Sunday.
func clockChange(now time.Time, month time.Month) string {
	for year := now.Year(); ; year++ {
		day := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
		day = day.AddDate(0, 0, -int(day.Weekday()))
		if day.After(now.Add(24 * time.Hour)) {
			return day.Format(time.DateOnly)
		}
	}
}

// TestABatchThatWaits is one operation until its time. Then each person is done as agreed, or not at all.
func TestABatchThatWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dir := t.TempDir()
	sameState := with("JIRA_LIFECYCLE_STATE_DIR", dir)
	c := connect(t, s, sameState)
	dropped := c.change(t, "offboard_user", args{"users": []string{alex, alex2}, "effective_at": tomorrow()})
	waiting := c.change(t, "offboard_user", args{"users": []string{jane, petra, sam}, "effective_at": tomorrow()})
	waiting.wants(t, map[string]any{"status": "scheduled", "operation.steps.#": 3, "operation.steps.0.status": "pending"})
	c.call(t, "list_operations", args{"status": "scheduled"}).wants(t, map[string]any{"operations.#": 2})
	c.steer(t, dropped.id(), "cancel").wants(t, map[string]any{"operation.status": "cancelled", "operation.people.0.status": "skipped", "operation.people.1.status": "skipped"})
	if sent := s.writes(); len(sent) != 0 {
		t.Fatalf("wrote %v", sent)
	}
	c.call(t, "add_user_to_group", args{"user": sam, "groups": []string{"release-managers"}}).wants(t, map[string]any{"status": "succeeded"})
	before := s.facts(t, sam)
	timePasses(t, dir, waiting.id(), 2*time.Hour)

	worker := connect(t, s, sameState)
	done := worker.becomes(t, waiting.id(), "partial")
	if got := strings.Join(done.all("operation.people", "status"), " "); got != "done done failed" {
		t.Errorf("people: %s\n%s", got, done.text)
	}
	done.says(t, "release-managers")
	s.wantOffboarded(t, jane, petra)
	s.want(t, sam, before)
	for _, email := range []string{alex, alex2} {
		if f := s.facts(t, email); !f.Active || len(f.Groups) != 2 {
			t.Errorf("%s is %+v", email, f)
		}
	}
}
