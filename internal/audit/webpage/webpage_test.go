package webpage_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage/sample"
)

func written(t testing.TB, h webpage.Header, people iter.Seq2[webpage.Person, error], others iter.Seq2[webpage.Finding, error]) string {
	t.Helper()
	var b strings.Builder
	if err := webpage.Write(&b, h, people, others); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func each[T any](items ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

var dataOf = regexp.MustCompile(`<script type="text/plain" id="data">([^<]*)</script>`)

// lines decodes the data of a page.
func lines(t rapid.TB, page string) []string {
	t.Helper()
	found := dataOf.FindAllStringSubmatch(page, -1)
	if len(found) != 1 {
		t.Fatalf("%d elements with data", len(found))
	}
	compressed, err := base64.StdEncoding.DecodeString(found[0][1])
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(compressed)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// A report with nothing in it is a page, too.
func TestNobodyAndNothing(t *testing.T) {
	page := written(t, webpage.Header{}, each[webpage.Person](), each[webpage.Finding]())
	for _, want := range []string{"Nothing was found that needs anybody to act.", "Access review of the site", "No account was found."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if got := lines(t, page); len(got) != 2 || got[1] != `{"people":0,"findings":0}` {
		t.Errorf("data: %q", got)
	}
}

// Whatever a text is, it ends neither an element nor an attribute, and the place of the data stays the only one.
func TestHostileHeader(t *testing.T) {
	evil := `"'></script><script>alert(1)</script><img src=x onerror=alert(1)><script type="text/plain" id="data">AAAA</script>` + "\u202e\x00"
	page := written(t, webpage.Header{
		ID: evil, Site: evil, Organization: evil, Started: sample.At, Findings: 1, DormantDays: 9,
		Types: []webpage.Count{{Name: evil, N: 1}}, Severities: []webpage.Count{{Name: evil, N: 1}}, Figures: []webpage.Figure{{Label: evil, Hint: evil}},
		Seats:   []webpage.Seat{{Product: evil, Key: evil, Used: 3, Limit: 4, Reclaimable: 1}},
		Kinds:   []webpage.Kind{{Code: evil, Severity: evil, Title: evil, Why: evil, Advice: evil, Owner: evil, Call: evil, Count: 1}},
		Sources: []webpage.Source{{Name: evil, Detail: evil}}, Notes: []string{evil},
	}, each[webpage.Person](), each[webpage.Finding]())
	lines(t, page)
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("%d scripts", n)
	}
	if strings.Contains(page, "<img") || strings.ContainsAny(page, "\u202e\x00") {
		t.Error("a text got into the page as it was")
	}
}

// The policy allows the page's own script and style, by their hashes, and nothing else.
func TestPolicy(t *testing.T) {
	page := written(t, webpage.Header{}, each[webpage.Person](), each[webpage.Finding]())
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]*)">`).FindStringSubmatch(page)
	if policy == nil {
		t.Fatal("no policy")
	}
	want := regexp.MustCompile(`^default-src 'none'; script-src 'sha256-[^']{44}'; style-src 'sha256-[^']{44}'; base-uri 'none'; form-action 'none'$`)
	if !want.MatchString(policy[1]) {
		t.Errorf("policy: %s", policy[1])
	}
	for _, forbidden := range []string{"https://", "http://", " src=", "@import", "url("} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page contains %q", forbidden)
		}
	}
}

func TestErrorsEndThePage(t *testing.T) {
	broken := errors.New("broken")
	fails := func(yield func(webpage.Person, error) bool) { yield(webpage.Person{}, broken) }
	failsToo := func(yield func(webpage.Finding, error) bool) { yield(webpage.Finding{}, broken) }
	c := sample.New(10)
	for name, err := range map[string]error{
		"people": webpage.Write(io.Discard, c.Header, fails, c.Others()),
		"others": webpage.Write(io.Discard, c.Header, c.People(), failsToo),
		"writer": webpage.Write(&full{room: 60_000, err: broken}, c.Header, sample.New(5000).People(), c.Others()),
		"early":  webpage.Write(&full{err: broken}, c.Header, c.People(), c.Others()),
	} {
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// full is a disk with little room.
type full struct {
	room int
	err  error
}

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, f.err
	}
	return len(p), nil
}

// What is held while a report is written is as much at the end as soon after the beginning.
func TestMemoryDoesNotGrowWithThePeople(t *testing.T) {
	const few, many = 9_000, 30_000
	var early, late uint64
	people := func(yield func(webpage.Person, error) bool) {
		for i := range many {
			switch i {
			case few: // which is more different texts than are remembered
				early = held()
			case many - 1:
				late = held()
			}
			text := fmt.Sprintf("%d times, %x", i, i*i)
			p := webpage.Person{AccountID: fmt.Sprint("account-", i), Name: "Somebody", Groups: []string{"everybody"}, Findings: []webpage.Finding{{Detail: text}, {Detail: text + "!"}}}
			if !yield(p, nil) {
				return
			}
		}
	}
	if err := webpage.Write(io.Discard, webpage.Header{}, people, each[webpage.Finding]()); err != nil {
		t.Fatal(err)
	}
	if late > early+1<<20 {
		t.Errorf("%d bytes after %d people, %d after %d", early, few, late, many)
	}
}

func held() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// block is what the script reads of a line.
type block struct {
	New                           struct{ Word, Group, Text []string }
	N                             int
	ID, Name, Email, Subject      string
	Status, Found, Code, Severity []int
	Groups                        struct{ N, Items []int }
	Detail                        struct {
		Index []int
		Rest  string
	}
}

// Everybody and everything that is written is read again, whatever the texts are and however they repeat.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom([]string{"", "Anna", "Anna Schmidt", "712020:ab-cd", "anna@acme.example", "sales"}), rapid.StringOfN(rapid.RuneFrom([]rune("ab<>&\"\\é漢")), 0, 12, -1))
		finding := rapid.Custom(func(t *rapid.T) webpage.Finding {
			return webpage.Finding{Code: text.Draw(t, "code"), Severity: rapid.SampledFrom([]string{"high", "low"}).Draw(t, "severity"), Subject: text.Draw(t, "subject"), Detail: text.Draw(t, "d1") + text.Draw(t, "d2")}
		})
		person := rapid.Custom(func(t *rapid.T) webpage.Person {
			return webpage.Person{
				AccountID: text.Draw(t, "id"), Name: text.Draw(t, "name"), Email: text.Draw(t, "email"), Status: text.Draw(t, "status"), Active: true,
				Groups: rapid.SliceOfN(text, 0, 3).Draw(t, "groups"), Findings: rapid.SliceOfN(finding, 0, 3).Draw(t, "findings"),
			}
		})
		people := rapid.SliceOfN(person, 0, 6).Draw(t, "people")
		others := rapid.SliceOfN(finding, 0, 4).Draw(t, "others")
		var page strings.Builder
		if err := webpage.Write(&page, webpage.Header{}, each(people...), each(others...)); err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for _, p := range people {
			status := p.Status
			if status == "" {
				status = "active"
			}
			want = append(want, strings.Join([]string{p.AccountID, p.Name, p.Email, status, strings.Join(p.Groups, "|")}, "\t"))
			for _, f := range p.Findings {
				want = append(want, f.Code+"\t"+f.Severity+"\t"+f.Detail)
			}
		}
		for _, f := range others {
			want = append(want, f.Code+"\t"+f.Severity+"\t"+f.Subject+"\t"+f.Detail)
		}
		data := lines(t, page.String())
		var words, groups, texts []string
		for _, line := range data[1 : len(data)-1] {
			var b block
			if err := json.Unmarshal([]byte(line), &b); err != nil {
				t.Fatal(err)
			}
			words, groups, texts = append(words, b.New.Word...), append(groups, b.New.Group...), append(texts, b.New.Text...)
			ids, names, emails, subjects, rest := strings.Split(b.ID, "\n"), strings.Split(b.Name, "\n"), strings.Split(b.Email, "\n"), strings.Split(b.Subject, "\n"), strings.Split(b.Detail.Rest, "\n")
			at := 0
			detail := func(id, name, email string) string {
				text := ""
				if i := b.Detail.Index[at]; i >= 0 {
					text = texts[i]
				} else {
					text, rest = rest[0], rest[1:]
				}
				return strings.NewReplacer("\x01", id, "\x02", name, "\x03", email).Replace(text)
			}
			severity := func() string { return []string{"high", "medium", "low", "info"}[b.Severity[at]] }
			for i := range b.N {
				var in []string
				for range b.Groups.N[i] {
					in, b.Groups.Items = append(in, groups[b.Groups.Items[0]]), b.Groups.Items[1:]
				}
				got = append(got, strings.Join([]string{ids[i], names[i], emails[i], words[b.Status[i]], strings.Join(in, "|")}, "\t"))
				for range b.Found[i] {
					got = append(got, words[b.Code[at]]+"\t"+severity()+"\t"+detail(ids[i], names[i], emails[i]))
					at++
				}
			}
			for i := range len(b.Code) - at {
				got = append(got, words[b.Code[at]]+"\t"+severity()+"\t"+subjects[i]+"\t"+detail("", subjects[i], ""))
				at++
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-written +read):\n%s", diff)
		}
	})
}

func TestActivityCountsWeeks(t *testing.T) {
	var a webpage.Activity
	day := 24 * time.Hour
	for _, days := range []int{-2, 0, 6, 7, 13, 14, 364, 1000} {
		a.Add(sample.At.Add(-time.Duration(days)*day), false, sample.At)
	}
	a.Add(time.Time{}, true, sample.At)
	a.Add(time.Time{}, false, sample.At)
	if a.Weeks[0] != 3 || a.Weeks[1] != 2 || a.Weeks[2] != 1 || a.Weeks[52] != 2 || a.Never != 1 || a.Unknown != 1 {
		t.Errorf("%+v", a)
	}
}

// The first sentence says how bad it is, and that a source is missing.
func TestLead(t *testing.T) {
	count := func(high, medium, low int) webpage.Header {
		return webpage.Header{Findings: high + medium + low, Severities: []webpage.Count{{Name: "high", N: high}, {Name: "medium", N: medium}, {Name: "low", N: low}}}
	}
	unread := count(1, 0, 0)
	unread.Sources = []webpage.Source{{Name: "jira", Read: true}, {Name: "roster"}}
	for want, h := range map[string]webpage.Header{
		"1,200 findings can’t wait":                          count(1200, 3, 1),
		"One finding can’t wait":                             count(1, 3, 1),
		"Nothing is urgent. 3 findings should be looked at":  count(0, 3, 1),
		"Nothing is urgent. One finding should be looked at": count(0, 1, 0),
		"what was found is for the next tidying up":          count(0, 0, 1),
		"Not every source was read":                          unread,
	} {
		if page := written(t, h, each[webpage.Person](), each[webpage.Finding]()); !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
