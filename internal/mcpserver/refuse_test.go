package mcpserver

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
)

// TestARefusedReadHasItsHTTPStatus since 2026-07-28, as every other error of that revision.
func TestARefusedReadHasItsHTTPStatus(t *testing.T) {
	o := startOrganization(t)
	server := o.server()
	url, _ := listen(t, server.ServeHTTP)
	p := &peer{t: t, revision: mcp.ProtocolVersion20260728, known: map[string]any{}}
	for uri, want := range map[string]int{
		audit.URIPrefix + "nobody/report.csv":                       http.StatusBadRequest,
		audit.URIPrefix + "audit-20200101T000000Z-abcd/report.html": http.StatusBadRequest,
		reportsURI: http.StatusOK,
	} {
		res, raw := post(t, url+"/mcp", encoded(t, 1, "resources/read", p.params(map[string]any{"uri": uri})), map[string]string{
			"Mcp-Protocol-Version": p.revision, "Mcp-Method": "resources/read", "Mcp-Name": uri,
		})
		var answer struct {
			Result json.RawMessage
			Error  *struct{ Code int }
		}
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatalf("%s: %s", uri, raw)
		}
		if refused := answer.Error != nil && answer.Error.Code == mcp.INVALID_PARAMS; res.StatusCode != want || refused != (want != http.StatusOK) {
			t.Errorf("%s: %s\n%s", uri, res.Status, raw)
		}
	}
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
}
