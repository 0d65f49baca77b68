package e2e

import (
	"slices"
	"testing"
)

// toolCase calls one tool in its usual ways and checks answer, text and effect. Cases share a site, and none touches the people of another.
type toolCase struct {
	tool string
	run  func(t *testing.T, s *site, c *session)
}

// TestEveryToolOnEveryTransport is what a client relies on, whatever the way it connects.
func TestEveryToolOnEveryTransport(t *testing.T) {
	cases := slices.Concat(eventCases, readCases, changeCases, operationCases, adminCases)
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, over(transport))
			for _, tt := range cases {
				t.Run(tt.tool, func(t *testing.T) { tt.run(t, s, c) })
			}
		})
	}
	t.Run("none is left out", func(t *testing.T) {
		tools, err := listTools("all")
		if err != nil {
			t.Fatal(err)
		}
		for _, tool := range tools {
			if !slices.ContainsFunc(cases, func(c toolCase) bool { return c.tool == tool.Name }) {
				t.Errorf("%s is not called", tool.Name)
			}
		}
	})
}
