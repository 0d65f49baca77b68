package lifecycle_test

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// tester is what helpers need of a test, or of one check of a property.
type tester interface {
	rapid.TB
	Cleanup(func())
	Context() context.Context
}

// siteName is what operations of the simulated site are recorded for.
const siteName = "the simulated site"

// sandboxDay is after all that the sandbox's people have behind them: before it SCIM does not know their account ids yet.
var sandboxDay = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

// site is a whole simulated site with the services over it.
type site struct {
	*sandbox.Sandbox
	home    *home
	first   *process
	service *lifecycle.Service // of the first process
	options options
	to      http.RoundTripper
	siteURL string
}

// options bend a site before it starts.
type options struct {
	sandbox  sandbox.Options
	policy   lifecycle.Policy
	noSCIM   bool
	org      string // the organization's id; that of the site's when empty
	orgKey   string // a name of sandbox.OrgKeys; without one the organization is not configured
	token    string // a name of sandbox.Tokens; the admin's when empty
	patience time.Duration
	network  bool // requests go over TCP: not in a synctest bubble
}

func newSite(t tester, edits ...func(*options)) *site {
	t.Helper()
	s := bareSite(t, edits...)
	s.home = newHome(t)
	s.first = s.process(t, s.home)
	s.service = s.first.Service
	return s
}

// bareSite is a site on which nobody works yet.
func bareSite(t tester, edits ...func(*options)) *site {
	t.Helper()
	o := options{sandbox: sandbox.Options{Seed: 1, Users: 60, Groups: 20}, policy: lifecycle.Policy{Products: []string{"jira-software"}}, patience: 2 * time.Second}
	for _, edit := range edits {
		edit(&o)
	}
	if ahead := time.Until(sandboxDay); ahead > 0 { // the clock of a synctest bubble begins in 2000
		time.Sleep(ahead)
	}
	box, err := sandbox.New(o.sandbox)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Sandbox: box, options: o, siteURL: "http://127.0.0.1:1"}
	if !o.network {
		s.to = wire{box.Handler()}
		t.Cleanup(func() { box.ReleaseAll(false) })
		return s
	}
	server, err := box.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := rest.NewTransport()
	s.to, s.siteURL = transport, server.URL()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := server.Close(); err != nil {
			t.Errorf("stop the sandbox: %v", err)
		}
	})
	return s
}

// people reads the site over a transport, with nothing remembered yet.
func (s *site) people(t tester, to http.RoundTripper) *directory.Directory {
	t.Helper()
	who := sandbox.Tokens()[cmp.Or(s.options.token, sandbox.TokenAdmin)]
	credential := &auth.Site{SiteURL: s.siteURL, APIURL: s.siteURL, Email: who.Email, Token: who.Token, Base: to}
	jiraREST, err := rest.New(rest.Config{Service: "jira", BaseURL: s.siteURL, Transport: credential})
	if err != nil {
		t.Fatal(err)
	}
	scimREST, err := rest.New(rest.Config{Service: "scim", BaseURL: s.siteURL, Transport: auth.Bearer(sandbox.SCIMToken, to)})
	if err != nil {
		t.Fatal(err)
	}
	config := directory.Config{Jira: jira.New(jiraREST), Owner: who.Email}
	if !s.options.noSCIM {
		config.SCIM = scim.New(scimREST, sandbox.DirectoryID)
	}
	if s.options.orgKey != "" {
		orgREST, err := rest.New(rest.Config{Service: admin.Service, BaseURL: s.siteURL, Transport: auth.Bearer(sandbox.OrgKeys()[s.options.orgKey].Key, to)})
		if err != nil {
			t.Fatal(err)
		}
		config.Admin = admin.New(orgREST, cmp.Or(s.options.org, sandbox.OrgID))
	}
	return directory.New(config)
}

// newService is a process on a state directory of its own.
func (s *site) newService(t tester, policy lifecycle.Policy) *lifecycle.Service {
	t.Helper()
	return s.process(t, newHome(t), func(c *lifecycle.Config) { c.Policy = policy }).Service
}

func under(policy lifecycle.Policy) func(*options) {
	return func(o *options) { policy.Products = o.policy.Products; o.policy = policy }
}

func (s *site) fault(t tester, f sandbox.Fault) {
	t.Helper()
	if err := s.AddFault(f); err != nil {
		t.Fatal(err)
	}
}

func target(t tester, text string) directory.Target {
	t.Helper()
	parsed, err := directory.ParseExactTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// plan asks for the plan of an offboarding and gives its token.
func (s *site) planOffboard(t tester, who string, parts ...string) lifecycle.Result {
	t.Helper()
	r, err := s.service.Offboard(context.Background(), lifecycle.OffboardRequest{Target: target(t, who), Parts: parts})
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	if r.Status != lifecycle.ConfirmationRequired || r.Confirm == nil {
		t.Fatalf("plan: status %s, want confirmation_required with a token", r.Status)
	}
	return r
}

func (s *site) applyOffboard(t tester, ctx context.Context, who, token string, parts ...string) (lifecycle.Result, error) {
	t.Helper()
	return s.service.Offboard(ctx, lifecycle.OffboardRequest{Target: target(t, who), Parts: parts, Terms: lifecycle.Terms{Confirm: token}})
}

// writes lists the requests that may have changed something, without the reads.
func (s *site) writes() []sandbox.Request {
	return slices.DeleteFunc(s.Requests(), sandbox.Request.Reads)
}

// tookEffectTwice names a write that was executed more than once among those after the first ones. Writes are the same when method, path, query and
// body are.
func (s *site) tookEffectTwice(after ...int) string {
	seen := map[string]bool{}
	for _, r := range s.writes()[append(after, 0)[0]:] {
		key := r.Method + " " + r.Path + "?" + r.Query + " " + r.Body
		if r.TookEffect && seen[key] {
			return key
		}
		seen[key] = seen[key] || r.TookEffect
	}
	return ""
}

// fact is what the sandbox itself holds of a person, read from its state and not through our clients.
type fact struct {
	scimActive, jiraActive, onSite bool
	groups                         []string // names of Jira groups, sorted
}

func outcome(r lifecycle.Result) string {
	if r.Operation == nil {
		return string(r.Status)
	}
	parts := []string{string(r.Status) + ":"}
	for _, s := range r.Operation.Steps {
		parts = append(parts, string(s.Action)+"="+string(s.Status))
	}
	return strings.Join(parts, " ")
}
