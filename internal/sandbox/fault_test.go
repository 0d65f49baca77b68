package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// listening is a sandbox that listens, and a way to ask it.
type listening struct {
	*client
	server *Server
	http   *http.Client
}

func listen(t *testing.T, o Options) *listening {
	t.Helper()
	c := start(t, o)
	server, err := c.s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return &listening{client: c, server: server, http: &http.Client{Transport: transport}}
}

// ask sends a request over the wire and reads the answer; err is the transport's, also while reading.
func (l *listening) ask(method, path, body string) (answer, error) {
	r, err := http.NewRequestWithContext(l.t.Context(), method, l.server.URL()+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	authorize(r, l.token)
	r.Header.Set("Content-Type", "application/json")
	response, err := l.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return answer{t: l.t, status: response.StatusCode, header: response.Header, body: data}, err
}

func (l *listening) fault(f Fault) {
	l.t.Helper()
	l.s.ClearFaults()
	if err := l.s.AddFault(f); err != nil {
		l.t.Fatal(err)
	}
}

func TestFaultsSpoilAnswers(t *testing.T) {
	const list, group = "/rest/api/3/users/search?maxResults=100", "/rest/api/3/group"
	l := listen(t, Options{})
	whole, err := l.ask("GET", list, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("429 with its headers", func(t *testing.T) {
		l.fault(Fault{Kind: FaultRateLimit, RetryAfter: "3", Reason: "jira-quota-tenant-based", NearLimit: true})
		for range 2 {
			a, err := l.ask("GET", list, "")
			if err != nil || a.status != 429 || a.header.Get("Retry-After") != "3" || a.header.Get("RateLimit-Reason") != "jira-quota-tenant-based" ||
				a.header.Get("X-RateLimit-NearLimit") != "true" || a.header.Get("X-RateLimit-Remaining") != "0" {
				t.Fatalf("%v %d %v", err, a.status, a.header)
			}
			reset := a.header.Get("X-RateLimit-Reset")
			_, notTime := time.Parse(time.RFC3339, reset)
			_, notNumber := strconv.ParseInt(reset, 10, 64)
			if notTime != nil && notNumber != nil {
				t.Errorf("reset is %q", reset)
			}
		}
	})
	t.Run("429 by default is a burst and gives no Retry-After", func(t *testing.T) {
		l.fault(Fault{Kind: FaultRateLimit})
		a, err := l.ask("GET", list, "")
		if _, has := a.header["Retry-After"]; err != nil || has || a.header.Get("RateLimit-Reason") != "jira-burst-based" {
			t.Errorf("%v %v", err, a.header)
		}
	})
	for name, f := range map[string]Fault{
		"503 with Retry-After":    {Kind: FaultUnavailable, RetryAfter: "0"},
		"503 without Retry-After": {Kind: FaultUnavailable},
		"502":                     {Kind: FaultStatus, Status: 502},
		"409":                     {Kind: FaultConflictSlow, Status: 409},
	} {
		t.Run(name, func(t *testing.T) {
			l.fault(f)
			a, err := l.ask("GET", list, "")
			status, _ := strconv.Atoi(name[:3])
			retry, has := a.header["Retry-After"]
			var body errorCollection
			if err != nil || a.status != status || has != (f.RetryAfter != "") || has && retry[0] != f.RetryAfter || json.Unmarshal(a.body, &body) != nil || len(body.ErrorMessages) != 1 {
				t.Errorf("%v %d %v %s", err, a.status, a.header, a.body)
			}
		})
	}
	t.Run("SCIM errors of faults have a number as status", func(t *testing.T) {
		l.fault(Fault{Kind: FaultUnavailable})
		a, err := l.ask("GET", "/scim/directory/"+DirectoryID+"/Users", "")
		var body struct{ Status int }
		if err != nil || json.Unmarshal(a.body, &body) != nil || body.Status != 503 {
			t.Errorf("%v %s", err, a.body)
		}
	})
	t.Run("reset before the effect", func(t *testing.T) {
		l.fault(Fault{Kind: FaultResetBefore})
		if _, err := l.ask("POST", group, `{"name":"before"}`); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v, want a reset", err)
		}
		if l.s.GroupID("before", false) != "" {
			t.Error("the group was made")
		}
	})
	t.Run("reset after the effect", func(t *testing.T) {
		l.fault(Fault{Kind: FaultResetAfter})
		if _, err := l.ask("POST", group, `{"name":"after"}`); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v, want a reset", err)
		}
		if l.s.GroupID("after", false) == "" {
			t.Error("the group was not made")
		}
	})
	t.Run("half a body as if it were all", func(t *testing.T) {
		l.fault(Fault{Kind: FaultCutJSON})
		a, err := l.ask("GET", list, "")
		if err != nil || a.status != 200 || len(a.body) != len(whole.body)/2 || json.Valid(a.body) {
			t.Errorf("%v %d, %d bytes of %d", err, a.status, len(a.body), len(whole.body))
		}
	})
	t.Run("half a body and a closed connection", func(t *testing.T) {
		l.fault(Fault{Kind: FaultCutBody})
		if a, err := l.ask("GET", list, ""); !errors.Is(err, io.ErrUnexpectedEOF) || len(a.body) != len(whole.body)/2 {
			t.Errorf("%v, %d bytes of %d", err, len(a.body), len(whole.body))
		}
	})
	t.Run("a slow body", func(t *testing.T) {
		l.fault(Fault{Kind: FaultSlowBody, DelayMS: 50})
		began := time.Now()
		a, err := l.ask("GET", list, "")
		if err != nil || !json.Valid(a.body) || time.Since(began) < 50*time.Millisecond {
			t.Errorf("%v, %d bytes after %v", err, len(a.body), time.Since(began))
		}
	})
	t.Run("a late answer", func(t *testing.T) {
		l.fault(Fault{Kind: FaultDelay, DelayMS: 50})
		began := time.Now()
		if a, err := l.ask("GET", list, ""); err != nil || a.status != 200 || time.Since(began) < 50*time.Millisecond {
			t.Errorf("%v %d after %v", err, a.status, time.Since(began))
		}
	})
	t.Run("HTML", func(t *testing.T) {
		l.fault(Fault{Kind: FaultHTML})
		if a, err := l.ask("POST", group, `{"name":"html"}`); err != nil || a.status != 200 || !strings.HasPrefix(string(a.body), "<!DOCTYPE html>") {
			t.Errorf("%v %d %s", err, a.status, a.body)
		}
		if l.s.GroupID("html", false) != "" {
			t.Error("the group was made")
		}
	})
	t.Run("a body that does not end soon", func(t *testing.T) {
		l.fault(Fault{Kind: FaultBigBody, MB: 2})
		if a, err := l.ask("GET", list, ""); err != nil || len(a.body) < 2<<20 || !json.Valid(a.body) {
			t.Errorf("%v, %d bytes", err, len(a.body))
		}
	})
	t.Run("a limit that is near", func(t *testing.T) {
		l.fault(Fault{Kind: FaultNearLimit})
		if a, err := l.ask("GET", list, ""); err != nil || a.status != 200 || a.header.Get("X-RateLimit-NearLimit") != "true" {
			t.Errorf("%v %d %v", err, a.status, a.header)
		}
	})
	t.Run("smaller pages than asked for", func(t *testing.T) {
		l.fault(Fault{Kind: FaultClampPage, Max: 7})
		var page []jiraUser
		if a, err := l.ask("GET", list, ""); err != nil || json.Unmarshal(a.body, &page) != nil || len(page) != 7 {
			t.Errorf("%v, %d accounts", err, len(page))
		}
		var users scimList
		if a, err := l.ask("GET", "/scim/directory/"+DirectoryID+"/Users", ""); err != nil || json.Unmarshal(a.body, &users) != nil || len(users.Resources) != 7 {
			t.Errorf("%v, %d users", err, len(users.Resources))
		}
	})
	t.Run("an invitation that fails and was sent", func(t *testing.T) {
		l.fault(Fault{Kind: FaultInviteQuirk, Method: "POST", Path: "/rest/api/3/user$"})
		a, err := l.ask("POST", "/rest/api/3/user", `{"emailAddress":"quirk@partner.example","products":[]}`)
		if err != nil || a.status != 400 || !strings.Contains(string(a.body), "User not found") {
			t.Errorf("%v %d %s", err, a.status, a.body)
		}
		if l.s.AccountID("quirk@partner.example") == "" {
			t.Error("the account was not made")
		}
	})
}

func TestFaultsStrikeWhatTheyName(t *testing.T) {
	for _, test := range []struct {
		name, rule string
		requests   []string
		want       string // a 1 for each request that is struck
	}{
		{"everything", "kind=unavailable", []string{"GET /rest/api/3/myself", "GET /scim/directory/x/Users"}, "11"},
		{"a method", "kind=unavailable,method=get", []string{"GET /rest/api/3/user", "POST /rest/api/3/user"}, "10"},
		{"a path and what is below", "kind=unavailable,path=/rest/api/3/user", []string{"GET /rest/api/3/user", "GET /rest/api/3/user/groups", "GET /rest/api/3/users"}, "110"},
		{"a path alone", "kind=unavailable,path=/rest/api/3/user$", []string{"GET /rest/api/3/user", "GET /rest/api/3/user/groups"}, "10"},
		{"a template", "kind=unavailable,path=/scim/directory/{directoryId}/Users/{userId}", []string{"GET /scim/directory/d/Users/u", "GET /scim/directory/d/Users", "GET /scim/directory/d/Groups/g"}, "100"},
		{"a path through the gateway", "kind=unavailable,path=/rest/api/3/myself", []string{"GET /ex/jira/" + CloudID + "/rest/api/3/myself"}, "1"},
		{"a query", "kind=unavailable,query=startAt=100", []string{"GET /rest/api/3/users/search?startAt=100", "GET /rest/api/3/users/search?startAt=0"}, "10"},
		{"slow pages", "kind=conflict_slow,max=100", []string{"GET /rest/api/3/users/search?maxResults=101", "GET /rest/api/3/users/search?maxResults=100", "GET /rest/api/3/users/search"}, "100"},
		{"the first two", "kind=unavailable,times=2", []string{"GET /a", "GET /b", "GET /c"}, "110"},
		{"all but the first two", "kind=unavailable,skip=2", []string{"GET /a", "GET /b", "GET /c", "GET /d"}, "0011"},
		{"every third", "kind=unavailable,every=3", []string{"GET /a", "GET /b", "GET /c", "GET /d", "GET /e", "GET /f"}, "001001"},
		{"every second, once, after one", "kind=unavailable,every=2,times=1,skip=1", []string{"GET /a", "GET /b", "GET /c", "GET /d", "GET /e"}, "00100"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, Options{Faults: []string{test.rule}})
			got := ""
			for _, request := range test.requests {
				method, target, _ := strings.Cut(request, " ")
				if status := c.do(method, target, "").status; status == 503 || status == 409 {
					got += "1"
				} else {
					got += "0"
				}
			}
			if got != test.want {
				t.Errorf("struck %s, want %s", got, test.want)
			}
		})
	}
}

func TestParseFault(t *testing.T) {
	got, err := ParseFault("kind=rate_limit, method=GET,path=/rest/api/3/users/search,every=10,times=3,skip=1,retry_after=1,reason=jira-burst-based,near_limit=true,delay_ms=5,status=429,max=2,query=a=b,mb=1")
	want := Fault{
		Kind: FaultRateLimit, Method: "GET", Path: "/rest/api/3/users/search", Query: "a=b", Skip: 1, Every: 10, Times: 3, Status: 429, RetryAfter: "1",
		Reason: "jira-burst-based", NearLimit: true, DelayMS: 5, Max: 2, MB: 1,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, text := range []string{"", "kind", "kind=flood", "kind=rate_limit,times=many", "kind=rate_limit,times=-1", "kind=rate_limit,colour=red", "kind=status", "kind=status,status=99"} {
		if _, err := ParseFault(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	if _, err := New(Options{Faults: []string{"kind=flood"}}); err == nil {
		t.Error("New accepts a fault that ParseFault does not")
	}
}
