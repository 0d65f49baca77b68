package audit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// largeSite has enough of everything to spill with little memory.
func largeSite(people int) *site {
	s := &site{members: map[string][]jira.User{}, groups: [][]jira.Group{{{ID: "g0", Name: "zero"}, {ID: "g1", Name: "one"}}}}
	for i := 0; i < people; i += 100 {
		var users []jira.User
		var provisioned []scim.User
		for n := i; n < i+100; n++ {
			u := jira.User{
				AccountID: fmt.Sprintf("712020:%06d", n), AccountType: "atlassian", DisplayName: fmt.Sprintf("Person %d", n),
				EmailAddress: fmt.Sprintf("p%d@example.com", n), Active: true,
			}
			users = append(users, u)
			provisioned = append(provisioned, scim.User{ID: fmt.Sprint("s", n), UserName: u.EmailAddress, Active: true, AccountID: u.AccountID})
		}
		s.users = append(s.users, users)
		s.scimUsers = append(s.scimUsers, provisioned...)
		s.members["g0"] = append(s.members["g0"], users...)
		s.members["g1"] = append(s.members["g1"], users[:50]...)
	}
	return s
}

// left gives what an audit left in the state directory, beside the lock of the folder.
func left(t *testing.T, state string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(state, func(path string, d os.DirEntry, err error) error {
		if rel, _ := filepath.Rel(state, path); rel != "." && rel != reportsFolder && d.Name() != doorFile {
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// An error of any source, on any page, ends the audit with that error, and nothing is left behind.
func TestUnreadableSourceFailsTheAudit(t *testing.T) {
	for _, list := range []string{"users", "groups", "g0", "g1", "scim"} {
		for _, page := range []int{0, 3} {
			if list == "groups" && page > 0 {
				continue
			}
			for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError} {
				t.Run(fmt.Sprint(list, page, " ", status), func(t *testing.T) {
					s, state := largeSite(1000), t.TempDir()
					s.fail = func(l string, p int) error {
						if l == list && p == page {
							return &rest.Error{Service: "jira", Method: "GET", Path: "/x", Status: status}
						}
						return nil
					}
					a := Auditor{Jira: s, SCIM: directory{s}, StateDir: state, memory: 4000}
					_, err := a.Run(context.Background(), Options{})
					if !rest.IsStatus(err, status) {
						t.Errorf("got %v, want the %d", err, status)
					}
					if l := left(t, state); len(l) > 0 {
						t.Errorf("left behind: %v", l)
					}
				})
			}
		}
	}
}

func TestGroupDeletedMeanwhileIsNoted(t *testing.T) {
	s := largeSite(1000)
	s.fail = func(list string, page int) error {
		if list == "g0" && page == 2 {
			return &rest.Error{Service: "jira", Status: http.StatusNotFound}
		}
		return nil
	}
	a := Auditor{Jira: s, SCIM: directory{s}, StateDir: t.TempDir()}
	r, err := a.Run(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, `"zero" was deleted`) {
		t.Errorf("notes: %s", notes)
	}
	if r.Counts.Memberships != 100+500 {
		t.Errorf("%d memberships, want the 100 read before and the 500 of the other group", r.Counts.Memberships)
	}
}

// Ending the context at any page stops the reading within a page of each list and leaves neither files nor goroutines.
func TestCancelStopsWithinAPage(t *testing.T) {
	for _, at := range []int{0, 1, 17} {
		state := t.TempDir()
		synctest.Test(t, func(t *testing.T) { // fails when a goroutine outlives the test
			ctx, cancel := context.WithCancel(t.Context())
			s := largeSite(5000)
			asked := 0
			s.fail = func(string, int) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				if asked++; asked > at {
					cancel()
				}
				return nil
			}
			a := Auditor{Jira: s, SCIM: directory{s}, StateDir: state, memory: 4000}
			_, err := a.Run(ctx, Options{})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if most := at + 5; s.served > most {
				t.Errorf("%d pages were read after cancelling at %d", s.served, at)
			}
		})
		if l := left(t, state); len(l) > 0 {
			t.Errorf("left behind: %v", l)
		}
	}
}

// A context that ends while the report is written stops it, too.
func TestCancelWhileJoining(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	spill := newSpill(t.TempDir(), 4000)
	defer spill.close()
	out := spooler{spill: spill}
	for _, page := range largeSite(5000).users {
		for _, u := range page {
			if err := out.account(fromJira(u)); err != nil {
				t.Fatal(err)
			}
		}
	}
	sink, err := newSink(t.TempDir(), Options{}, &collected{groups: newGroupTable()}, rules{})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.close()
	if err := join(ctx, spill, sink, newProgress(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after %d rows", err, sink.counts.Total)
	}
}

func TestStateThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := largeSite(100)
	for _, state := range []string{"", file} {
		a := Auditor{Jira: s, StateDir: state}
		if _, err := a.Run(context.Background(), Options{}); err == nil || !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "JIRA_LIFECYCLE_STATE_DIR") {
			t.Errorf("state directory %q: %v", state, err)
		}
	}
	if s.served > 0 {
		t.Errorf("%d pages were read for a report that can't be kept", s.served)
	}
}

// A disk that fails while pages come in ends the audit with the disk's error.
func TestScratchThatCannotBeWritten(t *testing.T) {
	state := t.TempDir()
	s := largeSite(2000)
	s.fail = func(list string, page int) error {
		if list != "users" || page != 5 {
			return nil
		}
		dirs, err := filepath.Glob(filepath.Join(state, reportsFolder, partialPrefix+"*"))
		if err != nil || len(dirs) != 1 {
			return fmt.Errorf("workspace %v, %v", dirs, err)
		}
		return os.Rename(dirs[0], filepath.Join(state, "away")) // at once, whatever is being made in it
	}
	a := Auditor{Jira: s, SCIM: directory{s}, StateDir: state, memory: 64 << 10}
	if _, err := a.Run(context.Background(), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestOptionsOutOfRange(t *testing.T) {
	for name, test := range map[string]struct {
		options Options
		code    fault.Code
	}{
		"a type that is none":       {Options{AccountTypes: []string{"atlassian", "human"}}, fault.InvalidArgument},
		"a negative limit":          {Options{Limit: -1}, fault.InvalidArgument},
		"a huge limit":              {Options{Limit: MaxLimit + 1}, fault.InvalidArgument},
		"negative days":             {Options{InactiveDays: -1}, fault.InvalidArgument},
		"days without their source": {Options{InactiveDays: 90}, fault.NotConfigured},
	} {
		t.Run(name, func(t *testing.T) {
			s := largeSite(100)
			a := Auditor{Jira: s, StateDir: t.TempDir()}
			if _, err := a.Run(context.Background(), test.options); !fault.Is(err, test.code) {
				t.Errorf("got %v, want %s", err, test.code)
			}
			if s.served > 0 {
				t.Errorf("%d pages were read", s.served)
			}
		})
	}
}

func TestNoAccountAtAllIsAMissingPermission(t *testing.T) {
	a := Auditor{Jira: &site{}, StateDir: t.TempDir()}
	if _, err := a.Run(context.Background(), Options{}); !fault.Is(err, fault.PermissionDenied) {
		t.Errorf("got %v", err)
	}
}
