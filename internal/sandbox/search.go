package sandbox

import (
	"slices"
	"strings"
)

// search returns the accounts, at most limit, that are active, may use the site, and match query: it is the beginning of the name, of a word
// of the name, or of an address that viewer may see. An empty query matches everybody.
func (m *model) search(query string, viewer, limit int) []int {
	query = strings.Join(strings.Fields(fold(query)), " ")
	var matches []int
	room := scratch{brief: true}
	// try adds the account if it matches; false ends the search.
	try := func(index int) bool {
		if a := m.look(index, &room); a.access && a.activeInJira() && a.kind != typeUnknown && a.matches(query, viewer) {
			matches = append(matches, index)
		}
		return len(matches) < limit
	}
	for _, index := range m.keptInOrder() {
		if !try(index) {
			return matches
		}
	}
	m.pop.candidates(query, func(index int) bool {
		if _, kept := m.kept[index]; kept {
			return true
		}
		return try(index)
	})
	return matches
}

// keptInOrder returns the indexes of the kept accounts, ascending.
func (m *model) keptInOrder() []int {
	indexes := make([]int, 0, len(m.kept))
	for index := range m.kept {
		indexes = append(indexes, index)
	}
	slices.Sort(indexes)
	return indexes
}

// matches tells whether the folded query is the beginning of something that viewer sees of a.
func (a *account) matches(query string, viewer int) bool {
	name := fold(a.display)
	if strings.HasPrefix(name, query) {
		return true
	}
	for at, c := range name {
		if c == ' ' && strings.HasPrefix(name[at+1:], query) {
			return true
		}
	}
	return a.emailVisibleTo(viewer) && strings.HasPrefix(fold(a.email), query)
}

// candidates calls each with the generated accounts that could match the folded query, until each returns false. It finds them by the parts
// of their names rather than by looking at everybody.
func (p *population) candidates(query string, each func(index int) bool) {
	if query == "" || p.count <= nameCount/16 {
		for g := range p.count {
			if !each(p.first + g) {
				return
			}
		}
		return
	}
	could := couldMatch(query)
	for pair := range nameCount {
		if !could(pair) {
			continue
		}
		for n := (name{pair: pair}); n.number(p.seed) < p.count; n.round++ {
			if !each(p.first + n.number(p.seed)) {
				return
			}
		}
	}
}

// couldMatch returns a function that tells whether an account with this pair of names may match, whatever else it has in its name and address.
func couldMatch(query string) func(pair int) bool {
	if len(query) <= 2 || isAppWord(query) {
		return func(int) bool { return true } // a middle initial, or part of what apps are called
	}
	if query[1:3] == ". " {
		query = query[3:] // begins with a middle initial
	}
	names := parts()
	given, family := make([]bool, len(names.given)), make([]bool, len(names.family))
	for i := range given {
		given[i] = overlaps(names.givenFolded[i], query) || overlaps(names.givenASCII[i], query)
	}
	for i := range family {
		family[i] = overlaps(names.familyFolded[i], query)
	}
	return func(pair int) bool { return given[pair>>familyBits] || family[pair&(1<<familyBits-1)] }
}

// overlaps tells whether one is the beginning of the other.
func overlaps(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// isAppWord tells whether query begins a word of an app's name.
func isAppWord(query string) bool {
	return slices.ContainsFunc(appNames, func(words string) bool {
		return slices.ContainsFunc(strings.Fields(fold(words)), func(word string) bool { return overlaps(word, query) })
	})
}
