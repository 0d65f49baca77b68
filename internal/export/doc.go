// Package export writes the journal for other programs: its record of events for a SIEM, whole or with people under pseudonyms, and what became of
// each person of a batch.
//
// It decides nothing and changes nothing. Rows are written as they are read, so that memory does not grow with the record; with pseudonyms it grows
// with the number of people.
package export
