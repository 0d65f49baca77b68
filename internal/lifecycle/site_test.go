package lifecycle_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/auth"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/scim"
)

// site is a whole simulated site with the services over it.
type site struct {
	*sandbox.Sandbox
	directory *directory.Directory
	service   *lifecycle.Service
	journal   *journal.Store // of the service that was made last
	patience  time.Duration
}

// options bend a site before it starts.
type options struct {
	sandbox  sandbox.Options
	policy   lifecycle.Policy
	noSCIM   bool
	token    string // a name of sandbox.Tokens; the admin's when empty
	patience time.Duration
}

func newSite(t *testing.T, edits ...func(*options)) *site {
	t.Helper()
	o := options{sandbox: sandbox.Options{Seed: 1, Users: 60, Groups: 20}, policy: lifecycle.Policy{Products: []string{"jira-software"}}, patience: 2 * time.Second}
	for _, edit := range edits {
		edit(&o)
	}
	box, err := sandbox.New(o.sandbox)
	if err != nil {
		t.Fatal(err)
	}
	server, err := box.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("stop the sandbox: %v", err)
		}
	})
	env := server.Env()
	email, token := env["ATLASSIAN_EMAIL"], env["ATLASSIAN_API_TOKEN"]
	if o.token != "" {
		other := sandbox.Tokens()[o.token]
		email, token = other.Email, other.Token
	}
	credential := &auth.Site{SiteURL: env["ATLASSIAN_SITE_URL"], APIURL: env["ATLASSIAN_API_URL"], Email: email, Token: token}
	jiraREST, err := rest.New(rest.Config{Service: "jira", BaseURL: env["ATLASSIAN_SITE_URL"], Transport: credential})
	if err != nil {
		t.Fatal(err)
	}
	scimREST, err := rest.New(rest.Config{Service: "scim", BaseURL: env["ATLASSIAN_API_URL"], Transport: auth.Bearer(env["ATLASSIAN_SCIM_TOKEN"], nil)})
	if err != nil {
		t.Fatal(err)
	}
	config := directory.Config{Jira: jira.New(jiraREST)}
	if !o.noSCIM {
		config.SCIM = scim.New(scimREST, env["ATLASSIAN_SCIM_DIRECTORY_ID"])
	}
	s := &site{Sandbox: box, directory: directory.New(config)}
	s.patience = o.patience
	s.service = s.newService(t, o.policy)
	return s
}

// newService is a service on a journal of its own.
func (s *site) newService(t *testing.T, policy lifecycle.Policy) *lifecycle.Service {
	t.Helper()
	store := journal.New(journal.Options{Dir: t.TempDir()})
	service := lifecycle.New(lifecycle.Config{Directory: s.directory, Policy: policy, Journal: store, Patience: s.patience})
	t.Cleanup(func() {
		if err := errors.Join(service.Stop(context.Background()), store.Close()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	s.journal = store
	return service
}

func under(policy lifecycle.Policy) func(*options) {
	return func(o *options) { policy.Products = o.policy.Products; o.policy = policy }
}

func (s *site) fault(t *testing.T, f sandbox.Fault) {
	t.Helper()
	if err := s.AddFault(f); err != nil {
		t.Fatal(err)
	}
}

func target(t *testing.T, text string) directory.Target {
	t.Helper()
	parsed, err := directory.ParseExactTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// plan asks for the plan of an offboarding and gives its token.
func (s *site) planOffboard(t *testing.T, who string, parts ...string) lifecycle.Result {
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

func (s *site) applyOffboard(t *testing.T, ctx context.Context, who, token string, parts ...string) (lifecycle.Result, error) {
	t.Helper()
	return s.service.Offboard(ctx, lifecycle.OffboardRequest{Target: target(t, who), Parts: parts, Terms: lifecycle.Terms{Confirm: token}})
}

// writes lists the requests that may have changed something, without the reads.
func (s *site) writes() []sandbox.Request {
	return slices.DeleteFunc(s.Requests(), func(r sandbox.Request) bool { return r.Method == "GET" })
}

// tookEffectTwice names a write that was executed more than once. Writes are the same when method, path and query are.
func (s *site) tookEffectTwice() string {
	seen := map[string]int{}
	for _, r := range s.writes() {
		effective := r.Status >= 200 && r.Status < 300 && r.Fault != sandbox.FaultHTML || r.Fault == sandbox.FaultResetAfter
		if !effective || strings.HasSuffix(r.Path, "/scim") {
			continue
		}
		key := r.Method + " " + r.Path + "?" + r.Query
		if seen[key]++; seen[key] > 1 {
			return key
		}
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
