package lifecycle_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

// TestALeaverGoesAlthoughTheTokensCanNotBeListed holds the list of somebody's API tokens back: GET manage has told how the access ends, so it ends, and the
// tokens are what is left to do.
func TestALeaverGoesAlthoughTheTokensCanNotBeListed(t *testing.T) {
	t.Parallel()
	unlisted := func(status int) sandbox.Fault {
		return sandbox.Fault{Kind: sandbox.FaultStatus, Status: status, Method: "GET", Path: "/users/{a}/manage/api-tokens$"}
	}
	for _, status := range []int{401, 403, 404, 500, 503} {
		for _, parts := range [][]string{nil, {lifecycle.PartDeactivate}} {
			inBubble(t, fmt.Sprintf("%d, steps %v", status, parts), func(t *testing.T) {
				s := newSite(t, withOrganization)
				s.fault(t, unlisted(status))
				plan, err := s.offboarding(t, max, parts...)(lifecycle.Terms{})
				if err != nil {
					t.Fatal(err)
				}
				code := fmt.Sprint(status)
				if warned := strings.Join(plan.Plan.Warnings, "\n"); parts == nil && !(strings.Contains(warned, "API tokens of") && strings.Contains(warned, code)) {
					t.Errorf("no warning of the tokens:\n%s", warned)
				}
				follow := strings.Join(plan.FollowUps, "\n")
				if !strings.Contains(follow, "could not be listed") || !strings.Contains(follow, code) {
					t.Errorf("no follow-up with the refusal:\n%s", follow)
				}
				for _, untrue := range []string{"isn't managed by this organization", "no account with this id", "is not known"} {
					if strings.Contains(plan.Text(), untrue) {
						t.Errorf("says %q:\n%s", untrue, plan.Text())
					}
				}
				r, err := confirmed(s.offboarding(t, max, parts...), lifecycle.Terms{}, func() {})
				if err != nil || r.Status != lifecycle.Succeeded {
					t.Fatalf("%s, %v", outcome(r), err)
				}
				if is := s.orgFacts(t)[max]; is != (orgFact{"deactivated", 2}) {
					t.Errorf("afterwards %+v", is)
				}
			})
		}
		inBubble(t, fmt.Sprintf("%d, tokens asked for by name", status), func(t *testing.T) {
			s := newSite(t, withOrganization)
			s.fault(t, unlisted(status))
			r, err := s.offboarding(t, max, lifecycle.PartDeactivate, lifecycle.PartRevokeTokens)(lifecycle.Terms{})
			if err != nil || r.Status != lifecycle.Blocked || !strings.Contains(strings.Join(r.Plan.Blockers, " "), "could not be listed") {
				t.Errorf("%s, %v, %q", r.Status, err, r.Plan.Blockers)
			}
		})
	}
	inBubble(t, "when its time has come", func(t *testing.T) {
		s := newSite(t, withOrganization)
		r, err := confirmed(s.offboarding(t, max), lifecycle.Terms{EffectiveAt: time.Now().Add(time.Hour)}, func() {})
		if err != nil || r.Status != lifecycle.Scheduled {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		s.fault(t, unlisted(404))
		time.Sleep(2 * time.Hour)
		if err := s.service.Run(t.Context(), r.Operation.ID); err != nil {
			t.Fatal(err)
		}
		if is := s.orgFacts(t)[max]; is != (orgFact{"deactivated", 2}) {
			t.Errorf("afterwards %+v", is)
		}
	})
	inBubble(t, "when its time has come, with the tokens by name: it waits for the list", func(t *testing.T) {
		s := newSite(t, withOrganization)
		r, err := confirmed(s.offboarding(t, max, lifecycle.PartDeactivate, lifecycle.PartRevokeTokens), lifecycle.Terms{EffectiveAt: time.Now().Add(time.Hour)}, func() {})
		if err != nil || r.Status != lifecycle.Scheduled {
			t.Fatalf("%s, %v", outcome(r), err)
		}
		s.fault(t, unlisted(503))
		for _, want := range []orgFact{{"active", 2}, {"deactivated", 0}} {
			time.Sleep(2 * time.Hour)
			if err := s.service.Run(t.Context(), r.Operation.ID); err != nil {
				t.Fatal(err)
			}
			if is := s.orgFacts(t)[max]; is != want {
				t.Errorf("is %+v, want %+v", is, want)
			}
			s.ClearFaults()
		}
	})
}
