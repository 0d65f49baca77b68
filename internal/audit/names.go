package audit

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/extsort"
)

// maxSameName is how far people of one name are counted. That there are more is all that matters then, and memory stays bounded.
const maxSameName = 1000

// maxOthers is how many of the others are named.
const maxOthers = 3

// sameName says how many active people have an account's name: maxSameName+1 means more than maxSameName.
type sameName struct {
	count  int
	others []string // account ids of the first few others
}

// findSameNames adds to s.shared each account whose name another active account has, too.
func findSameNames(ctx context.Context, s *spill) error { return findShared(ctx, s.names, s.shared) }

// findTwins adds to s.twins each account whose e-mail another account has, too, whichever sources say so.
func findTwins(ctx context.Context, s *spill) error { return findShared(ctx, s.emails, s.twins) }

func findShared(ctx context.Context, from, to *sorter) error {
	c, err := newCursor(ctx, from)
	if err != nil {
		return err
	}
	g := nameGroup{shared: to}
	for ; c.ok(); c.next() {
		name, id, ok := cutKey(c.Key())
		if !ok {
			return errRecord
		}
		if !bytes.Equal(name, g.name) {
			if err := g.end(); err != nil {
				return err
			}
			g.begin(name)
		}
		if err := g.add(string(id)); err != nil {
			return err
		}
	}
	if c.err != nil {
		return c.err
	}
	return g.end()
}

// nameGroup gathers the accounts of one name until they can be written with their number.
type nameGroup struct {
	shared *extsort.Sorter
	name   []byte
	last   string   // the account added last: a page that was read twice repeats it
	first  []string // enough accounts to name maxOthers others for each
	held   []string // accounts not yet written
	many   bool     // there are more than maxSameName: accounts are written as they come
	buf    []byte
}

func (g *nameGroup) begin(name []byte) {
	g.name = append(g.name[:0], name...)
	g.last, g.first, g.held, g.many = "", g.first[:0], g.held[:0], false
}

func (g *nameGroup) add(id string) error {
	if id == g.last {
		return nil
	}
	g.last = id
	if len(g.first) <= maxOthers {
		g.first = append(g.first, id)
	}
	g.held = append(g.held, id)
	if g.many = g.many || len(g.held) > maxSameName; g.many {
		return g.write(maxSameName + 1)
	}
	return nil
}

// end writes what is held, unless it is one account alone.
func (g *nameGroup) end() error {
	if len(g.held) < 2 {
		return nil
	}
	return g.write(len(g.held))
}

func (g *nameGroup) write(count int) error {
	for _, id := range g.held {
		n := sameName{count: count}
		for _, other := range g.first {
			if other != id && len(n.others) < maxOthers {
				n.others = append(n.others, other)
			}
		}
		g.buf = n.appendTo(g.buf[:0])
		if err := g.shared.Add([]byte(id), g.buf); err != nil {
			return err
		}
	}
	g.held = g.held[:0]
	return nil
}

func (n sameName) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(n.count))
	for _, id := range n.others {
		b = appendString(b, id)
	}
	return b
}

func decodeSameName(b []byte) (sameName, error) {
	d := decoder{b: b}
	n := sameName{count: int(d.number())}
	for len(d.b) > 0 {
		n.others = append(n.others, d.str())
	}
	return n, d.err()
}
