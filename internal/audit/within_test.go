package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// However many findings and rows there are, and however long their texts: the answer keeps its size, and what it has is the most severe.
func TestAnswerKeepsItsSize(t *testing.T) {
	const most = 17 << 10
	long := strings.Repeat("x", 250)
	full := Result{Counts: Counts{ByAccountType: map[string]int{"atlassian": 1}, BySource: map[string]int{}}}
	for i := range MaxLimit {
		severity := severities[i*len(severities)/MaxLimit]
		f := Finding{Code: HiddenEmail, Severity: severity, AccountID: fmt.Sprint(i), Detail: long, Evidence: []Evidence{{sourceJira, long}}}
		if i == 3 {
			f.Detail = strings.Repeat(long, 100)
		}
		full.Findings = append(full.Findings, f)
		full.Users = append(full.Users, Row{AccountID: fmt.Sprint(i), DisplayName: long, Groups: []string{long, long}})
	}
	for i := range 20 {
		full.Notes = append(full.Notes, fmt.Sprint(i, long))
		full.Seats = append(full.Seats, Seat{Product: fmt.Sprint(i), Groups: []string{"a", "b", "c", "d", "e"}})
	}
	short := full.Within(most)
	b, err := json.Marshal(short)
	if err != nil || len(b) > most {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if len(short.Findings) < 5 || len(short.Users) < 2 || short.Findings[0].AccountID != "0" || short.Findings[3].AccountID != "4" {
		t.Errorf("%d findings, %d rows", len(short.Findings), len(short.Users))
	}
	if last := short.Notes[len(short.Notes)-1]; !strings.Contains(last, fmt.Sprintf("%d findings and %d rows more", MaxLimit-len(short.Findings), MaxLimit-len(short.Users))) {
		t.Errorf("note %q", last)
	}
	if len(full.Notes) != 20 || len(full.Seats[0].Groups) != 5 {
		t.Error("the full answer was changed")
	}
	if same := (Result{Findings: full.Findings[:1], Users: full.Users[:1]}).Within(most); len(same.Findings) != 1 || len(same.Users) != 1 || len(same.Notes) != 0 {
		t.Errorf("a short answer was cut: %+v", same)
	}
}
