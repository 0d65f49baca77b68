package main

import (
	"encoding/json"
	"slices"
	"time"
)

// sample is one thing measured several times.
type sample []float64

// median is 0 for an empty sample.
func (s sample) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// time adds a duration, in milliseconds.
func (s *sample) time(d time.Duration) { s.add(float64(d) / float64(time.Millisecond)) }

func (s *sample) add(v float64) { *s = append(*s, v) }

// MarshalJSON gives the median and what it comes from.
func (s sample) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Median float64   `json:"median"`
		Least  float64   `json:"least"`
		Most   float64   `json:"most"`
		All    []float64 `json:"all"`
	}{s.median(), slices.Min(s), slices.Max(s), s})
}
