package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Options say what is simulated. The zero value is a small, quick and well-behaved Atlassian.
type Options struct {
	// Seed decides names, ids, states and memberships of everybody who is not seeded. Equal options give equal answers.
	Seed int64
	// Users and Groups are how many accounts and groups the site has in all; 0 is 200 and 50. Fewer than are seeded means those alone.
	Users, Groups int
	// Latency is how long each request takes at least. Requests wait side by side.
	Latency time.Duration
	// Lag is for how long a change stays invisible to Jira's reads, to SCIM lists and to the SCIM record's account id.
	Lag time.Duration
	// Rate is how many requests a second are served, with bursts of a second's worth; those above get a 429. 0 is no limit.
	Rate float64
	// Faults are rules as [ParseFault] reads them.
	Faults []string
	// Organization says what the organization is like.
	Organization OrgKnobs
}

// Ids of the site and of the directory. They are the same in every sandbox.
const (
	CloudID     = "7c1e5a52-4d1b-4f0e-9d0e-5a4db0c5a001"
	DirectoryID = "d1f3c0de-0b5e-4a53-8a1c-5a4db0c5a002"
)

// Sandbox is a simulated Atlassian. It is safe for concurrent use.
type Sandbox struct {
	options    Options
	operations map[string]endpoint // Jira's
	paths      map[string]bool     // of the operations
	world      *world
	faults     *faults
	requests   *requestLog
	holds      *holdList
	limiter    *rate.Limiter // nil is no limit
	serial     atomic.Uint64 // counts requests: request ids derive from it

	// The organization.
	orgRoutes map[string]orgRoute
	knobs     knobs
	minutes   minutes
	log       eventLog
}

// New returns a sandbox without a listener: serve its Handler, or call Start. It errs on options that make no sense, such as a fault that
// cannot be read.
func New(o Options) (*Sandbox, error) {
	if o.Users == 0 {
		o.Users = 200
	}
	if o.Groups == 0 {
		o.Groups = 50
	}
	if o.Users < 0 || o.Groups < 0 || o.Rate < 0 || o.Latency < 0 || o.Lag < 0 {
		return nil, fmt.Errorf("sandbox: users, groups, rate, latency and lag must not be negative")
	}
	s := &Sandbox{
		options: o, world: newWorld(newModel(o.Seed, o.Users, o.Groups), o.Lag),
		operations: jiraOperations(), faults: &faults{}, requests: &requestLog{}, holds: newHolds(), orgRoutes: orgRoutes(),
	}
	if err := s.knobs.set(o.Organization); err != nil {
		return nil, err
	}
	s.log.seed(s.world.now)
	s.paths = map[string]bool{}
	for operation := range s.operations {
		_, path, _ := strings.Cut(operation, " ")
		s.paths[path] = true
	}
	if o.Rate > 0 {
		s.limiter = rate.NewLimiter(rate.Limit(o.Rate), max(1, int(o.Rate)))
	}
	for _, text := range o.Faults {
		f, err := ParseFault(text)
		if err != nil {
			return nil, err
		}
		s.faults.add(f)
	}
	return s, nil
}

// Handler serves the site, the gateway, the directory and the control endpoints. It trusts the Host header for the addresses in its answers.
func (s *Sandbox) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// AccountID returns the account id behind an e-mail address, whether Jira shows the address or not; "" when there is none.
func (s *Sandbox) AccountID(email string) string {
	var id string
	s.world.read(func(_, now *model) {
		var room scratch
		if index := now.byEmail(email); index >= 0 {
			id = now.look(index, &room).id
		}
	})
	return id
}

// GroupID returns Jira's id of the group with this name, the one that SCIM brought if scim is set; "" when there is none.
func (s *Sandbox) GroupID(name string, scim bool) string {
	var id string
	s.world.read(func(_, now *model) {
		if g := now.groupByName(name, func(g *group) bool { return g.scim() == scim }); g != nil {
			id = g.id
		}
	})
	return id
}
