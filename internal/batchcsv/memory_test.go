package batchcsv

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// A list of 100,000 people is counted in the memory of one that is allowed.
func TestMemoryDoesNotGrowWithTheList(t *testing.T) {
	for name, line := range map[string]string{"short rows": "", "rows with a field over lines": ",\"a\nb\""} {
		t.Run(name, func(t *testing.T) {
			const many = 100_000
			var b strings.Builder
			b.WriteString("user" + map[bool]string{true: ",reason"}[line != ""] + "\n")
			for i := range many {
				fmt.Fprintf(&b, "person.%d@example.com%s\n", i, line)
			}
			lists, path := folder(t, 25, b.String())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			rows, _, err := lists.Leavers(path)
			runtime.ReadMemStats(&after)
			if !fault.Is(err, fault.Protected) || !strings.Contains(err.Error(), "The list has 100000 people, and the policy allows 25") {
				t.Errorf("error %v", err)
			}
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 256<<10 {
				t.Errorf("%d KB were allocated", allocated>>10)
			}
			if len(rows) > 25 {
				t.Errorf("%d rows were kept", len(rows))
			}
		})
	}
}
