package events

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/admin"
)

func TestAdvanceTellsWhatIsNewAndWhereToGoOn(t *testing.T) {
	t0 := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	entry := func(id string, after time.Duration) admin.Event {
		return admin.Event{ID: id, Time: t0.Add(after - time.Hour), ProcessedAt: t0.Add(after)}
	}
	p := Position{Cursor: "here", Mark: t0, Floor: t0}
	for name, tt := range map[string]struct {
		page  admin.Page[admin.Event]
		fresh []string
		mark  time.Duration
		end   bool
	}{
		"nothing":              {page: admin.Page[admin.Event]{Next: "there"}, end: true},
		"the same cursor":      {page: admin.Page[admin.Event]{Next: "here", Items: []admin.Event{entry("a", 1)}}, fresh: []string{"a"}, mark: 1, end: true},
		"no cursor":            {page: admin.Page[admin.Event]{Items: []admin.Event{entry("a", 1)}}, fresh: []string{"a"}, mark: 1, end: true},
		"two of one instant":   {page: admin.Page[admin.Event]{Next: "there", Items: []admin.Event{entry("a", 1), entry("b", 1)}}, fresh: []string{"a", "b"}, mark: 1},
		"one that was told":    {page: admin.Page[admin.Event]{Next: "there", Items: []admin.Event{entry("old", 1), entry("b", 2)}}, fresh: []string{"b"}, mark: 2},
		"one twice":            {page: admin.Page[admin.Event]{Next: "there", Items: []admin.Event{entry("a", 1), entry("a", 1)}}, fresh: []string{"a"}, mark: 1},
		"before the beginning": {page: admin.Page[admin.Event]{Next: "there", Items: []admin.Event{entry("a", -1), entry("b", 0)}}, fresh: []string{"b"}},
	} {
		fresh, next, end := p.advance(seen{"old": 0}, tt.page)
		var got []string
		for _, e := range fresh {
			got = append(got, e.ID)
		}
		want := Position{Cursor: tt.page.Next, Mark: t0.Add(tt.mark), Floor: t0}
		if diff := cmp.Diff(tt.fresh, got); diff != "" || next != want || end != tt.end {
			t.Errorf("%s: %v, %+v, end %v", name, got, next, end)
		}
	}
}

func TestWithoutACursorADayAndAnHourAreReadAgain(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	hours := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour) }
	for name, tt := range map[string]struct {
		p    Position
		want time.Time
	}{
		"long under way": {Position{Mark: hours(-1), Floor: hours(-1000)}, hours(-26)},
		"just begun":     {Position{Mark: hours(-1), Floor: hours(-2)}, hours(-2)},
		"long away":      {Position{Mark: hours(-5000), Floor: hours(-6000)}, now.Add(-Kept)},
	} {
		if got := tt.p.again(now).From; !got.Equal(tt.want) {
			t.Errorf("%s: from %s, want %s", name, got, tt.want)
		}
	}
}

func TestWhatNoOverlapReachesIsForgotten(t *testing.T) {
	mark := time.Unix(1_764_000_000, 0)
	s := seen{"young": mark.Add(-overlap).Unix(), "old": mark.Add(-overlap - time.Second).Unix()}
	s.prune(mark)
	if diff := cmp.Diff(seen{"young": mark.Add(-overlap).Unix()}, s); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
