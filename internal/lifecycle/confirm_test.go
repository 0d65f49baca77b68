package lifecycle

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

func offboardPlan(t *testing.T) Plan {
	t.Helper()
	plan, err := planOffboard(person(), nil, true)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestTokens(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	dir := t.TempDir()
	sealer := NewSealer(dir, clock)
	sealed, err := sealer.Seal(offboardPlan(t), "local:alice")
	if err != nil {
		t.Fatal(err)
	}
	if want := now.Add(15 * time.Minute); !sealed.ExpiresAt.Equal(want) {
		t.Errorf("expires at %s, want %s", sealed.ExpiresAt, want)
	}
	flipped := []byte(sealed.Token)
	flipped[len(flipped)/2] ^= 1
	stranger, err := NewSealer(t.TempDir(), clock).Seal(offboardPlan(t), "local:alice")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, token, tool, caller string
		after                     time.Duration
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
	} {
		t.Run(test.name, func(t *testing.T) {
			later := NewSealer(dir, func() time.Time { return now.Add(test.after) })
			_, err := later.open(test.token, test.tool, test.caller)
			switch {
			case test.reason == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.reason != "" && (!fault.Is(err, fault.ConfirmationInvalid) || !strings.Contains(err.Error(), test.reason)):
				t.Errorf("got %v, want confirmation_invalid with %q", err, test.reason)
			}
		})
	}
}

func TestATokenIsSpentOnceAmongProcesses(t *testing.T) {
	dir := t.TempDir()
	sealed, err := NewSealer(dir, nil).Seal(offboardPlan(t), "c")
	if err != nil {
		t.Fatal(err)
	}
	var spent atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { // each with a sealer of its own, as another process would have
			other := NewSealer(dir, nil)
			c, err := other.open(sealed.Token, "offboard_user", "c")
			if err == nil && other.spend(c) == nil {
				spent.Add(1)
			}
		})
	}
	all.Wait()
	if spent.Load() != 1 {
		t.Errorf("spent %d times, want once", spent.Load())
	}
	if _, err := NewSealer(dir, nil).open(sealed.Token, "offboard_user", "c"); !fault.Is(err, fault.ConfirmationInvalid) {
		t.Errorf("a used token opens: %v", err)
	}
}

func TestTheKeyIsPrivateAndShared(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	tokens := make([]string, 8)
	for i := range tokens {
		all.Go(func() {
			sealed, err := NewSealer(dir, nil).Seal(offboardPlan(t), "c")
			if err != nil {
				t.Error(err)
			}
			tokens[i] = sealed.Token
		})
	}
	all.Wait()
	for _, token := range tokens {
		if _, err := NewSealer(dir, nil).open(token, "offboard_user", "c"); err != nil {
			t.Errorf("sealed by one process, refused by another: %v", err)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "confirmations", "key"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, want 0600", info.Mode().Perm())
	}
}
