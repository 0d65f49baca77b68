// Command bench measures how fast and how small the program is, each time against a floor that is measured in the same run: what
// the same work costs with as little as possible around it. `make bench` runs it and prints one table.
//
// Everything is real: the program is built and started as a client would start it, and the sandbox is a process of its own, so
// that neither its time nor its memory count as the program's. A measure and its floor take turns, so that a machine that is
// busy for a while is busy for both; what the table shows are medians.
//
// What the journal costs is measured with SQLite and, where it is installed, with a PostgreSQL of the benchmark's own. A row that was left out says why.
//
// A missed bar is part of the table. Only --strict makes it an exit code.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
)

// groups are the measures that --only selects by name, in the order of the table.
var groups = []struct {
	name    string
	measure func(context.Context, *bench) ([]row, error)
}{
	{"start", measureStart},
	{"memory", measureMemory},
	{"lookup", measureLookup},
	{"plan", measurePlan},
	{"orgplan", measureOrgPlan},
	{"offboard", measureOffboard},
	{"write", measureWrite},
	{"batch", measureBatch},
	{"replicas", measureReplicas},
	{"recovery", measureRecovery},
	{"list", measureList},
	{"call", measureCall},
	{"audit", measureAudit},
	{"dates", measureDates},
	{"scale", measureScale},
	{"million", measureMillion},
	{"throttled", measureThrottled},
	{"page", measurePage},
	{"export", measureExport},
}

type options struct {
	only          *regexp.Regexp
	quick         bool // smaller populations and fewer repetitions: a look, not a figure to quote
	json, verbose bool
	strict        bool
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code, err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		code = 1
	}
	os.Exit(code)
}

func parse(args []string) (options, error) {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.name
	}
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := f.String("only", "", "measure only the groups that this regular `expression` matches: "+strings.Join(names, ", "))
	f.BoolVar(&o.quick, "quick", false, "smaller populations and fewer repetitions")
	f.BoolVar(&o.json, "json", false, "print JSON, with every single measurement")
	f.BoolVar(&o.verbose, "v", false, "show least, most and number of measurements beside each median")
	f.BoolVar(&o.strict, "strict", false, "exit with 3 when a bar is missed")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("--only: %w", err)
	}
	for _, name := range names {
		if o.only.MatchString(name) {
			return o, nil
		}
	}
	return o, fmt.Errorf("--only %s matches none of %s", *only, strings.Join(names, ", "))
}

// run measures and prints. A group that could not be measured is an error after the table of the others.
func run(ctx context.Context, o options) (int, error) {
	b, err := newBench(ctx, o)
	if err != nil {
		return 1, err
	}
	defer b.close()

	var rows []row
	var failed error
	for _, g := range groups {
		if !o.only.MatchString(g.name) {
			continue
		}
		b.note("%s", g.name)
		measured, err := g.measure(ctx, b)
		for i := range measured {
			measured[i].group = g.name
		}
		rows = append(rows, measured...)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", g.name, err))
		}
	}
	if err := newReport(o, rows).print(os.Stdout); err != nil {
		return 1, err
	}
	if o.strict && missed(rows) {
		return 3, failed
	}
	return 0, failed
}
