package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// credentialsOf gives every form in which the credentials of a server travel.
func credentialsOf(env map[string]string) []string {
	email, token, bearer, key := env["ATLASSIAN_EMAIL"], env["ATLASSIAN_API_TOKEN"], env["ATLASSIAN_SCIM_TOKEN"], env["ATLASSIAN_ORG_API_KEY"]
	basic := base64.StdEncoding.EncodeToString([]byte(email + ":" + token))
	list := []string{basic, strings.TrimRight(basic, "=")}
	for _, secret := range []string{token, bearer, key} {
		if secret != "" {
			list = append(list, secret, base64.StdEncoding.EncodeToString([]byte(secret)))
		}
	}
	return list
}

// whole is an e-mail address that was not shortened.
var whole = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+`)

// checkLog checks that a log holds no secret and no whole e-mail address, and that it does hold the calls.
func checkLog(t *testing.T, log string, secrets []string) {
	t.Helper()
	if n := strings.Count(log, "tool call"); n < 10 {
		t.Errorf("only %d calls are logged: the test proves nothing", n)
	}
	if strings.Contains(log, "DATA RACE") {
		t.Errorf("a data race in the server:\n%s", log)
	}
	for _, secret := range secrets {
		if at := strings.Index(log, secret); at >= 0 {
			t.Errorf("the log holds a secret: …%s…", log[max(0, at-200):min(len(log), at+100)])
		}
	}
	for _, address := range whole.FindAllString(log, -1) {
		t.Errorf("the log holds the e-mail address %s", address)
	}
}

// checkFiles checks that no file of the state directory holds a secret, and that nobody else may read any.
func checkFiles(t *testing.T, dir string, secrets []string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s may be read by others: %s", path, info.Mode())
		}
		if entry.IsDir() {
			return nil
		}
		files++
		raw, err := os.ReadFile(path)
		for _, secret := range secrets {
			if strings.Contains(path+string(raw), secret) {
				t.Errorf("%s holds a secret", path)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files in %s, %v", files, dir, err)
	}
}

// TestNoSecretLeaves makes every tool work, fail and be misused with the log at its most talkative, and searches all that was written.
func TestNoSecretLeaves(t *testing.T) {
	for _, transport := range []string{"stdio", "http"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, over(transport))
			secrets := credentialsOf(s.env)
			var said strings.Builder
			call := func(tool string, arguments args) answer {
				got := c.call(t, tool, arguments)
				raw, err := json.Marshal(got.fields)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintln(&said, got.text, string(raw))
				return got
			}
			all := slices.Concat([]string{"get_server_status"}, operationTools, allTools)
			var tokens []string
			for _, tool := range all {
				arguments := plainArguments(tool)
				if token := call(tool, arguments).str("confirmation.token"); token != "" {
					tokens = append(tokens, token)
					arguments["confirm"] = token
					call(tool, arguments)
					call(tool, arguments) // spent
				}
				call(tool, args{"user": "jane.doe@example.com", "query": "jane.doe@example.com", "xyzzy@example.com": "x"})
			}
			call("offboard_user", args{"user": manager, "reason": "asked for by jane.doe@example.com, password: hunter2hunter2"})
			for _, operation := range call("list_operations", args{"limit": 200}).all("operations", "operation_id") {
				for _, tool := range operationTools[1:] {
					call(tool, args{"operation_id": operation})
					call(tool, args{"operation_id": operation, "action": "resume"})
				}
			}
			call("provision_user", args{"email": "new.person@partner.example", "given_name": "New", "family_name": "Person"})
			for _, f := range []sandbox.Fault{
				{Kind: sandbox.FaultHTML},
				{Kind: sandbox.FaultCutJSON},
				{Kind: sandbox.FaultStatus, Status: 401},
				{Kind: sandbox.FaultStatus, Status: 500},
				{Kind: sandbox.FaultStatus, Status: 302},
				{Kind: sandbox.FaultRateLimit, RetryAfter: "3600"},
			} {
				s.fault(t, f)
				for _, tool := range all {
					call(tool, plainArguments(tool))
				}
				s.ClearFaults()
			}
			prompt := mcp.GetPromptRequest{}
			prompt.Params.Name, prompt.Params.Arguments = "offboard-employee", map[string]string{"user": jane}
			if _, err := c.GetPrompt(t.Context(), prompt); err != nil {
				t.Error(err)
			}
			for _, secret := range secrets {
				if strings.Contains(said.String(), secret) {
					t.Errorf("an answer holds a secret: %s", secret)
				}
			}
			checkFiles(t, c.stateDir, slices.Concat(secrets, tokens))
			checkLog(t, c.log.String(), slices.Concat(secrets, tokens, []string{"hunter2hunter2"}))
		})
	}
}

// TestNoSecretComesBack has a service, or somebody in its place, that repeats the credential in all that it says.
func TestNoSecretComesBack(t *testing.T) {
	t.Parallel()
	var turn atomic.Uint64
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization := r.Header.Get("Authorization")
		_, credential, _ := strings.Cut(authorization, " ")
		if raw, err := base64.StdEncoding.DecodeString(credential); err == nil {
			credential = string(raw) // the e-mail and the token
		}
		said := fmt.Sprintf(`You sent Authorization: %s, which is token=%s of jane.doe@example.com to %s`, authorization, credential, r.URL)
		w.Header().Set("Atl-Traceid", authorization)
		w.Header().Set("Retry-After", "3600")
		status := []int{400, 401, 403, 404, 409, 429, 500, 503, 302, 200}[turn.Add(1)%10]
		w.Header().Set("Location", "https://evil.example/?token="+credential)
		switch {
		case status == 200 || turn.Load()%3 == 0:
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprintf(w, "<html><title>%s</title>%s</html>", said, said)
		case strings.HasPrefix(r.URL.Path, "/scim/"):
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"detail": said, "status": authorization, "scimType": credential})
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"errorMessages": []string{said}, "errors": map[string]string{authorization: said}})
		}
	}))
	t.Cleanup(echo.Close)
	settings := map[string]string{
		"ATLASSIAN_SITE_URL": echo.URL, "ATLASSIAN_API_URL": echo.URL, "ATLASSIAN_EMAIL": admin, "ATLASSIAN_API_TOKEN": "ATATT3xFfGF0SeCrEtTokenOfTheAdmin0123456789",
		"ATLASSIAN_SCIM_DIRECTORY_ID": sandbox.DirectoryID, "ATLASSIAN_SCIM_TOKEN": "ScimTokenThatNobodyShouldSee0123456789",
		"ATLASSIAN_ORG_ID": sandbox.OrgID, "ATLASSIAN_ORG_API_KEY": "OrganizationKeyThatNobodyShouldSee0123456789",
	}
	secrets := credentialsOf(settings)
	all := slices.Concat([]string{"get_server_status"}, allTools)
	var together written
	for range 2 {
		for _, tool := range all { // a server for each call, since an answer of 429 keeps one from asking again for an hour
			c := connect(t, nil, with(flat(settings)...))
			got := c.call(t, tool, plainArguments(tool))
			raw, err := json.Marshal(got.fields)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range append(secrets, "jane.doe@example.com to ", "jane.doe%40") {
				if strings.Contains(got.text+string(raw), secret) {
					t.Errorf("%s tells %q: %s", tool, secret, got.text)
				}
			}
			fmt.Fprint(&together, c.log)
		}
	}
	checkLog(t, together.String(), secrets)
}
