package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

var began = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// at makes a request that came so many milliseconds after began.
func at(ms int, path string, status int) sandbox.Request {
	return sandbox.Request{Method: "GET", Path: path, Query: "startAt=0", Status: status, Time: began.Add(time.Duration(ms) * time.Millisecond)}
}

func TestMedian(t *testing.T) {
	for name, tt := range map[string]struct {
		in   sample
		want float64
	}{
		"of nothing":            {nil, 0},
		"of one":                {sample{3}, 3},
		"of an odd number":      {sample{9, 1, 5}, 5},
		"of an even number":     {sample{4, 1, 9, 2}, 3},
		"is not moved by a run": {sample{1, 1, 1, 1000}, 1},
	} {
		if got := tt.in.median(); got != tt.want {
			t.Errorf("median %s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for name, tt := range map[string]struct {
		row     row
		verdict string
		bar     string
	}{
		"a ratio at its bar":        {row{value: sample{3}, floor: sample{2}, against: ratio, bar: 1.5}, "ok", "≤ 1.5 ×"},
		"a ratio above its bar":     {row{value: sample{3.1}, floor: sample{2}, against: ratio, bar: 1.5}, "missed", "≤ 1.5 ×"},
		"round trips":               {row{value: sample{216}, floor: sample{100}, against: roundTrips, bar: 2.15}, "missed", "≤ 2.15 trips"},
		"memory below its bar":      {row{value: sample{29.9}, unit: megabytes, against: value, bar: 30}, "ok", "≤ 30.0 MB"},
		"a count that must be none": {row{value: sample{0, 1, 1}, against: value, bar: 0}, "missed", "≤ 0"},
		"a ratio without a floor":   {row{value: sample{3}, against: ratio, bar: 1.5}, "missed", "≤ 1.5 ×"},
		"more, at its bar":          {row{value: sample{30}, floor: sample{5}, unit: milliseconds, against: more, bar: 25}, "ok", "≤ 25 ms more"},
		"more than its bar":         {row{value: sample{31}, floor: sample{5}, unit: milliseconds, against: more, bar: 25}, "missed", "≤ 25 ms more"},
		"more than nothing":         {row{value: sample{3}, unit: milliseconds, against: more, bar: 25}, "missed", "≤ 25 ms more"},
		"fast enough":               {row{value: sample{22}, floor: sample{10}, against: faster, bar: 2.2}, "ok", "≥ 2.2 ×"},
		"not fast enough":           {row{value: sample{21}, floor: sample{10}, against: faster, bar: 2.2}, "missed", "≥ 2.2 ×"},
		"faster without a floor":    {row{value: sample{21}, against: faster, bar: 2.2}, "missed", "≥ 2.2 ×"},
		"a row that was left out":   {leftOut("x", "y"), "", "-"},
		"a row that only informs":   {row{value: sample{5}, floor: sample{1}}, "", "-"},
	} {
		if got := tt.row.verdict(); got != tt.verdict {
			t.Errorf("%s: verdict %q, want %q", name, got, tt.verdict)
		}
		if got := tt.row.barText(); got != tt.bar {
			t.Errorf("%s: bar %q, want %q", name, got, tt.bar)
		}
	}
}

func TestAtOnce(t *testing.T) {
	const latency = 50 * time.Millisecond
	for name, tt := range map[string]struct {
		ms   []int
		want int
	}{
		"nothing":                              {nil, 0},
		"one after the other":                  {[]int{0, 50, 100, 151}, 1},
		"a wave of three, then two":            {[]int{0, 1, 2, 60, 61}, 3},
		"a window that slides":                 {[]int{0, 20, 40, 60, 80}, 3},
		"the most is not at the end of a list": {[]int{0, 1, 2, 3, 500, 501}, 4},
	} {
		var list []sandbox.Request
		for _, ms := range tt.ms {
			list = append(list, at(ms, "/a", 200))
		}
		if got := atOnce(list, latency); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestWaves(t *testing.T) {
	list := waves([]sandbox.Request{at(0, "/a", 200), at(3, "/b", 200), at(101, "/c", 200), at(230, "/d", 200), at(240, "/e", 200)}, 100*time.Millisecond)
	var got []string
	for _, wave := range list {
		paths := ""
		for _, r := range wave {
			paths += r.Path
		}
		got = append(got, paths)
	}
	if diff := cmp.Diff([]string{"/a/b", "/c", "/d/e"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRepeated(t *testing.T) {
	other := at(5, "/a", 200)
	other.Query = "startAt=100"
	got := repeated([]sandbox.Request{at(0, "/a", 429), at(1, "/a", 200), other, at(2, "/b", 0), at(3, "/b", 200), at(4, "/a", 429)})
	if diff := cmp.Diff([]string{"GET /a?startAt=0 429"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAskedWaits(t *testing.T) {
	const latency, retryAfter = 50 * time.Millisecond, time.Second
	for name, tt := range map[string]struct {
		list []sandbox.Request
		want time.Duration
	}{
		"no refusal":                            {[]sandbox.Request{at(0, "/a", 200)}, 0},
		"one":                                   {[]sandbox.Request{at(0, "/a", 429)}, time.Second},
		"two that overlap":                      {[]sandbox.Request{at(0, "/a", 429), at(400, "/a", 429)}, 1400 * time.Millisecond},
		"two apart":                             {[]sandbox.Request{at(0, "/a", 429), at(5000, "/a", 429)}, 2 * time.Second},
		"another endpoint pauses beside":        {[]sandbox.Request{at(0, "/a", 429), at(100, "/b", 429), at(5000, "/b", 429)}, 2 * time.Second},
		"a third within the second's extension": {[]sandbox.Request{at(0, "/a", 429), at(900, "/a", 429), at(1800, "/a", 429)}, 2800 * time.Millisecond},
		"refusals that were recorded in disorder": {[]sandbox.Request{at(400, "/a", 429), at(0, "/a", 429)}, 1400 * time.Millisecond},
	} {
		if got := asked(tt.list, latency, retryAfter); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestReport(t *testing.T) {
	rows := []row{
		{group: "a", measure: "start", unit: milliseconds, value: sample{30, 10, 20}, floor: sample{10}, against: ratio, bar: 1.5, note: "cold"},
		{group: "b", measure: "audit", unit: milliseconds, value: sample{12_345}},
		{group: "b", measure: "write", unit: milliseconds, value: sample{9}, floor: sample{2.5}, against: more, bar: 25},
		leftOut("replicas", "there is nowhere to run them"),
	}
	r := report{rows: rows, cores: 2, date: began}
	var plain bytes.Buffer
	if err := r.print(&plain); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(plain.String()) {
		got = append(got, regexp.MustCompile(`  +`).ReplaceAllString(strings.TrimSpace(line), " | "))
	}
	want := []string{
		"measure | value | floor | ratio | bar | verdict",
		"start | 20.0 ms | 10.0 ms | 2.00 | ≤ 1.5 × | missed",
		"audit | 12.3 s | - | - | - | -",
		"write | 9.00 ms | 2.50 ms | +6.50 ms | ≤ 25 ms more | ok",
		"replicas | - | - | - | - | -",
		"",
		"start: cold",
		"replicas: left out: there is nowhere to run them",
	}
	if diff := cmp.Diff(want, got[:len(got)-1]); diff != "" {
		t.Error(diff)
	}
	if last := got[len(got)-1]; !strings.HasPrefix(last, "2 cores, go") || !strings.HasSuffix(last, "2026-11-01 12:00:00") {
		t.Errorf("last line: %q", last)
	}

	r.options.verbose = true
	var verbose bytes.Buffer
	if err := r.print(&verbose); err != nil || !strings.Contains(verbose.String(), "20.0 ms (10.0 ms to 30.0 ms, 3)") {
		t.Errorf("verbose: %v\n%s", err, verbose.String())
	}

	r.options.json = true
	var encoded bytes.Buffer
	if err := r.print(&encoded); err != nil {
		t.Fatal(err)
	}
	var decoded struct {
		Cores int
		Rows  []struct {
			Group, Verdict string
			Ratio          float64
			Value          struct {
				Median, Least, Most float64
				All                 []float64
			}
			Floor *struct{ Median float64 }
		}
	}
	if err := json.Unmarshal(encoded.Bytes(), &decoded); err != nil {
		t.Fatal(err)
	}
	if decoded.Cores != 2 || len(decoded.Rows) != 4 {
		t.Fatalf("%s", encoded.String())
	}
	first := decoded.Rows[0]
	if first.Verdict != "missed" || first.Ratio != 2 || first.Value.Median != 20 || first.Value.Least != 10 || first.Value.Most != 30 || len(first.Value.All) != 3 {
		t.Errorf("%+v", first)
	}
	if first.Floor == nil || first.Floor.Median != 10 || decoded.Rows[1].Floor != nil {
		t.Errorf("floors: %+v", decoded.Rows)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"--only", "("}, {"--only", "nothing like it"}, {"surplus"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
	o, err := parse([]string{"--only", "audit|scale", "--quick", "--json", "-v", "--strict"})
	if err != nil || !o.quick || !o.json || !o.verbose || !o.strict || !o.only.MatchString("scale") || o.only.MatchString("start") {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 100_000: "100,000", 1_000_000: "1,000,000"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
