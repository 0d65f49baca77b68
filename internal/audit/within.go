package audit

import (
	"encoding/json"
	"fmt"
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
	left := bytes - size(short) - len(note) - 2*20
	// Rows get a third at most, and findings what rows leave.
	rows := 0
	for _, row := range r.Users {
		n := size(row) + 1
		if rows+n > left/3 {
			break
		}
		rows += n
		short.Users = append(short.Users, row)
	}
	left -= rows
	for _, f := range r.Findings {
		n := size(f) + 1
		if n > left {
			break
		}
		left -= n
		short.Findings = append(short.Findings, f)
	}
	if f, u := len(r.Findings)-len(short.Findings), len(r.Users)-len(short.Users); f+u > 0 {
		short.Notes = append(short.Notes[:len(short.Notes):len(short.Notes)], fmt.Sprintf(note, f, u))
	}
	return short
}

func size(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(b)
}
