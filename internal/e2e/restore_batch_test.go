package e2e

import "testing"

// TestRestoringABatch puts back what was taken from everybody of a batch, where one of them kept the groups.
func TestRestoringABatch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	before := map[string]facts{}
	people := []string{jane, manager, sam, petra}
	for _, email := range people {
		before[email] = s.facts(t, email)
	}
	s.forbid(t, manager)
	gone := c.change(t, "offboard_user", args{"users": people})
	gone.wants(t, map[string]any{"status": "partial", "operation.steps.#": 4})
	s.ClearFaults()
	s.wantOffboarded(t, jane, sam, petra)

	back := c.restore(t, gone.id())
	back.wants(t, map[string]any{"status": "succeeded", "operation.steps.#": 4})
	for _, email := range people {
		s.want(t, email, before[email])
	}
	c.operation(t, back.id()).wants(t, map[string]any{"operation.kind": "restore_user", "operation.people.#": 4})

	// One of them alone, and all of them once more.
	sent := len(s.writes())
	c.restore(t, gone.all("operation.steps", "operation_id")[0]).says(t, "already")
	c.restore(t, gone.id()).wants(t, map[string]any{"status": "succeeded"})
	if now := s.writes()[sent:]; len(now) != 0 {
		t.Errorf("a second restore sent %v", now)
	}
}
