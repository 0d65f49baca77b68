package webpage

import (
	"encoding/json"
	"io"
	"strings"
	"time"
)

// blockSize is how many people, or other findings, a line of data holds.
const blockSize = 2000

// columns writes what the tables show as lines of JSON: first a meta, then blocks, then a last line that says how much there was.
//
// A block holds a column of each property rather than an object of each person, which compresses to a fifth, and what repeats is an index into a
// list that grows with the blocks (dictionary.go). Texts of a column are joined with line feeds, which cleaned text does not have.
type columns struct {
	out              *json.Encoder
	started          bool
	meta             meta
	lists            lists
	block            block
	people, findings int
}

// meta is the first line.
type meta struct {
	ID      string     `json:"id"`
	Today   int        `json:"today"` // the day of the report
	Dormant int        `json:"dormant"`
	Kinds   []metaKind `json:"kinds"`
}

type metaKind struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Why    string `json:"why"`
	Advice string `json:"advice"`
	Owner  string `json:"owner"`
}

// lists are what indexes point into, each by its name in a block's "new".
type lists struct{ Word, Group, Text dictionary }

// block is a line with people, or with findings about no person.
type block struct {
	New struct {
		Word  []string `json:"word,omitempty"`
		Group []string `json:"group,omitempty"`
		Text  []string `json:"text,omitempty"`
	} `json:"new"`
	N        int         `json:"n"` // people
	ID       joinedLines `json:"id"`
	Name     joinedLines `json:"name"`
	Email    joinedLines `json:"email"`
	Source   []int       `json:"source"` // of the e-mail
	Type     []int       `json:"type"`
	Status   []int       `json:"status"`
	Flags    []int       `json:"flags"` // 1 active, 2 managed, 4 never active
	Last     []int       `json:"last"`  // day of last activity, -1 = not known
	Products ragged      `json:"products"`
	Roles    ragged      `json:"roles"`
	Groups   ragged      `json:"groups"`
	Sources  ragged      `json:"sources"`
	Found    []int       `json:"found"` // findings of each person

	Code     []int       `json:"code"`
	Severity []int       `json:"severity"`
	Subject  joinedLines `json:"subject"` // of the findings about no person
	Detail   texts       `json:"detail"`
	Advice   texts       `json:"advice"`
	Call     texts       `json:"call"`
	Facts    []int       `json:"facts"` // of each finding
	FactFrom []int       `json:"factFrom"`
	Fact     texts       `json:"fact"`
}

// joinedLines is a column of texts.
type joinedLines []string

func (l joinedLines) MarshalJSON() ([]byte, error) { return json.Marshal(strings.Join(l, "\n")) }

// ragged is a column of lists: how many each has, and all of them one after the other.
type ragged struct {
	N     []int `json:"n"`
	Items []int `json:"items"`
}

// texts is a column of texts that mostly repeat: an index each, or -1 for the next of those written out.
type texts struct {
	Index []int       `json:"index"`
	Rest  joinedLines `json:"rest"`
}

// The bits of Flags.
const (
	flagActive = 1 << iota
	flagManaged
	flagNever
)

func newColumns(w io.Writer, h Header) *columns {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false) // nothing reads this as HTML, and < stays one byte
	c := &columns{out: out, meta: meta{ID: h.ID, Today: day(h.Started), Dormant: h.DormantDays, Kinds: []metaKind{}}}
	for _, k := range h.Kinds {
		c.meta.Kinds = append(c.meta.Kinds, metaKind{k.Code, k.Title, k.Why, k.Advice, k.Owner})
	}
	return c
}

func (c *columns) person(p Person) error {
	b := &c.block
	id, name, email := clean(p.AccountID), clean(p.Name), clean(p.Email)
	b.N++
	b.ID, b.Name, b.Email = append(b.ID, id), append(b.Name, name), append(b.Email, email)
	b.Source = append(b.Source, c.word(p.EmailSource))
	b.Type = append(b.Type, c.word(p.Type))
	b.Status = append(b.Status, c.word(p.status()))
	b.Flags = append(b.Flags, p.flags())
	last := -1
	if !p.LastActive.IsZero() && !p.NeverActive {
		last = day(p.LastActive)
	}
	b.Last = append(b.Last, last)
	b.Products.add(p.Products, c.word)
	b.Roles.add(p.Roles, c.word)
	b.Groups.add(p.Groups, c.group)
	b.Sources.add(p.Sources, c.word)
	b.Found = append(b.Found, len(p.Findings))
	about := newStencil(id, name, email)
	for _, f := range p.Findings {
		c.finding(f, about)
	}
	c.people++
	return c.flush(blockSize)
}

// other adds a finding about no person.
func (c *columns) other(f Finding) error {
	if c.block.N > 0 {
		if err := c.flush(1); err != nil {
			return err
		}
	}
	subject := clean(f.Subject)
	c.block.Subject = append(c.block.Subject, subject)
	c.finding(f, newStencil("", subject, ""))
	return c.flush(blockSize)
}

func (c *columns) finding(f Finding, about stencil) {
	b := &c.block
	b.Code = append(b.Code, c.word(f.Code))
	b.Severity = append(b.Severity, severityRank(f.Severity))
	c.text(&b.Detail, f.Detail, about)
	c.text(&b.Advice, f.Advice, about)
	c.text(&b.Call, f.Call, about)
	b.Facts = append(b.Facts, len(f.Evidence))
	for _, e := range f.Evidence {
		b.FactFrom = append(b.FactFrom, c.word(e.Source))
		c.text(&b.Fact, e.Text, about)
	}
	c.findings++
}

func (c *columns) word(s string) int  { return c.lists.Word.always(clean(s)) }
func (c *columns) group(s string) int { return c.lists.Group.always(clean(s)) }

func (c *columns) text(column *texts, s string, about stencil) {
	s = about.cut(clean(s))
	i, ok := c.lists.Text.index(s)
	if !ok {
		column.Rest = append(column.Rest, s)
		i = -1
	}
	column.Index = append(column.Index, i)
}

func (r *ragged) add(items []string, index func(string) int) {
	r.N = append(r.N, len(items))
	for _, item := range items {
		r.Items = append(r.Items, index(item))
	}
}

// flush writes the block if it has so many people or other findings.
func (c *columns) flush(atLeast int) error {
	if c.block.N < atLeast && len(c.block.Subject) < atLeast {
		return nil
	}
	if err := c.begin(); err != nil {
		return err
	}
	c.block.New.Word, c.block.New.Group, c.block.New.Text = c.lists.Word.fresh(), c.lists.Group.fresh(), c.lists.Text.fresh()
	if err := c.out.Encode(&c.block); err != nil {
		return err
	}
	c.block.reset()
	return nil
}

func (c *columns) begin() error {
	if c.started {
		return nil
	}
	c.started = true
	return c.out.Encode(c.meta)
}

// end writes what is left and the last line, without which a reader knows that something is missing.
func (c *columns) end() error {
	if err := c.begin(); err != nil {
		return err
	}
	if err := c.flush(1); err != nil {
		return err
	}
	return c.out.Encode(struct {
		People   int `json:"people"`
		Findings int `json:"findings"`
	}{c.people, c.findings})
}

// reset empties the block and keeps its memory.
func (b *block) reset() {
	*b = block{
		ID: b.ID[:0], Name: b.Name[:0], Email: b.Email[:0], Source: b.Source[:0], Type: b.Type[:0], Status: b.Status[:0], Flags: b.Flags[:0], Last: b.Last[:0],
		Products: b.Products.empty(), Roles: b.Roles.empty(), Groups: b.Groups.empty(), Sources: b.Sources.empty(), Found: b.Found[:0],
		Code: b.Code[:0], Severity: b.Severity[:0], Subject: b.Subject[:0], Detail: b.Detail.empty(), Advice: b.Advice.empty(), Call: b.Call.empty(),
		Facts: b.Facts[:0], FactFrom: b.FactFrom[:0], Fact: b.Fact.empty(),
	}
}

func (r ragged) empty() ragged { return ragged{r.N[:0], r.Items[:0]} }
func (t texts) empty() texts   { return texts{t.Index[:0], t.Rest[:0]} }

// day is the number of a day since 1970, in UTC.
func day(t time.Time) int { return int(t.UTC().Unix() / 86400) }

func (p Person) status() string {
	switch {
	case p.Status != "":
		return p.Status
	case p.Active:
		return "active"
	}
	return "inactive"
}

func (p Person) flags() int {
	flags := 0
	for bit, set := range map[int]bool{flagActive: p.Active, flagManaged: p.Managed, flagNever: p.NeverActive} {
		if set {
			flags |= bit
		}
	}
	return flags
}
