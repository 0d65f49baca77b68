package directory

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// A cursor says where the next page starts, and of which list, so that it can't be used for another one. It is not a secret and
// grants nothing: an altered one reads another page of a list that the caller may read anyway.
type cursorState struct {
	List  string `json:"l"`
	Query uint64 `json:"q"`
	Start int    `json:"s"`
}

// maxStart is beyond the end of any list, and small enough that no sum with it overflows.
const maxStart = 10_000_000

func queryHash(query string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(query)) // a hash never fails
	return h.Sum64()
}

func sealCursor(list, query string, start int) string {
	state, _ := json.Marshal(cursorState{List: list, Query: queryHash(query), Start: start}) // three plain fields always marshal
	return base64.RawURLEncoding.EncodeToString(state)
}

// openCursor returns where the page starts; the empty cursor is the first page.
func openCursor(cursor, list, query string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	var state cursorState
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(raw, &state)
	}
	switch {
	case err != nil || state.Start < 0 || state.Start > maxStart:
		return 0, errNoCursor()
	case state.List != list || state.Query != queryHash(query):
		return 0, fault.New(fault.InvalidArgument, "Repeat the arguments of the first page together with its cursor, or leave cursor out to begin.", "The argument cursor belongs to another query.")
	}
	return state.Start, nil
}

func errNoCursor() error {
	return fault.New(fault.InvalidArgument, "Pass next_cursor of the previous page exactly as it came, or leave cursor out to begin.", "The argument cursor is not one that this server gave.")
}
