package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// With a lag, Jira's reads and SCIM's lists show a change later. What is so, and a SCIM user by its id, shows at once.
func TestReadsLagBehindWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lag = 5 * time.Second
		c := start(t, Options{Lag: lag})
		jane, partners := c.s.AccountID("jane.doe@example.com"), c.s.GroupID("partners", false)
		record := c.scimUser("jane.doe@example.com")
		c.scim("PATCH", "/Users/"+record.ID, patchActive("false")).want(200)
		c.jira("POST", "/group/user", `{"accountId":"`+jane+`"}`, "groupId", partners).want(201)
		var made scimUserBody
		c.scim("POST", "/Users", newSCIMUser("nina.new@example.com")).into(201, &made)

		shown := func() string {
			u := c.user("jane.doe@example.com")
			var found scimList
			c.scim("GET", "/Users", "", "filter", `userName eq "nina.new@example.com"`).into(200, &found)
			var one scimUserBody
			c.scim("GET", "/Users/"+made.ID, "").into(200, &one)
			return fmt.Sprint(u.Active, u.Groups.Size, c.scimUser("jane.doe@example.com").Active, found.TotalResults, one.Atlassian != nil)
		}
		if got, want := shown(), "true 4 true 0 false"; got != want {
			t.Errorf("at once: %s, want %s", got, want)
		}
		// Writes know what is so.
		c.jira("POST", "/group/user", `{"accountId":"`+jane+`"}`, "groupId", partners).want(400)
		var one scimUserBody
		if c.scim("GET", "/Users/"+record.ID, "").into(200, &one); one.Active {
			t.Error("the SCIM user by its id is still active")
		}
		if c.s.AccountID("nina.new@example.com") == "" || len(c.state().Jira.Users) != 201 {
			t.Error("the state lags")
		}
		time.Sleep(lag - time.Millisecond)
		if got, want := shown(), "true 4 true 0 false"; got != want {
			t.Errorf("just before the end of the lag: %s, want %s", got, want)
		}
		time.Sleep(time.Millisecond)
		if got, want := shown(), "false 5 false 1 true"; got != want {
			t.Errorf("after the lag: %s, want %s", got, want)
		}
		if u := c.user("nina.new@example.com"); !u.Active {
			t.Errorf("Jira has %+v", u)
		}
	})
}

// An account id that SCIM learns late, or never.
func TestSCIMLearnsTheAccountIDLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, Options{Faults: []string{"kind=scim_account_late,method=POST,times=1,delay_ms=60000", "kind=scim_account_late,method=POST"}})
		c.scim("POST", "/Users", newSCIMUser("late@example.com")).want(201)
		c.scim("POST", "/Users", newSCIMUser("never@example.com")).want(201)
		for _, step := range []struct {
			after time.Duration
			known bool
		}{{59 * time.Second, false}, {time.Second, true}} {
			time.Sleep(step.after)
			if known := c.scimUser("late@example.com").Atlassian != nil; known != step.known {
				t.Errorf("known %v, want %v", known, step.known)
			}
		}
		time.Sleep(365 * 24 * time.Hour)
		if c.scimUser("never@example.com").Atlassian != nil {
			t.Error("known after a year")
		}
		if !c.user("late@example.com").Active {
			t.Error("Jira has the account only later")
		}
	})
}

// Latency delays each request, and many at once no longer than one.
func TestLatencyIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, Options{Latency: 100 * time.Millisecond})
		began := time.Now()
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() { c.jira("GET", "/myself", "").want(200) })
		}
		wait.Wait()
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("fifty requests took %v", took)
		}
		most := 0
		for _, r := range c.s.Requests() {
			most = max(most, r.InFlight)
		}
		if most != 50 {
			t.Errorf("%d were in flight at most", most)
		}
	})
}

func TestRateIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, Options{Rate: 10})
		count := map[int]int{}
		for range 15 {
			count[c.jira("GET", "/myself", "").status]++
		}
		if count[200] != 10 || count[429] != 5 {
			t.Errorf("%v, want ten and five", count)
		}
		time.Sleep(300 * time.Millisecond)
		for range 4 {
			count[c.jira("GET", "/myself", "").status]++
		}
		if count[200] != 13 {
			t.Errorf("%v, want three more after 300 ms", count)
		}
		if got := c.jira("GET", "/myself", "").want(429).header.Get("Retry-After"); got != "1" {
			t.Errorf("Retry-After %q", got)
		}
	})
}

// Many readers and writers at once, for the race detector; in the end the state is that of the writes.
func TestConcurrentUse(t *testing.T) {
	c := start(t, Options{Users: 500, Lag: time.Millisecond})
	everybody, partners, engineering := listed(c), c.s.GroupID("partners", false), scimGroup(c, "engineering").ID
	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			for i := range 5 {
				id := everybody[100+worker*5+i].AccountID
				c.jira("POST", "/group/user", `{"accountId":"`+id+`"}`, "groupId", partners)
				c.jira("GET", "/user", "", "accountId", id, "expand", "groups")
				c.jira("GET", "/users/search", "", "startAt", fmt.Sprint(worker*50))
				c.jira("GET", "/user/search", "", "query", "a")
				c.scim("POST", "/Users", newSCIMUser(fmt.Sprintf("w%d-%d@example.com", worker, i))).want(http.StatusCreated)
				c.scim("GET", "/Groups/"+engineering, "").want(200)
				c.scim("GET", "/Users", "", "startIndex", fmt.Sprint(i*10))
				if i == 0 {
					c.do("GET", "/_sandbox/state", "").want(200)
				}
			}
		})
	}
	wait.Wait()
	s := c.state()
	if len(s.Jira.Users) != 500+8*5 {
		t.Errorf("%d accounts, want %d", len(s.Jira.Users), 500+8*5)
	}
	for _, g := range s.Jira.Groups {
		if g.Name == "partners" && len(g.Members) < 8*5 {
			t.Errorf("%d partners, want at least %d", len(g.Members), 8*5)
		}
	}
}

func TestServerIsLoopbackOnly(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "example.com:80", "[::]:0", "127.0.0.1"} {
		if server, err := s.Start(addr); err == nil {
			t.Errorf("it listens on %s", addr)
			_ = server.Close()
		}
	}
	l := listen(t, Options{})
	ready := l.server.Ready()
	if ready.URL != l.server.URL() || ready.Env["ATLASSIAN_SITE_URL"] != ready.URL || ready.Env["ATLASSIAN_API_TOKEN"] != ready.Tokens[TokenAdmin].Token || len(ready.Env) != 8 {
		t.Errorf("%+v", ready)
	}
	if a, err := l.ask("GET", "/rest/api/3/myself", ""); err != nil || !strings.Contains(string(a.body), `"self":"`+ready.URL+`/rest/api/3/user?`) {
		t.Errorf("%v %s", err, a.body)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []Options{{Users: -1}, {Groups: -1}, {Rate: -1}, {Latency: -1}, {Lag: -1}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
