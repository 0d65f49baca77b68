package consoleexport

import (
	"fmt"
	"io"
	"runtime"
	"testing"
)

// people is an export of n people, made while it is read: every one with an id, a name and groups of their own.
type people struct {
	n, next int
	left    []byte
}

func (p *people) Read(b []byte) (int, error) {
	for len(p.left) == 0 {
		if p.next > p.n {
			return 0, io.EOF
		}
		if p.left = []byte("User id,User name,email,User status,Group name,Last seen in Jira - a\n"); p.next > 0 {
			p.left = fmt.Appendf(p.left[:0], "712020:%036d,Person %d,person.%d@example.com,Active,\"users,team-%d,\"\"quoted\"\"\",%d Apr 2024\n", p.next, p.next, p.next, p.next, 1+p.next%30)
		}
		p.next++
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}

func TestMemoryDoesNotGrowWithTheExport(t *testing.T) {
	const many = 50_000
	f, err := Read(&people{n: many}, "export-users.csv")
	if err != nil {
		t.Fatal(err)
	}
	held := func() int {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	rows, first, most := 0, 0, 0
	for row, err := range f.Rows() {
		if err != nil || len(row.Groups) != 3 || !row.LastActive[0].Known {
			t.Fatalf("%+v, %v", row, err)
		}
		if rows++; rows == 1000 {
			first = held()
		} else if rows%10_000 == 0 {
			most = max(most, held())
		}
	}
	if rows != many || most-first > 1<<20 {
		t.Errorf("%d rows; %d bytes are held, and %d were after a thousand rows", rows, most, first)
	}
}
