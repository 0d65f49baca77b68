package lifecycle

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

var (
	somebody = directory.Target{Kind: directory.ByEmail, Value: "jane.doe@example.com"}
	intents  = []struct {
		in     intent
		agreed bool // a person has to agree, whatever the plan
	}{
		{OffboardRequest{Target: somebody, Parts: []string{PartDeactivate}}, true},
		{ProvisionRequest{Who: Newcomer{Email: "a@b.example", GivenName: "A", FamilyName: "B", DisplayName: "A B", Title: "T", Department: "D", Products: []string{"jira-core"}, Route: RouteJira}, Groups: []string{"x"}}, false},
		{AddRequest{Target: somebody, Groups: []string{"x", "y"}}, false},
		{RemoveRequest{Target: somebody, Groups: []string{"x"}}, true},
		{UpdateRequest{Target: somebody, Attributes: map[string]string{"title": "T"}}, false},
		{DeleteUserRequest{Target: somebody}, true},
		{CreateGroupRequest{Name: "x", Via: ViaSCIM}, false},
		{DeleteGroupRequest{Group: "x"}, true},
		{RestoreRequest{OperationID: "op-1"}, false},
	}
)

func TestWhatNeedsAPersonsAgreement(t *testing.T) {
	for _, test := range intents {
		many := batch{items: []intent{test.in}}
		if needsAgreement(test.in, Plan{}) != test.agreed || needsAgreement(many, Plan{}) != (test.agreed || test.in.kind() == "provision_user") { // many mails are for a person to see first
			t.Errorf("%s: want %v", test.in.kind(), test.agreed)
		}
		if !needsAgreement(test.in, Plan{widens: []string{"g-9"}}) || !needsAgreement(many, Plan{widens: []string{"g-9"}}) {
			t.Errorf("%s that gives more than was taken needs nobody's agreement", test.in.kind())
		}
	}
}

// TestWhatWasAskedForIsReadAsItWas: what an operation keeps is what was asked, without how it was confirmed.
func TestWhatWasAskedForIsReadAsItWas(t *testing.T) {
	for _, test := range intents {
		data, err := json.Marshal(test.in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeIntent(test.in.kind(), data)
		if err != nil {
			t.Errorf("%s: %v", test.in.kind(), err)
		}
		if diff := cmp.Diff(test.in, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.in.kind(), diff)
		}
		if _, err := decodeIntent(test.in.kind(), json.RawMessage(`"`)); err == nil {
			t.Errorf("%s: what is not JSON was read", test.in.kind())
		}
	}
	if _, err := decodeIntent("levitate_user", json.RawMessage(`{}`)); err == nil {
		t.Error("a kind of a later version was read")
	}
	secret := OffboardRequest{Target: somebody, Terms: Terms{Reason: "left", Confirm: "token", EffectiveAt: time.Now(), DryRun: true}}
	data, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeIntent("offboard_user", data); err != nil || got.(OffboardRequest).Terms != (Terms{}) {
		t.Errorf("the terms came along: %+v, %v", got, err)
	}
}
