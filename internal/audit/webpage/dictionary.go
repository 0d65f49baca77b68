package webpage

import "strings"

// The limits of a dictionary's index. Advice, tool calls and most findings repeat and get in; what is different for everybody doesn't, and memory
// stays bounded.
const (
	maxEntries = 1 << 14
	maxBytes   = 4 << 20
)

// dictionary numbers texts in the order in which they come. The zero value is empty.
type dictionary struct {
	known map[string]int
	bytes int
	added []string // since the last fresh
}

// index gives the number of s, ok=false when it is not known and there is no more room.
func (d *dictionary) index(s string) (i int, ok bool) {
	if i, ok := d.known[s]; ok {
		return i, true
	}
	if len(d.known) >= maxEntries || d.bytes+len(s) > maxBytes {
		return 0, false
	}
	return d.always(s), true
}

// always gives the number of s. It is for what has few values however many people there are: types, products, groups.
func (d *dictionary) always(s string) int {
	if i, ok := d.known[s]; ok {
		return i
	}
	if d.known == nil {
		d.known = map[string]int{}
	}
	i := len(d.known)
	s = strings.Clone(s) // it may be a part of a longer text
	d.known[s] = i
	d.bytes += len(s)
	d.added = append(d.added, s)
	return i
}

// fresh gives the texts that were numbered since it was last called.
func (d *dictionary) fresh() []string {
	added := d.added
	d.added = nil
	return added
}

// The marks that stand for what differs from person to person in texts that are otherwise the same. Cleaned text has no control characters.
const (
	markID    = "\x01"
	markName  = "\x02"
	markEmail = "\x03"
)

// stencil makes texts about different people equal.
type stencil struct{ r *strings.Replacer }

func newStencil(id, name, email string) stencil {
	var pairs []string
	// Where two of them are the same, the first is taken.
	for _, p := range [...][2]string{{id, markID}, {email, markEmail}, {name, markName}} {
		if len(p[0]) > 3 { // shorter ones are parts of ordinary words
			pairs = append(pairs, p[0], p[1])
		}
	}
	return stencil{strings.NewReplacer(pairs...)}
}

// cut replaces the person's account id, name and e-mail. The page puts them back.
func (s stencil) cut(text string) string { return s.r.Replace(text) }
