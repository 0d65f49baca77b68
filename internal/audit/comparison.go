package audit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// Comparison is what changed between two reports: the counts of everything, and the first changes.
type Comparison struct {
	Before   string             `json:"before" jsonschema:"id of the earlier report"`
	After    string             `json:"after" jsonschema:"id of the later report"`
	Counts   map[ChangeKind]int `json:"counts" jsonschema:"changes by kind"`
	New      map[Code]int       `json:"new_findings,omitempty" jsonschema:"new findings by code"`
	Fixed    map[Code]int       `json:"fixed_findings,omitempty" jsonschema:"fixed findings by code"`
	Changes  []Change           `json:"changes" jsonschema:"the most important changes, with some of each kind"`
	Total    int                `json:"total" jsonschema:"changes in all"`
	URI      string             `json:"uri" jsonschema:"resource address of the file with every change, one a line"`
	File     string             `json:"file" jsonschema:"that file on the server's machine"`
	Warnings []string           `json:"warnings,omitempty" jsonschema:"what could not be compared"`
}

// Latest stands for the newest report, where an earlier report is named.
const Latest = "latest"

var changesPattern = regexp.MustCompile(`^changes-since-audit-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}\.jsonl$`)

// changesFile is the file in the later report's folder that has every change since an earlier one.
func changesFile(before string) string { return "changes-since-" + before + ".jsonl" }

// Resolve gives the id of a report that somebody names: an id of a report that is there, or [Latest].
func (a *Auditor) Resolve(name string) (string, error) {
	if name != Latest {
		_, err := a.Summary(name)
		return name, err
	}
	ids, err := a.Reports()
	if err != nil {
		return "", err
	}
	if len(ids) == 0 {
		return "", fault.New(fault.NotFound, "Run audit_active_users for a first report.", "There is no report yet.")
	}
	return ids[0], nil
}

// earlier finds the report that an audit is to be compared with, and refuses one that it can't be compared with before anything is read; "" = none.
func (a *Auditor) earlier(o Options) (string, error) {
	if o.CompareTo == "" {
		return "", nil
	}
	id, err := a.Resolve(o.CompareTo)
	if err != nil {
		return "", err
	}
	old, err := a.Summary(id)
	if err != nil {
		return "", err
	}
	return id, sameScope(id, old, "now", Result{AccountTypes: o.AccountTypes, StartedAt: a.now()})
}

// Compare says what changed from one report to a later one: accounts that are new or gone, status, administrators, roles, groups, seats, and findings
// that are new or fixed. Up to limit changes are in the answer; all of them go to a file in the later report's folder. It reads both reports as
// streams, so its memory does not grow with them.
//
// What only one of the reports could know is no change: it is told in the warnings. Besides the faults of [Auditor.Open] it gives invalid_argument for
// reports of other account types or in the wrong order.
func (a *Auditor) Compare(ctx context.Context, before, after string, limit int) (_ Comparison, err error) {
	old, err := a.Summary(before)
	if err != nil {
		return Comparison{}, err
	}
	now, err := a.Summary(after)
	if err != nil {
		return Comparison{}, err
	}
	if err := sameScope(before, old, after, now); err != nil {
		return Comparison{}, err
	}
	w, err := openWorkspace(a.StateDir, a.now())
	if err != nil {
		return Comparison{}, unwritable(a.StateDir, err)
	}
	defer w.discard()

	name := changesFile(before)
	file, err := os.OpenFile(filepath.Join(w.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Comparison{}, unwritable(a.StateDir, err)
	}
	defer func() { _ = file.Close() }() // a second time does no harm
	c := comparer{basis: basisOf(old, now), list: newChangeList(limit), untold: map[Code]int{}}
	buffer := bufio.NewWriterSize(file, 64<<10)
	c.file = lines(buffer)
	c.basis.uncompared = &c.uncompared
	err = c.rows(ctx, a.Rows(before), a.Rows(after))
	if err == nil {
		err = c.findings(ctx, w.dir, a.memory, a.FindingsOf(before), a.FindingsOf(after))
	}
	if err != nil {
		return Comparison{}, err
	}
	to := filepath.Join(a.StateDir, reportsFolder, after, name)
	if err := errors.Join(buffer.Flush(), file.Sync(), file.Close()); err != nil {
		return Comparison{}, unwritable(a.StateDir, err)
	}
	if err := os.Rename(file.Name(), to); err != nil {
		return Comparison{}, unwritable(a.StateDir, err)
	}
	result := c.list.comparison(before, after)
	result.URI, result.File = URIPrefix+after+"/"+name, to
	result.Warnings = append(warnings(old, now, c.basis), c.warnings()...)
	return result, nil
}

// sameScope refuses two reports of which nothing can be said.
func sameScope(before string, old Result, after string, now Result) error {
	switch {
	case before == after:
		return fault.New(fault.InvalidArgument, "Name two reports.", "Report %s can't be compared with itself.", before)
	case now.StartedAt.Before(old.StartedAt):
		return fault.New(fault.InvalidArgument, "Name the earlier report first.", "Report %s is older than %s.", after, before)
	case !slices.Equal(slices.Sorted(slices.Values(old.AccountTypes)), slices.Sorted(slices.Values(now.AccountTypes))):
		return fault.New(fault.InvalidArgument, "Compare reports of the same account_types.", "Report %s covers accounts of %s, and %s those of %s: most would look new or gone.",
			before, typesWord(old), after, typesWord(now))
	}
	return nil
}

func typesWord(r Result) string {
	if len(r.AccountTypes) == 0 {
		return "every type"
	}
	return "type " + strings.Join(r.AccountTypes, ", ")
}

func basisOf(old, now Result) basis {
	read := func(r Result) map[string]bool {
		sources := map[string]bool{sourceJira: true}
		for name := range r.Counts.BySource {
			sources[name] = true
		}
		return sources
	}
	return basis{before: read(old), after: read(now), sameWindow: old.InactiveDays == now.InactiveDays}
}

// warnings tells in what two reports differ that makes them hard to compare.
func warnings(old, now Result, b basis) []string {
	var all []string
	if old.Site != now.Site && old.Site != "" && now.Site != "" {
		all = append(all, fmt.Sprintf("The reports are of two sites, %s and %s.", old.Site, now.Site))
	}
	for _, source := range []string{sourceSCIM, sourceOrganization, sourceExport, sourceRoster} {
		switch {
		case b.before[source] && !b.after[source]:
			all = append(all, fmt.Sprintf("Only the earlier report read the source %s: what it alone tells was not compared.", source))
		case !b.before[source] && b.after[source]:
			all = append(all, fmt.Sprintf("Only the later report read the source %s: what it alone tells was not compared.", source))
		}
	}
	if !b.sameWindow {
		all = append(all, fmt.Sprintf("Seats are dormant after %d days in the earlier report and after %d in the later one: dormant_seat, never_active and unused_group were not compared.", old.InactiveDays, now.InactiveDays))
	}
	return all
}
