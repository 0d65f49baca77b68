//go:build race

package lifecycle_test

// underRace: the detector makes each test several times slower.
const underRace = true
