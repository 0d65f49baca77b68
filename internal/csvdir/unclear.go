package csvdir

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxUnclear is how many texts are told apart.
const maxUnclear = 20

// Unclear counts texts that are not understood. The zero value has none.
type Unclear struct {
	Texts map[string]int // cleaned; the first twenty
	Other int            // how often there were others
}

// Add counts a text.
func (u *Unclear) Add(text string) {
	text = Capped(text)
	if _, ok := u.Texts[text]; !ok && len(u.Texts) == maxUnclear {
		u.Other++
		return
	}
	if u.Texts == nil {
		u.Texts = map[string]int{}
	}
	u.Texts[strings.Clone(text)]++
}

// String lists the texts, the most frequent first; "" = none.
func (u Unclear) String() string {
	texts := slices.SortedFunc(maps.Keys(u.Texts), func(a, b string) int { return cmp.Or(u.Texts[b]-u.Texts[a], strings.Compare(a, b)) })
	for i, text := range texts {
		texts[i] = fmt.Sprintf("%q (%d)", text, u.Texts[text])
	}
	if u.Other > 0 {
		texts = append(texts, fmt.Sprintf("others (%d)", u.Other))
	}
	return strings.Join(texts, ", ")
}

// Lines says where the first of several rows are.
func Lines(first []int, all int) string {
	places := make([]string, len(first))
	for i, line := range first {
		places[i] = fmt.Sprint(line)
	}
	text := "line " + strings.Join(places, ", ")
	if all > len(first) {
		text += " and others"
	}
	return text
}
