//go:build unix

package e2e

import (
	"net/http"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// wantRefused checks an answer that tells of a record that can't be written, before anything was sent.
func wantRefused(t *testing.T, s *site, got answer, before int, code string, words ...string) {
	t.Helper()
	if got.str("code") != code || !got.isError {
		t.Errorf("the code is %q, want %s\n%s", got.str("code"), code, got.text)
	}
	got.says(t, words...)
	if sent := s.writes()[before:]; len(sent) != 0 {
		t.Errorf("sent without a record: %v", sent)
	}
}

// postgreSQLIsStopped stops the database between a plan and its confirmation, and in the middle of an operation.
func postgreSQLIsStopped(t *testing.T) {
	cluster := pgtest.Start(t)
	start := func(t *testing.T, s *site, url string) (*replica, *crashSite) {
		env := settings(t, s)
		env["JIRA_LIFECYCLE_DATABASE_URL"] = url
		return serving(t, env), recorded(t, s, env)
	}
	// The middle one is begun first, as it takes the longest: what was its lease has to lapse.
	url, url2 := cluster.URL(t), cluster.URL(t)
	middle, between := newSite(t), newSite(t)
	r, record := start(t, middle, url)
	r2, record2 := start(t, between, url2)
	before := middle.facts(t, jane)
	middle.fault(t, sandbox.Fault{Kind: sandbox.FaultHold, Method: http.MethodPatch, Path: scimUserPath, Stage: sandbox.StageDuring, Times: 1})
	t.Cleanup(func() { middle.ReleaseAll(true) })
	agreed2 := r2.plan(t, "offboard_user", args{"user": jane})
	agreed2b := r2.plan(t, "offboard_user", args{"user": alex})
	answered := r.begin(t, "offboard_user", r.plan(t, "offboard_user", args{"user": jane}))
	middle.held(t)
	id := record.operations(t)[0].ID

	cluster.Stop(t)
	wantRefused(t, between, r2.call(t, "offboard_user", agreed2), 0, "upstream_unavailable", "can't be reached", "Call again when the database is back")
	fresh := connect(t, between, with("JIRA_LIFECYCLE_DATABASE_URL", url2)) // one that starts meanwhile
	wantRefused(t, between, fresh.call(t, "offboard_user", args{"user": sam}), 0, "upstream_unavailable", "can't be reached")
	wantRefused(t, between, r2.call(t, "list_operations", args{}), 0, "upstream_unavailable", "can't be reached")
	r2.call(t, "lookup_user", args{"user": jane}).wants(t, map[string]any{"code": nil}) // what needs no record goes on
	middle.ReleaseAll(true)
	broken := answered.get(t)
	wantRefused(t, middle, broken, 1, "upstream_unavailable", id, "broken off", "can't be reached", "taken up again by itself", "get_operation")
	before.Active, before.SCIMActive = false, false
	middle.want(t, jane, before)

	cluster.Start(t)
	until(t, "the database", func() bool { return r2.call(t, "list_operations", args{}).str("code") == "" })
	fresh.call(t, "offboard_user", args{"user": sam}).wants(t, map[string]any{"status": "confirmation_required"})
	r2.call(t, "offboard_user", agreed2).wants(t, map[string]any{"status": "succeeded"})
	between.want(t, jane, facts{OnSite: true, InSCIM: true})
	record2.wantNothingTwice(t)
	record2.wantSoundRecord(t)

	cluster.Crash(t)
	cluster.Start(t) // and nobody called in between
	r2.call(t, "offboard_user", agreed2b).wants(t, map[string]any{"status": "succeeded"})

	record.wantSucceeded(t, record.over(t, id))
	middle.want(t, jane, facts{OnSite: true, InSCIM: true})
	record.wantNothingTwice(t)
	record.wantSoundRecord(t)
	r.operation(t, id).wants(t, map[string]any{"operation.status": "succeeded"})
}
