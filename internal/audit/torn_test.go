package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A row of the roster whose account id and e-mail are two people's is a contradiction on both, and says of neither that they have left or should be let in.
func TestARowOfTwoPeople(t *testing.T) {
	for name, test := range map[string]struct {
		first, second  string // rows in the place of those of the first two people
		leavers, torn  []string
		contradictions int
	}{
		"an active row":                      {"p000,p1@example.com,,active", "", nil, []string{"p000", "p001"}, 2},
		"a leaver's row":                     {"p000,p1@example.com,,terminated", "", nil, []string{"p000", "p001"}, 2},
		"a suspended row":                    {"p000,p1@example.com,,suspended", "", nil, []string{"p000", "p001"}, 2},
		"the other has a row, too":           {"p000,p1@example.com,,terminated", ",p1@example.com,,active", nil, []string{"p000", "p001"}, 2},
		"the other has a row, and left":      {"p000,p1@example.com,,active", ",p1@example.com,,terminated", []string{"p001"}, []string{"p000", "p001"}, 2},
		"the row's person has another":       {"p000,p1@example.com,,terminated", ",p0@example.com,,active", nil, []string{"p000", "p001"}, 2},
		"each has the other's id":            {"p000,p1@example.com,,terminated", "p001,p0@example.com,,active", nil, []string{"p000", "p001"}, 2},
		"an e-mail that nobody has, left":    {"p000,wrong@example.com,,terminated", ",p1@example.com,,active", []string{"p000"}, nil, 1},
		"an e-mail that nobody has, active":  {"p000,wrong@example.com,,active", ",p1@example.com,,active", nil, nil, 1},
		"the own e-mail as a second one":     {"p000,wrong@example.com,p0@example.com,active", ",p1@example.com,,active", nil, nil, 0},
		"another's as a second one":          {"p000,p0@example.com,p1@example.com,active", ",p1@example.com,,active", nil, nil, 0},
		"both are one person's":              {"p000,p0@example.com,,terminated", ",p1@example.com,,active", []string{"p000"}, nil, 0},
		"an account id that nobody has":      {"p999,p0@example.com,,terminated", ",p1@example.com,,active", []string{"p000"}, nil, 0},
		"an account id without an e-mail":    {"p000,,,terminated", ",p1@example.com,,active", []string{"p000"}, nil, 0},
		"no row of the other, and no e-mail": {"p000,,,active", "", []string{"p001"}, nil, 0},
		"another's as a second one, alone":   {"", ",p1@example.com,p0@example.com,active", nil, nil, 1},
		"so of a row with an account id":     {"", "p001,,p0@example.com,active", nil, nil, 1},
		"so of a row with both":              {"", "p001,p1@example.com,p0@example.com,active", nil, nil, 1},
		"so of somebody who is suspended":    {"", ",p1@example.com,p0@example.com,suspended", nil, nil, 1},
		"so of somebody who has left":        {"", ",p1@example.com,p0@example.com,terminated", []string{"p000", "p001"}, nil, 0},
		"so of somebody without an account":  {"", ",new@example.com,p0@example.com,active\n,p1@example.com,,active", nil, nil, 0},
		"left, and another's of one name":    {",p0@example.com,,terminated", ",p1@example.com,p0@example.com,active", []string{"p000"}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			file := []string{"account id,email,aliases,status", test.first, test.second}
			for i := 2; i < 10; i++ {
				file = append(file, fmt.Sprintf(",p%d@example.com,,active", i))
			}
			r, err := rostered(t, 0, strings.Join(file, "\n"))
			if err != nil {
				t.Fatal(err)
			}
			var leavers, torn []string
			for _, f := range r.of(ActiveLeaver) {
				leavers = append(leavers, f.AccountID)
			}
			slices.Sort(leavers)
			for _, f := range r.of(SourceContradiction) {
				if alone := strings.HasPrefix(f.Detail, "In no row of its own; only a further address of the row of p"); alone != (f.Severity == Medium) || alone && f.AccountID != "p000" {
					t.Errorf("%+v", f)
				}
			}
			for _, id := range slices.Sorted(maps.Keys(r.of(SourceContradiction))) {
				if f := r.of(SourceContradiction)[id]; strings.Contains(f.Detail, "whose line") {
					torn = append(torn, f.AccountID)
					if !strings.Contains(fmt.Sprint(f.Evidence), "two people's") {
						t.Errorf("%+v", f)
					}
				}
			}
			n := r.Counts.ByFinding
			if !slices.Equal(leavers, test.leavers) || !slices.Equal(torn, test.torn) || n[SourceContradiction] != test.contradictions || n[JoinerWithoutAccount] != 0 || n[SuspendedButActive] != strings.Count(test.second, "suspended") {
				t.Errorf("leavers %v, torn %v, %v", leavers, torn, n)
			}
		})
	}
}
