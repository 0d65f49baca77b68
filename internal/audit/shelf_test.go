package audit

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReportsAreListedAndPruned(t *testing.T) {
	s := largeSite(20)
	days := 0
	a := Auditor{Jira: s, StateDir: t.TempDir(), Site: "https://one.example", Now: func() time.Time { return time.Date(2026, 1, 1+days, 0, 0, 0, 0, time.UTC) }}
	if removed, err := a.Prune(Retention{}); err != nil || removed != nil {
		t.Errorf("%v, %v", removed, err)
	}
	if list, err := a.List(); err != nil || list == nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	var ids []string
	for days = range 5 {
		r, err := a.Run(context.Background(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append([]string{r.Report.ID}, ids...)
	}
	if err := os.WriteFile(filepath.Join(a.StateDir, reportsFolder, ids[1], SummaryFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := a.List()
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for i, r := range list {
		listed = append(listed, r.ID)
		if r.Bytes == 0 || (r.Problem != "") != (i == 1) || i != 1 && (r.Accounts == 0 || r.Site == "" || r.FinishedAt.IsZero()) {
			t.Errorf("%+v", r)
		}
	}
	if diff := cmp.Diff(ids, listed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, step := range []struct {
		r    Retention
		want []string // removed
	}{
		{Retention{Keep: 5}, nil},
		{Retention{Keep: 4}, ids[4:5]},
		{Retention{Keep: 1, MaxAge: 60 * time.Hour}, ids[3:4]}, // it is the fifth day
		{Retention{Keep: 1}, ids[1:3]},
		{Retention{Keep: 0}, ids[:1]},
	} {
		removed, err := a.Prune(step.r)
		if err != nil || !slices.Equal(removed, step.want) {
			t.Errorf("%+v removed %v, want %v; %v", step.r, removed, step.want, err)
		}
	}
	entries, err := os.ReadDir(filepath.Join(a.StateDir, reportsFolder))
	if err != nil || len(entries) != 1 { // the door's lock
		t.Errorf("%v, %v", entries, err)
	}
}
