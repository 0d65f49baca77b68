package lifecycle

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// leavers makes the plans of offboarding these people.
func leavers(t *testing.T, people ...directory.Person) (batch, []Plan) {
	t.Helper()
	var b batch
	var plans []Plan
	for _, p := range people {
		plan, err := planOffboard(p, chosen{}, reach{scim: true}, "")
		if err != nil {
			t.Fatal(err)
		}
		b.items, plans = append(b.items, OffboardRequest{}), append(plans, plan)
	}
	return b, plans
}

func called(name string, edits ...func(*directory.Person)) directory.Person {
	return person(append(edits, func(p *directory.Person) {
		p.AccountID, p.DisplayName, p.Email = "5f:"+name, name, name+"@example.com"
		if p.SCIM != nil {
			link := *p.SCIM
			link.ID, link.UserName = "s-"+name, p.Email
			p.SCIM = &link
		}
	})...)
}

func TestEveryProblemOfABatchIsListed(t *testing.T) {
	b, plans := leavers(t, called("ann"), called("bob"), called("ann"), called("cem"), called("dov"), called("eva"))
	b.places = []string{"line 2", "line 3", "line 4", "line 5"}
	errs := make([]error, len(plans))
	errs[1] = fault.New(fault.NotFound, "", "Nobody found.")
	plans[1] = Plan{}
	plans[3].adminOf, plans[4].adminOf = []string{"g-admins"}, []string{"g-admins", "g-more"}
	plans[5].Blockers = []string{"The account can't be changed.", "And not now."}
	want := []RowProblem{
		{Place: "line 3", Code: "not_found", Problem: "Nobody found."},
		{Place: "line 4", Person: "ann (ann@example.com)", Code: "invalid_argument", Problem: "the same person as in line 2"},
		{Place: "entry 5", Person: "dov (dov@example.com)", Code: "protected", Problem: "an administrator like the person in line 5: offboard administrators one at a time, so that one is always left"},
		{Place: "entry 6", Person: "eva (eva@example.com)", Code: "conflict", Problem: "The account can't be changed."},
		{Place: "entry 6", Person: "eva (eva@example.com)", Code: "conflict", Problem: "And not now."},
	}
	got := b.problems(plans, errs)
	for i := range got { // the hint follows the message
		got[i].Problem = strings.TrimSpace(got[i].Problem)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	err := WrongRows(got, len(plans))
	for _, part := range []string{"5 of 6 people", "line 3: ", "entry 6: eva"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
}

func TestALongListOfProblemsIsCut(t *testing.T) {
	problems := make([]RowProblem, 70)
	for i := range problems {
		problems[i] = RowProblem{Place: "line", Problem: "x"}
	}
	if err := WrongRows(problems, 80); strings.Count(err.Error(), "\n- line: x") != listedProblems || !strings.Contains(err.Error(), "and 20 more") {
		t.Errorf("got %v", err)
	}
}

// TestABatchThatCouldNotBeLookedUp is no list of wrong rows: waiting helps, correcting does not.
func TestABatchThatCouldNotBeLookedUp(t *testing.T) {
	away := &rest.Error{Service: "jira", Method: "GET", Path: "/x", Status: 503}
	for _, test := range []struct {
		name string
		errs []error
		want fault.Code // "" = nothing that waiting helps
	}{
		{"nothing is wrong", []error{nil, nil}, ""},
		{"somebody does not exist", []error{nil, fault.New(fault.NotFound, "", "x")}, ""},
		{"the site is away", []error{fault.New(fault.NotFound, "", "x"), away}, fault.UpstreamUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := unavailable(test.errs)
			var f *fault.Error
			if got := errors.As(err, &f); got != (test.want != "") || got && f.Code != test.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTheJointPlanOfABatch(t *testing.T) {
	done := called("dov", inactive, func(p *directory.Person) { p.Groups, p.SCIM.Groups = nil, nil })
	b, plans := leavers(t, called("ann"), called("bob"), done)
	joint := b.join(plans)
	if n := len(plans[0].Steps) + len(plans[1].Steps); len(joint.Steps) != n || joint.Steps[0].Person != "ann (ann@example.com)" || joint.Steps[n-1].Person != "bob (bob@example.com)" {
		t.Errorf("steps: %+v", joint.Steps)
	}
	if joint.tool != "offboard_user" || joint.Target.Label != "3 people" || len(joint.people) != 3 || !joint.writes() {
		t.Errorf("got %+v", joint)
	}
	if warnings := strings.Join(joint.Warnings, "\n"); !strings.Contains(warnings, "dov (dov@example.com): nothing to do.") || strings.Count(warnings, "identity provider") != 1 {
		t.Errorf("warnings: %q", joint.Warnings)
	}
	again := b.join(plans)
	if joint.ID != again.ID || joint.Target.key() != again.Target.key() {
		t.Error("the same batch has another id")
	}
	different := map[string]Plan{}
	other, otherPlans := leavers(t, called("ann"), called("bob"))
	different["a person less"] = other.join(otherPlans)
	other, otherPlans = leavers(t, called("bob"), called("ann"), done)
	different["in another order"] = other.join(otherPlans)
	other, otherPlans = leavers(t, called("ann"), called("bob", inactive), done)
	different["another plan for one"] = other.join(otherPlans)
	for name, plan := range different {
		if plan.ID == joint.ID || plan.Target.key() == joint.Target.key() {
			t.Errorf("%s: the id is the same", name)
		}
	}
	plans[1].widens = []string{"g-9"}
	if len(b.join(plans).widens) == 0 {
		t.Error("a person whose undo gives more is not told of the batch")
	}
}
