package lifecycle

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/batchcsv"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
)

const (
	batchKey = "batch:"
	// listedProblems bounds what one answer lists.
	listedProblems = 50
)

// batch is the same change for several people: one plan, one confirmation, one operation with a child a person.
type batch struct {
	items       []intent
	places      []string     // where each item stands, such as "line 7" or "users[3]"
	wrong       []RowProblem // of people who are not among the items
	notes       []string     // what to know of the list itself
	stopOnError bool
}

func (b batch) kind() string { return b.items[0].kind() }

// MarshalJSON records the people, and where each stood in what was given.
func (b batch) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"people": b.items, "places": b.places})
}

// RowProblem is what is wrong with one person of a batch.
type RowProblem struct {
	Place   string `json:"place"`
	Person  string `json:"person,omitempty"`
	Code    string `json:"code"`
	Problem string `json:"problem"`
}

// Rows says how a batch is asked for, beside its people.
type Rows struct {
	// Places say where each person stands in what was given, such as "line 7".
	Places []string
	// Problems are of people who are not among those of the batch, since what was given of them can't be read.
	Problems []RowProblem
	// Notes are what to know of the list itself; they are warnings of the plan.
	Notes []string
	// StopOnError keeps the people who wait from being begun when one fails.
	StopOnError bool
	Terms
}

// OffboardMany ends the access of several people: without a confirmation it returns the plan of all and changes nothing. Nothing begins while
// anything is wrong with any of them.
func (s *Service) OffboardMany(ctx context.Context, people []OffboardRequest, how Rows) (Result, error) {
	if slices.ContainsFunc(people, func(r OffboardRequest) bool { return slices.Contains(r.Parts, PartDeleteAccount) }) {
		return Result{}, fault.New(fault.InvalidArgument, "Name one person (user) and steps = [\"delete_account\"].", "Accounts are deleted one at a time, each with a confirmation of its own.")
	}
	return s.many(ctx, batchOf(people, how), how.Terms)
}

// ProvisionMany gives several people access. Nothing begins while anything is wrong with any of them.
func (s *Service) ProvisionMany(ctx context.Context, people []ProvisionRequest, how Rows) (Result, error) {
	return s.many(ctx, batchOf(people, how), how.Terms)
}

// RemoveMany takes several people out of groups: without a confirmation it returns the plan of all and changes nothing. Nothing begins while anything is
// wrong with any of them.
func (s *Service) RemoveMany(ctx context.Context, people []RemoveRequest, how Rows) (Result, error) {
	return s.many(ctx, batchOf(people, how), how.Terms)
}

func batchOf[T intent](people []T, how Rows) batch {
	b := batch{places: how.Places, wrong: how.Problems, notes: how.Notes, stopOnError: how.StopOnError}
	for _, p := range people {
		b.items = append(b.items, p)
	}
	return b
}

func (s *Service) many(ctx context.Context, b batch, terms Terms) (Result, error) {
	if people, limit := len(b.items)+len(b.wrong), s.policy.batchLimit(); people > limit {
		return Result{}, batchcsv.TooMany(people, limit)
	}
	if len(b.items) == 0 && len(b.wrong) > 0 {
		return Result{}, WrongRows(b.wrong, len(b.wrong))
	}
	if len(b.items) == 0 {
		return Result{}, fault.New(fault.InvalidArgument, "Name at least one person.", "There is nobody in this batch.")
	}
	return s.do(ctx, b, terms)
}

// plan plans everybody, lists what is wrong with anybody, and makes one plan of all.
func (b batch) plan(ctx context.Context, s *Service) (Plan, error) {
	plans, errs := b.planEach(ctx, s)
	b.leaveOut(plans, errs)
	if problems := append(slices.Clone(b.wrong), b.problems(plans, errs)...); len(problems) > 0 {
		if err := unavailable(errs); err != nil {
			return Plan{}, err
		}
		return Plan{}, WrongRows(problems, len(b.items)+len(b.wrong))
	}
	return b.join(plans), nil
}

// planEach plans everybody side by side; each error is kept with its person.
func (b batch) planEach(ctx context.Context, s *Service) ([]Plan, []error) {
	plans := make([]Plan, len(b.items))
	errs := make([]error, len(b.items))
	var all errgroup.Group
	all.SetLimit(s.parallel)
	for i, item := range b.items {
		all.Go(func() error {
			errs[i] = parallel.Safely(func() (err error) { plans[i], err = item.plan(ctx, s); return err })
			return nil
		})
	}
	_ = all.Wait() // no part returns an error
	return plans, errs
}

// problems lists what is wrong, in the order of the people.
func (b batch) problems(plans []Plan, errs []error) []RowProblem {
	var list []RowProblem
	first := map[string]int{}  // person → item
	admins := map[string]int{} // administrators' group → item
	for i, plan := range plans {
		add := func(code fault.Code, text string) {
			list = append(list, RowProblem{Place: b.place(i), Person: cmp.Or(plan.Target.Label, whom(b.items[i])), Code: string(code), Problem: text})
		}
		if errs[i] != nil {
			f := explain.Fault(errs[i])
			add(f.Code, f.Error())
			continue
		}
		for _, blocker := range plan.Blockers {
			add(fault.Conflict, blocker)
		}
		if earlier, ok := first[plan.Target.key()]; ok {
			add(fault.InvalidArgument, "the same person as in "+b.place(earlier))
			continue
		}
		first[plan.Target.key()] = i
		if plan.successor != "" && slices.ContainsFunc(plans, func(p Plan) bool { return p.Target.AccountID == plan.successor }) {
			add(fault.InvalidArgument, "what they leave behind can't go to somebody who leaves in the same batch (transfer_to)")
		}
		for _, group := range plan.adminOf {
			if earlier, ok := admins[group]; ok {
				add(fault.Protected, "an administrator like the person in "+b.place(earlier)+": offboard administrators one at a time, so that one is always left")
				break
			}
			admins[group] = i
		}
	}
	return list
}

// whom names somebody as they were named in the call.
func whom(in intent) string {
	switch in := in.(type) {
	case OffboardRequest:
		return in.Target.Value
	case RemoveRequest:
		return in.Target.Value
	case ProvisionRequest:
		return in.Who.Email
	case RestoreRequest:
		return cmp.Or(in.OperationID, in.Target.Value)
	}
	return ""
}

func (b batch) place(i int) string {
	if i < len(b.places) {
		return b.places[i]
	}
	return fmt.Sprintf("entry %d", i+1)
}

// unavailable is the error of a batch whose people could not all be looked up for now, nil where waiting would not help.
func unavailable(errs []error) error {
	for _, err := range errs {
		if f := explain.Fault(err); err != nil && f.Retryable {
			return fault.New(f.Code, "Nothing was changed. Try again later.", "The people of this batch could not all be looked up: %s", f.Message).Because(err)
		}
	}
	return nil
}

// WrongRows is the error of a batch that can't begin, with every person's problem, in the order in which they were given.
func WrongRows(problems []RowProblem, people int) *fault.Error {
	slices.SortStableFunc(problems, func(a, b RowProblem) int { return cmp.Compare(placeNumber(a.Place), placeNumber(b.Place)) })
	var b strings.Builder
	for _, p := range problems[:min(len(problems), listedProblems)] {
		fmt.Fprintf(&b, "\n- %s: ", p.Place)
		if p.Person != "" {
			b.WriteString(p.Person + ": ")
		}
		b.WriteString(p.Problem)
	}
	if more := len(problems) - listedProblems; more > 0 {
		fmt.Fprintf(&b, "\n- and %d more", more)
	}
	return fault.New(fault.InvalidArgument, "Nothing was changed. Correct or leave out these, then call again.", "%d of %d people can't be done as asked:%s", len(problems), people, b.String()).
		With(map[string]any{"problems": problems[:min(len(problems), listedProblems)]})
}

// placeNumber is the number in a place such as "line 7" or "users[3]".
func placeNumber(place string) int {
	n := 0
	for _, r := range place {
		if '0' <= r && r <= '9' {
			n = n*10 + int(r-'0')
		}
	}
	return n
}

// join makes one plan of the people's plans.
func (b batch) join(plans []Plan) Plan {
	joint := Plan{tool: b.kind(), people: plans, Warnings: slices.Clone(b.notes)}
	digest := sha256.New()
	for _, p := range plans {
		digest.Write([]byte(p.ID + p.Target.key() + "\n"))
		for _, step := range p.Steps {
			step.Person = p.Target.Label
			joint.Steps = append(joint.Steps, step)
		}
		joint.left += p.left
		if !p.writes() && p.left == 0 {
			joint.Warnings = append(joint.Warnings, p.Target.Label+": nothing to do.")
		}
		joint.widens = append(joint.widens, p.widens...)
		joint.Warnings = appendNew(joint.Warnings, p.Warnings)
		joint.Undo = appendNew(joint.Undo, p.Undo)
		joint.followUps = appendNew(joint.followUps, p.followUps)
	}
	sum := hex.EncodeToString(digest.Sum(nil))[:32]
	joint.Owned = ownedByAll(plans)
	joint.Target = Subject{Label: fmt.Sprintf("%d people", len(plans)), batch: sum}
	if len(plans) == 1 {
		joint.Target.Label = "1 person"
	}
	joint = joint.seal()
	joint.ID = "plan-" + sum
	return joint
}

func appendNew(list, more []string) []string {
	for _, text := range more {
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}

// children gives the operations of a batch, in the order of its people.
func (s *Service) children(ctx context.Context, parent string) iter.Seq2[journal.Operation, error] {
	return func(yield func(journal.Operation, error) bool) {
		var all []journal.Operation
		for cursor := ""; ; {
			page, err := s.journal.List(ctx, journal.Filter{Parent: parent, Limit: 200, Cursor: cursor})
			if err != nil {
				yield(journal.Operation{}, err)
				return
			}
			all = append(all, page.Operations...)
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		for _, child := range slices.Backward(all) { // the journal lists the newest first
			if !yield(child, nil) {
				return
			}
		}
	}
}
