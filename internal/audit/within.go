package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Within gives the answer with as many of its findings and rows as fit in that many bytes of JSON, the most severe findings and the first rows. The report has all.
func (r Result) Within(bytes int) Result {
	short := r
	short.Findings, short.Users = []Finding{}, []Row{}
	if r.Comparison != nil {
		c := r.Comparison.Within(bytes / 3)
		short.Comparison = &c
	}
	short.Seats = make([]Seat, len(r.Seats))
	for i, s := range r.Seats {
		s.Groups = s.Groups[:min(len(s.Groups), 3)]
		short.Seats[i] = s
	}
	note := "The answer is kept short: %d findings and %d rows more would have been in it. The report has all."
	left := bytes - size(short.anywhere()) - placeSize - len(note) - 2*20
	// Rows get a fifth at most, and findings what rows leave.
	rows := 0
	for _, row := range r.Users {
		n := size(row) + 1
		if rows+n > left/5 {
			break
		}
		rows += n
		short.Users = append(short.Users, row)
	}
	short.Findings = fit(r.Findings, left-rows)
	if f, u := len(r.Findings)-len(short.Findings), len(r.Users)-len(short.Users); f+u > 0 {
		short.Notes = append(short.Notes[:len(short.Notes):len(short.Notes)], fmt.Sprintf(note, f, u))
	}
	return short
}

// evidenceInAnswer is how many facts a finding of an answer has.
const evidenceInAnswer = 3

// fit gives as many findings as have room, in their order: first one of each kind, so that many of one don't hide that there are others, and then, severity by
// severity, one more of each kind by turns.
func fit(all []Finding, room int) []Finding {
	short := make([]Finding, len(all))
	turn, order := map[kind]int{}, make([]int, len(all))
	turns := make([]int, len(all))
	for i, f := range all {
		f.Evidence = f.Evidence[:min(len(f.Evidence), evidenceInAnswer)]
		k := kind{f.Severity, f.Code}
		short[i], order[i], turns[i] = f, i, turn[k]
		turn[k]++
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(min(turns[a], 1), min(turns[b], 1)), cmp.Compare(all[a].Severity.rank(), all[b].Severity.rank()), cmp.Compare(turns[a], turns[b]))
	})
	chosen := make([]bool, len(all))
	for _, i := range order {
		if n := size(short[i]) + 1; n <= room { // a less severe one may be shorter than one that finds no room
			room, chosen[i] = room-n, true
		}
	}
	some := []Finding{}
	for i, f := range short {
		if chosen[i] {
			some = append(some, f)
		}
	}
	return some
}

// placeSize is room for what anywhere leaves out.
const placeSize = 700

// anywhere leaves out when and where the audit ran: two answers that say the same are cut at the same place, however long the names of folders are.
func (r Result) anywhere() Result {
	r.Report, r.Site, r.StartedAt, r.FinishedAt = Report{}, "", time.Time{}, time.Time{}
	return r
}

func size(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(b)
}
