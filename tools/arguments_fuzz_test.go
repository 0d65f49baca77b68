package tools

import (
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// FuzzArguments sends anything as the arguments of every tool: they are taken, or refused with a fault of the argument, and never more.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `"x"`, `{"user":"jane.doe@example.com"}`, `{"user":1}`, `{"user":"a","nope":1}`, `{"limit":-1,"query":"a"}`, `{"limit":1e400}`, `{"groups":[null]}`, `{"user":"\u0000"}`, `{"user`, `{"user":"a","user":"b"}`,
	} {
		f.Add(seed)
	}
	list := All(&Deps{})
	f.Fuzz(func(t *testing.T, raw string) {
		for _, tool := range list {
			args, err := checkArguments(tool.in, []byte(raw))
			if err != nil && !fault.Is(err, fault.InvalidArgument) {
				t.Errorf("%s: %v", tool.Name, err)
			}
			if err == nil && args == nil {
				t.Errorf("%s: neither arguments nor an error", tool.Name)
			}
		}
	})
}
