package e2e

import (
	"net/http"
	"slices"
	"sync"
	"testing"
)

// TestAnyReplicaAnswersForAnyOperation plans at one replica and confirms at the other, and looks at, stops and resumes at either.
func TestAnyReplicaAnswersForAnyOperation(t *testing.T) {
	t.Parallel()
	p := replicas(t, newSite(t))
	agreed := p.a.plan(t, "offboard_user", args{"user": jane, "reason": "HR-4711"})
	release := p.hold(t, http.MethodPatch, scimUserPath)
	answered := p.b.begin(t, "offboard_user", agreed)
	p.held(t)
	id := p.operations(t)[0].ID
	for _, r := range []*replica{p.a, p.b} {
		r.operation(t, id).wants(t, map[string]any{"operation.status": "running", "operation.reason": "HR-4711", "operation.steps.0.status": "running"})
		r.call(t, "list_operations", args{"status": "running"}).wants(t, map[string]any{"operations.#": 1, "operations.0.operation_id": id})
		busy := r.change(t, "offboard_user", args{"user": jane})
		busy.wants(t, map[string]any{"code": "conflict"})
		busy.says(t, id)
	}
	stopping := p.a.begin(t, "update_operation", args{"operation_id": id, "action": "cancel"}) // it waits for the end
	until(t, "the cancellation", func() bool { return p.b.operation(t, id).str("operation.cancelled_by") != "" })
	release()
	stopping.get(t).wants(t, map[string]any{"operation.status": "partial"})
	got := answered.get(t)
	got.wants(t, map[string]any{"status": "partial", "operation.operation_id": id, "operation.steps.0.status": "done", "operation.steps.1.status": "skipped"})

	p.a.operation(t, id).wants(t, map[string]any{"operation.status": "partial"})
	p.b.call(t, "offboard_user", agreed).wants(t, map[string]any{"code": "confirmation_invalid"})
	p.b.change(t, "offboard_user", args{"user": jane}).wants(t, map[string]any{"status": "succeeded"})

	p.refuse(t)
	id = p.a.change(t, "offboard_user", args{"user": alex}).id()
	p.ClearFaults()
	p.b.steer(t, id, "resume").wants(t, map[string]any{"operation.operation_id": id, "operation.status": "succeeded", "operation.steps.0.attempts": 1})
	p.a.operation(t, id).wants(t, map[string]any{"operation.status": "succeeded"})
	p.want(t, alex, facts{OnSite: true, InSCIM: true})
	p.want(t, jane, facts{OnSite: true, InSCIM: true})
	p.wantNothingTwice(t)
	p.wantSoundRecord(t)
}

// TestOneTokenWorksOnceAtAllReplicas has both confirm one plan four times at the same moment.
func TestOneTokenWorksOnceAtAllReplicas(t *testing.T) {
	t.Parallel()
	p := replicas(t, newSite(t))
	agreed := p.a.plan(t, "offboard_user", args{"user": jane})
	var mu sync.Mutex
	outcomes := map[string]int{}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			got := []*replica{p.a, p.b}[i%2].call(t, "offboard_user", agreed)
			mu.Lock()
			defer mu.Unlock()
			outcomes[got.str("code")+got.str("status")]++
		})
	}
	all.Wait()
	if outcomes["succeeded"] != 1 || outcomes["succeeded"]+outcomes["confirmation_invalid"]+outcomes["plan_changed"]+outcomes["conflict"] != 8 {
		t.Errorf("outcomes %v", outcomes)
	}
	if made := p.operations(t); len(made) != 1 {
		t.Errorf("%d operations", len(made))
	}
	p.want(t, jane, facts{OnSite: true, InSCIM: true})
	p.wantNothingTwice(t)
	p.wantSoundRecord(t)
}

// TestABatchIsSharedByReplicas has a batch of ten run where both replicas look for work.
func TestABatchIsSharedByReplicas(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := replicas(t, s, "JIRA_LIFECYCLE_MAX_CONCURRENCY", "2")
	people := s.staff(t, 10)
	done := p.b.call(t, "offboard_user", p.a.plan(t, "offboard_user", args{"users": people}))
	done.wants(t, map[string]any{"status": "succeeded", "operation.steps.#": 10})
	for _, id := range done.all("operation.steps", "operation_id") {
		claims := 0
		for _, e := range p.events(t, id) {
			if e.Kind == "claimed" {
				claims++
			}
		}
		if claims != 1 {
			t.Errorf("operation %s was claimed %d times", id, claims)
		}
	}
	p.a.operation(t, done.id()).wants(t, map[string]any{"operation.status": "succeeded"})
	p.wantNothingTwice(t)
	p.wantSoundRecord(t)
}

// staff names people that SCIM holds, who can be offboarded and are in no other test's plans.
func (s *site) staff(t *testing.T, n int) []string {
	t.Helper()
	var people []string
	for _, u := range s.state(t).SCIM.Users {
		if u.Active && u.AccountID != "" && len(people) < n && !slices.Contains([]string{admin, jane, sam, manager, petra, lee, alex, boris, tessa, vera}, u.UserName) {
			people = append(people, u.UserName)
		}
	}
	if len(people) < n {
		t.Fatalf("the site has %d people, want %d", len(people), n)
	}
	return people
}
