package audit

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// generated is a site of any size that holds nobody: it makes its pages as they are asked for. Everybody is in the first group and
// every third person in the second; names repeat, and SCIM has not learned every tenth account id.
type generated struct{ people int }

func (g generated) id(n int) string {
	return fmt.Sprintf("712020:%08x-0000-4000-8000-%012d", uint32(n)*2654435761, n)
}
func (g generated) email(n int) string { return fmt.Sprintf("person.%d@example.com", n) }

func (g generated) user(n int) jira.User {
	u := jira.User{AccountID: g.id(n), AccountType: "atlassian", DisplayName: fmt.Sprintf("Person %d", n%(g.people/2)), Active: n%10 != 0}
	if n%4 != 0 {
		u.EmailAddress = g.email(n)
	}
	return u
}

func (g generated) AllUsers(context.Context, rest.PageOptions) iter.Seq2[[]jira.User, error] {
	return makePages(g.people, 1000, g.user)
}

func (g generated) AllGroups(_ context.Context, q jira.GroupQuery, _ rest.PageOptions) iter.Seq2[[]jira.Group, error] {
	if q.AccessType != "" {
		return makePages(0, 1, func(int) jira.Group { return jira.Group{} })
	}
	return makePages(2, 50, func(n int) jira.Group { return jira.Group{ID: fmt.Sprint(n), Name: fmt.Sprint("group ", n)} })
}

func (g generated) GroupMembers(_ context.Context, id string, _ bool, start, most int) (jira.MemberPage, error) {
	step := 1
	if id == "1" {
		step = 3
	}
	total := (g.people + step - 1) / step
	page := jira.MemberPage{Total: total, Last: start+most >= total}
	for i := start; i < min(start+most, total); i++ {
		page.Users = append(page.Users, g.user(i*step))
	}
	return page, nil
}

type generatedSCIM struct{ generated }

func (g generatedSCIM) Users(_ context.Context, _ scim.Filter, start, count int) (scim.UserPage, error) {
	page := scim.UserPage{Total: g.people, StartIndex: start}
	for n := start - 1; n < min(start-1+count, g.people); n++ {
		u := scim.User{ID: fmt.Sprint("scim-", n), UserName: g.email(n), Email: g.email(n), Active: n%10 != 0, AccountID: g.id(n)}
		if n%10 == 1 {
			u.AccountID = ""
		}
		page.Users = append(page.Users, u)
	}
	return page, nil
}

// makePages gives n items.
func makePages[T any](n, size int, item func(int) T) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for start := 0; start < n; start += size {
			var page []T
			for i := start; i < min(start+size, n); i++ {
				page = append(page, item(i))
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

// Eight times the people take no more memory.
func TestMemoryDoesNotGrowWithPeople(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	peak := func(people int) int64 {
		g := generated{people}
		a := Auditor{Jira: g, SCIM: generatedSCIM{g}, StateDir: t.TempDir(), Parallel: 1, memory: 128 << 10}
		highest := watchHeap()
		r, err := a.Run(context.Background(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Counts.Total != people || r.Counts.InSCIM != people || r.Counts.SCIMUsers != people {
			t.Errorf("counts of %d people: %+v", people, r.Counts)
		}
		return highest()
	}
	peak(1000)
	small, large := peak(5_000), peak(40_000)
	t.Logf("live heap at its highest: %d KB, and %d KB with eight times the people", small>>10, large>>10)
	// 35,000 people more, at a mere 100 bytes each, would be 3.5 MB; what is live at a collection varies by itself.
	if large > small+3<<20 {
		t.Errorf("the live heap grew from %d to %d KB", small>>10, large>>10)
	}
}

// watchHeap begins to watch the live heap, as each garbage collection finds it, and returns a function that ends that and gives the highest.
func watchHeap() func() int64 {
	stop, result := make(chan struct{}), make(chan int64)
	go func() {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		highest := int64(0)
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-tick.C:
				metrics.Read(sample)
				highest = max(highest, int64(sample[0].Value.Uint64()))
			case <-stop:
				tick.Stop()
				result <- highest
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-result
	}
}
