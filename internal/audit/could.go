package audit

import "slices"

// CouldFind gives a test for whether an earlier report could have had a finding on a person that a later one has: what it could not find had not ended when it was
// made.
func CouldFind(old, now Result) func(Finding) bool {
	b := basisOf(old, now)
	other := old.Site != now.Site && old.Site != "" && now.Site != "" || len(old.AccountTypes) > 0 && !slices.Contains(old.AccountTypes, typeAtlassian)
	return func(f Finding) bool { return !other && b.told(f, b.before) }
}
