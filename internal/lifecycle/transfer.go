package lifecycle

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// The actions that hand over what somebody leaves behind.
const (
	TransferIssues     Action = "transfer_issues"
	TransferProjects   Action = "transfer_projects"
	TransferComponents Action = "transfer_components"
	TransferFilters    Action = "transfer_filters"
	TransferDashboards Action = "transfer_dashboards"
)

const (
	// batchSize is how many things one step hands over.
	batchSize = 100
	// mostIssues and mostOthers are how many of a kind one operation hands over.
	mostIssues, mostOthers = 2000, 500
	// parallelTransfers is how many things of one step are written side by side.
	parallelTransfers = 4
)

// transfer is what one step hands over, from whom and to whom, by account ids. A step that can't be done any more has no things, and says why.
type transfer struct {
	From    string  `json:"from"`
	To      string  `json:"to"`
	ToLabel string  `json:"to_label"`
	Things  []thing `json:"things"`
	Broken  string  `json:"broken,omitempty"`
}

// gone stands for whoever has a thing that is not there, or can't be seen, any more. It is no account id.
const gone = "(gone)"

// found is where a thing was found: who has it (an account id, "" for nobody, gone), and what it is called there, "" where that can't change by itself.
type found struct{ holder, name string }

// estate is one kind of thing that is handed over.
type estate struct {
	action   Action
	one, its string // "open issue", "open issues"
	does     string // what somebody does with it, as in "the projects that the person leads"
	chunk    int    // how many are read and then written together
	// holders reads who has each of the things, by its id.
	holders func(ctx context.Context, c *jira.Client, t transfer, things []thing) (map[string]found, error)
	// give writes things that the one who leaves still had when they were read, and gives the error of each that was not accepted.
	give func(ctx context.Context, c *jira.Client, t transfer, things []thing) map[string]error
}

// estates are the kinds of things, in the order in which a plan lists them.
var estates = []estate{
	{TransferIssues, "open issue", "open issues", "is assigned", jira.MaxReconcile, issueHolders, oneByOne(func(ctx context.Context, c *jira.Client, id, to string) error { return c.AssignIssue(ctx, id, to) })},
	{TransferProjects, "project", "projects", "leads", jira.MaxProjectIDs, projectHolders, oneByOne(func(ctx context.Context, c *jira.Client, id, to string) error { return c.SetProjectLead(ctx, id, to) })},
	{TransferComponents, "component", "components", "leads", 20, componentHolders, oneByOne(func(ctx context.Context, c *jira.Client, id, to string) error { return c.SetComponentLead(ctx, id, to) })},
	{TransferFilters, "filter", "filters", "owns", batchSize, filterHolders, oneByOne(func(ctx context.Context, c *jira.Client, id, to string) error { return c.SetFilterOwner(ctx, id, to) })},
	{TransferDashboards, "dashboard", "dashboards", "owns", jira.MaxDashboards, dashboardHolders, giveDashboards},
}

func estateOf(a Action) (estate, bool) {
	i := slices.IndexFunc(estates, func(e estate) bool { return e.action == a })
	if i < 0 {
		return estate{}, false
	}
	return estates[i], true
}

// oneByOne writes things side by side, each with its own request.
func oneByOne(write func(ctx context.Context, c *jira.Client, id, to string) error) func(context.Context, *jira.Client, transfer, []thing) map[string]error {
	return func(ctx context.Context, c *jira.Client, t transfer, things []thing) map[string]error {
		errs := make([]error, len(things))
		var all errgroup.Group
		all.SetLimit(parallelTransfers)
		for i, thing := range things {
			all.Go(func() error {
				errs[i] = parallel.Safely(func() error { return write(ctx, c, thing.ID, t.To) })
				return nil
			})
		}
		_ = all.Wait() // each error is kept with its thing
		refused := map[string]error{}
		for i, err := range errs {
			if err != nil {
				refused[things[i].ID] = err
			}
		}
		return refused
	}
}

func giveDashboards(ctx context.Context, c *jira.Client, t transfer, things []thing) map[string]error {
	ids := make([]string, len(things))
	for i, thing := range things {
		ids[i] = thing.ID
	}
	told, err := c.SetDashboardOwner(ctx, ids, t.To)
	refused := map[string]error{}
	for _, id := range ids {
		switch why, ok := told[id]; {
		case err != nil:
			refused[id] = err
		case ok:
			refused[id] = fault.New(fault.PermissionDenied, "", "%s", why)
		}
	}
	return refused
}

// issueHolders asks for issues by key, as they are now and not as the search index has them. One that is gone makes Jira refuse the whole question: it is
// found by asking for halves.
func issueHolders(ctx context.Context, c *jira.Client, t transfer, things []thing) (map[string]found, error) {
	q := jira.IssueQuery{}
	var keys []string
	for _, thing := range things {
		keys, q.Reconcile = append(keys, thing.Name), append(q.Reconcile, thing.ID)
	}
	q.JQL = jira.IssuesWithKeys(keys)
	holders := map[string]found{}
	for page, err := range c.Issues(ctx, q) {
		switch {
		case rest.IsStatus(err, 400) && len(things) == 1:
			return map[string]found{things[0].ID: {holder: gone}}, nil
		case rest.IsStatus(err, 400):
			half := len(things) / 2
			first, err := issueHolders(ctx, c, t, things[:half])
			if err != nil {
				return nil, err
			}
			second, err := issueHolders(ctx, c, t, things[half:])
			for id, holder := range second {
				first[id] = holder
			}
			return first, err
		case err != nil:
			return nil, err
		}
		for _, issue := range page {
			holders[issue.ID] = found{holder: issue.Assignee}
		}
	}
	return orGone(holders, things), nil
}

func projectHolders(ctx context.Context, c *jira.Client, _ transfer, things []thing) (map[string]found, error) {
	var ids []string
	for _, thing := range things {
		ids = append(ids, thing.ID)
	}
	holders := map[string]found{}
	for page, err := range c.Projects(ctx, ids, rest.PageOptions{}) {
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			holders[p.ID] = found{holder: p.Lead.AccountID}
		}
	}
	return orGone(holders, things), nil
}

func componentHolders(ctx context.Context, c *jira.Client, _ transfer, things []thing) (map[string]found, error) {
	leads := make([]string, len(things))
	all, all1 := parallel.WithContext(ctx)
	all.SetLimit(parallelTransfers)
	for i, thing := range things {
		all.Go(func() error {
			one, err := c.Component(all1, thing.ID)
			switch {
			case rest.IsStatus(err, 404):
				leads[i], err = gone, nil
			case one.Lead != nil:
				leads[i] = one.Lead.AccountID
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	holders := map[string]found{}
	for i, thing := range things {
		holders[thing.ID] = found{holder: leads[i]}
	}
	return holders, nil
}

func filterHolders(ctx context.Context, c *jira.Client, _ transfer, things []thing) (map[string]found, error) {
	var ids []string
	for _, thing := range things {
		ids = append(ids, thing.ID)
	}
	holders := map[string]found{}
	for page, err := range c.Filters(ctx, jira.FilterQuery{IDs: ids, All: true}, rest.PageOptions{}) {
		if err != nil {
			return nil, err
		}
		for _, f := range page {
			holders[f.ID] = found{holder: f.Owner.AccountID}
		}
	}
	return orGone(holders, things), nil
}

// dashboardHolders asks for what both sides own: a dashboard can't be asked for by its id. Jira may have renamed it as it was handed over.
func dashboardHolders(ctx context.Context, c *jira.Client, t transfer, things []thing) (map[string]found, error) {
	sides := [2]map[string]found{{}, {}}
	both, both1 := parallel.WithContext(ctx)
	for i, owner := range [2]string{t.From, t.To} {
		both.Go(func() error {
			for page, err := range c.Dashboards(both1, owner, rest.PageOptions{}) {
				if err != nil {
					return err
				}
				for _, d := range page {
					sides[i][d.ID] = found{owner, d.Name}
				}
			}
			return nil
		})
	}
	if err := both.Wait(); err != nil {
		return nil, err
	}
	for id, owner := range sides[1] {
		sides[0][id] = owner
	}
	return orGone(sides[0], things), nil
}

// orGone keeps of what was read what was asked for, and fills in what was not told.
func orGone(holders map[string]found, things []thing) map[string]found {
	asked := make(map[string]found, len(things))
	for _, thing := range things {
		holder, ok := holders[thing.ID]
		if !ok {
			holder.holder = gone
		}
		asked[thing.ID] = holder
	}
	return asked
}

// readHolders reads who has the things of all transfers among steps.
func (s *Service) readHolders(ctx context.Context, steps []Step) (map[Action]map[string]found, error) {
	type answer struct {
		action  Action
		holders map[string]found
	}
	client, err := s.directory.Jira()
	if err != nil {
		return nil, err
	}
	var answers []*answer
	all, all1 := parallel.WithContext(ctx)
	all.SetLimit(parallelWrites)
	for _, step := range steps {
		e, ok := estateOf(step.Action)
		if !ok || step.transfer == nil {
			continue
		}
		for chunk := range slices.Chunk(step.transfer.Things, e.chunk) {
			a := &answer{action: step.Action}
			answers = append(answers, a)
			all.Go(func() (err error) {
				a.holders, err = e.holders(all1, client, *step.transfer, chunk)
				return err
			})
		}
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	holders := map[Action]map[string]found{}
	for _, a := range answers {
		if holders[a.action] == nil {
			holders[a.action] = map[string]found{}
		}
		for id, holder := range a.holders {
			holders[a.action][id] = holder
		}
	}
	return holders, nil
}
