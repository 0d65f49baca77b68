package lifecycle

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

func offboardPlan(t *testing.T) Plan {
	t.Helper()
	plan, err := planOffboard(person(), chosen{}, reach{scim: true}, "")
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// sealerOn is a sealer on a journal of its own, as another process would have.
func sealerOn(t *testing.T, dir string, now func() time.Time) *sealer {
	t.Helper()
	store := journal.New(journal.Options{Dir: dir})
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return &sealer{journal: store, now: now}
}

func TestTokens(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	dir := t.TempDir()
	at := time.Date(2026, 11, 30, 18, 0, 0, 0, time.UTC)
	sealed, err := sealerOn(t, dir, clock).seal(t.Context(), offboardPlan(t), "local:alice", at)
	if err != nil {
		t.Fatal(err)
	}
	if want := now.Add(15 * time.Minute); !sealed.ExpiresAt.Equal(want) {
		t.Errorf("expires at %s, want %s", sealed.ExpiresAt, want)
	}
	flipped := []byte(sealed.Token)
	flipped[len(flipped)/2] ^= 1
	stranger, err := sealerOn(t, t.TempDir(), clock).seal(t.Context(), offboardPlan(t), "local:alice", at)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, token, tool, caller string
		after, delay              time.Duration
		reason                    string // "" means that the token is good
	}{
		{name: "a good one", token: sealed.Token, tool: "offboard_user", caller: "local:alice"},
		{name: "a good one in its last second", token: sealed.Token, tool: "offboard_user", caller: "local:alice", after: 15*time.Minute - time.Second},
		{name: "expired", token: sealed.Token, tool: "offboard_user", caller: "local:alice", after: 15 * time.Minute, reason: "expired"},
		{name: "altered", token: string(flipped), tool: "offboard_user", caller: "local:alice", reason: "not one that this server gave"},
		{name: "invented", token: "yes", tool: "offboard_user", caller: "local:alice", reason: "not one that this server gave"},
		{name: "huge", token: strings.Repeat("A", 100_000), tool: "offboard_user", caller: "local:alice", reason: "not one that this server gave"},
		{name: "sealed by another server", token: stranger.Token, tool: "offboard_user", caller: "local:alice", reason: "not one that this server gave"},
		{name: "of another tool", token: sealed.Token, tool: "delete_user", caller: "local:alice", reason: "is for offboard_user"},
		{name: "of another caller", token: sealed.Token, tool: "offboard_user", caller: "local:mallory", reason: "another caller"},
		{name: "for another time", token: sealed.Token, tool: "offboard_user", caller: "local:alice", delay: time.Hour, reason: "another effective_at"},
	} {
		t.Run(test.name, func(t *testing.T) {
			later := sealerOn(t, dir, func() time.Time { return now.Add(test.after) })
			_, err := later.open(t.Context(), test.token, test.tool, test.caller, at.Add(test.delay))
			switch {
			case test.reason == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.reason != "" && (!fault.Is(err, fault.ConfirmationInvalid) || !strings.Contains(err.Error(), test.reason)):
				t.Errorf("got %v, want confirmation_invalid with %q", err, test.reason)
			}
		})
	}
}

func TestATokenSealedByOneProcessOpensAtAnother(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	tokens := make([]string, 4)
	for i := range tokens {
		all.Go(func() {
			sealed, err := sealerOn(t, dir, time.Now).seal(t.Context(), offboardPlan(t), "c", time.Time{})
			if err != nil {
				t.Error(err)
			}
			tokens[i] = sealed.Token
		})
	}
	all.Wait()
	for _, token := range tokens {
		if _, err := sealerOn(t, dir, time.Now).open(t.Context(), token, "offboard_user", "c", time.Time{}); err != nil {
			t.Errorf("sealed by one process, refused by another: %v", err)
		}
	}
}
