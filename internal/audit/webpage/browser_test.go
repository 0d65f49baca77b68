package webpage_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage/sample"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/chromium"
)

// report is a page that is open in the browser.
type report struct {
	*chromium.Tab
	t testing.TB
}

// saved writes a page into a file.
func saved(t testing.TB, h webpage.Header, people iter.Seq2[webpage.Person, error], others iter.Seq2[webpage.Finding, error]) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report of #1 %20.html") // as people name files
	if err := os.WriteFile(path, []byte(written(t, h, people, others)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const settled = `["ready", "failed"].includes(document.documentElement.dataset.state)`

// openFile opens a page and waits until it has made its tables. Whatever happens to it, the page asks for nothing and the console stays empty.
func openFile(t *testing.T, b *chromium.Browser, path string, prepare ...chromium.Action) *report {
	t.Helper()
	r := &report{b.Open(t, path, prepare...), t}
	t.Cleanup(func() {
		if asked := r.Requests(); len(asked) > 0 {
			t.Errorf("the page asked for %q", asked)
		}
		if told := r.Problems(); len(told) > 0 {
			t.Errorf("the console shows %q", told)
		}
	})
	r.wait(settled)
	return r
}

func openCompany(t *testing.T, b *chromium.Browser, people int, prepare ...chromium.Action) *report {
	t.Helper()
	c := sample.New(people)
	r := openFile(t, b, saved(t, c.Header, c.People(), c.Others()), prepare...)
	if state := r.text(`document.documentElement.dataset.state`); state != "ready" {
		t.Fatalf("the page is %s", state)
	}
	return r
}

func (r *report) wait(expression string) {
	r.t.Helper()
	if err := r.Wait(expression); err != nil {
		r.t.Fatal(err)
	}
}

func (r *report) do(actions ...chromium.Action) {
	r.t.Helper()
	if err := r.Do(actions...); err != nil {
		r.t.Fatal(err)
	}
}

func value[T any](r *report, expression string) T {
	r.t.Helper()
	v, err := chromium.Value[T](r.Tab, expression)
	if err != nil {
		r.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (r *report) text(expression string) string { return value[string](r, expression) }

// texts gives what the elements show that a selector finds.
func (r *report) texts(selector string) []string {
	r.t.Helper()
	return value[[]string](r, fmt.Sprintf(`[...document.querySelectorAll(%q)].map((e) => e.textContent)`, selector))
}

// click clicks the first element that a selector finds, as a script would.
func (r *report) click(selector string) {
	r.t.Helper()
	value[bool](r, fmt.Sprintf(`(document.querySelector(%q).click(), true)`, selector))
}

// set changes a field as a person would and waits until the table says so.
func (r *report) set(selector, content, said string) {
	r.t.Helper()
	value[bool](r, fmt.Sprintf(`((e) => { e.value = %q; e.dispatchEvent(new Event("input")); e.dispatchEvent(new Event("change")); return true })(document.querySelector(%q))`, content, selector))
	r.says(selector, said)
}

// says waits until the status of the table that an element belongs to has the text.
func (r *report) says(selector, said string) {
	r.t.Helper()
	status := fmt.Sprintf(`document.querySelector(%q).closest("section").querySelector(".status").textContent`, selector)
	if err := r.Wait(fmt.Sprintf(`%s.startsWith(%q)`, status, said)); err != nil {
		r.t.Fatalf("%v; it says %q", err, r.text(status))
	}
}

func TestInABrowser(t *testing.T) {
	b := chromium.Need(t)
	for name, test := range map[string]func(*testing.T, *chromium.Browser){
		"hostile names are shown as they are":      hostile,
		"columns sort":                             sorts,
		"the keyboard does it all":                 keyboard,
		"findings are filtered and searched":       filters,
		"people are filtered and searched":         filtersPeople,
		"a finding opens":                          opens,
		"pages are turned":                         turns,
		"it prints":                                prints,
		"without scripts the summary is there":     withoutScripts,
		"a file that was cut off says so":          cutOff,
		"accessible by day, by night and narrow":   accessible,
		"a report with nothing in it is no error":  nothing,
		"texts that differ for everybody are read": longTexts,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func hostile(t *testing.T, b *chromium.Browser) {
	names := []string{
		`<script>window.harmed = 1</script>`, `"><img src=x onerror="window.harmed = 1">`, `</script><script>window.harmed = 1</script>`, `<!--<script>`,
		`javascript:alert(1)`, `{{.}} ${harmed} %s`, "محمد علي", "line\u2028break", "Ann\u202eexe.doc", "\x01id \x02name \x03mail", strings.Repeat("W", 5000), "",
	}
	want := slices.Clone(names)
	want[7], want[8], want[9], want[11] = "line break", "Annexe.doc", "id name mail", "without a name"
	want[10] = strings.Repeat("W", 1999) + "…"
	var people []webpage.Person
	for i, name := range names {
		people = append(people, webpage.Person{
			AccountID: fmt.Sprintf("account-%02d", i), Name: name, Email: name, Type: name, Status: name, Groups: []string{name}, Products: []string{name}, Roles: []string{name}, Sources: []string{name},
			Findings: []webpage.Finding{{Code: name, Severity: name, Detail: "About " + name, Evidence: []webpage.Fact{{Source: name, Text: name}}, Advice: name, Call: name}},
		})
	}
	h := webpage.Header{Site: names[0], Findings: len(names), People: len(names), Kinds: []webpage.Kind{{Code: names[1], Title: names[1], Owner: names[2], Call: names[0], Count: 1}}}
	r := openFile(t, b, saved(t, h, each(people...), each(webpage.Finding{Code: "x", Subject: names[0], Detail: names[2]})))
	r.says("#people", "12 people")
	r.says("#findings", "13 findings")
	value[bool](r, `([...document.querySelectorAll("button.more, summary")].forEach((button) => button.click()), true)`)
	value[bool](r, `(window.dispatchEvent(new Event("beforeprint")), true)`)

	got := r.texts("#people-part tbody tr.row .name")
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if value[bool](r, `"harmed" in window || document.querySelector("img") !== null || document.scripts.length !== 1`) {
		t.Error("a name became a part of the page")
	}
	if alone := value[int](r, `[...document.querySelectorAll(".name, .detail dd bdi")].filter((e) => getComputedStyle(e).unicodeBidi !== "isolate").length`); alone > 0 {
		t.Errorf("%d texts can turn what stands around them", alone)
	}
	if value[bool](r, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("a long name widens the page")
	}
}

// column gives the texts of a column of a table, in the cells or in a part of them.
func (r *report) column(part string, number int, inside string) []string {
	return r.texts(fmt.Sprintf("#%s-part tbody tr.row > :nth-child(%d) %s", part, number, inside))
}

func sorts(t *testing.T, b *chromium.Browser) {
	r := openCompany(t, b, 230)
	for _, part := range []string{"findings", "people"} {
		size := fmt.Sprintf("#%s-part .foot select", part)
		value[bool](r, fmt.Sprintf(`((e) => { e.value = "250"; e.dispatchEvent(new Event("change")); return true })(document.querySelector(%q))`, size))
	}
	date := func(s string) string {
		m := regexp.MustCompile(`^(\d+) (\w{3})\w* (\d{4})`).FindStringSubmatch(s)
		switch {
		case m != nil:
			return fmt.Sprintf("%s-%02d-%02s", m[3], strings.Index("JanFebMarAprMayJunJulAugSepOctNovDec", m[2])/3, m[1])
		case s == "Never":
			return "0"
		}
		return "9"
	}
	padded := func(s string) string { return fmt.Sprintf("%6s", s) }
	grade := func(s string) string {
		return fmt.Sprint(slices.Index([]string{"High", "Medium", "Low", "To know"}, s))
	}
	fold := func(s string) string {
		return strings.NewReplacer("é", "e", "ö", "o", "á", "a", "í", "i", "ã", "a", "ø", "ø", "ü", "u", "ë", "e", "ó", "o", "ł", "ł").Replace(strings.ToLower(s))
	}
	// The page sorts ø and ł, which are letters of their own, after z.
	for _, c := range []struct {
		part, title, inside string
		number              int
		key                 func(string) string
		descendingFirst     bool
	}{
		{"findings", "Severity", ".badge", 1, grade, false},
		{"findings", "Who or what", ".name", 3, fold, false},
		{"people", "Name", ".name", 1, fold, false},
		{"people", "Type", "", 2, nil, false},
		{"people", "Status", "", 3, fold, false},
		{"people", "Last active", "", 4, date, false},
		{"people", "Seats", "", 5, padded, true},
		{"people", "Groups", "", 6, padded, true},
	} {
		header := fmt.Sprintf("#%s-part thead th:nth-child(%d)", c.part, c.number)
		if got := r.texts(header)[0]; got != c.title {
			t.Fatalf("column %d of %s is %q", c.number, c.part, got)
		}
		for click := range 2 {
			want := "ascending"
			if (click == 1) != c.descendingFirst {
				want = "descending"
			}
			if sorted := r.text(fmt.Sprintf(`document.querySelector(%q).ariaSort ?? ""`, header)); sorted == "ascending" && click == 0 && want == "ascending" {
				continue // the column by which the table is sorted to begin with
			}
			r.click(header + " button")
			if got := r.text(fmt.Sprintf(`document.querySelector(%q).ariaSort`, header)); got != want {
				t.Errorf("%s, %s: aria-sort is %s, want %s", c.part, c.title, got, want)
			}
			if n := len(r.texts(fmt.Sprintf("#%s-part th[aria-sort]", c.part))); n != 1 {
				t.Errorf("%d columns of %s say that they are sorted", n, c.part)
			}
			got := r.column(c.part, c.number, c.inside)
			keys := slices.Clone(got)
			if c.key != nil {
				for i, k := range keys {
					keys[i] = c.key(k)
				}
			} else {
				keys = slices.Compact(keys) // in the order of the codes: equal ones only have to stand together
				if slices.Sort(keys); len(slices.Compact(slices.Clone(keys))) != len(keys) {
					t.Errorf("%s, %s: equal ones are apart", c.part, c.title)
				}
				continue
			}
			if want == "descending" {
				slices.Reverse(keys)
			}
			if !slices.IsSorted(keys) || len(keys) < 100 {
				t.Errorf("%s, %s, %s: %d rows %q", c.part, c.title, want, len(keys), got[:min(len(got), 30)])
			}
		}
	}
	// Where severity is equal, the kinds keep the order of the list above, and then the names theirs.
	r.click("#findings-part thead th:nth-child(2) button")
	r.click("#findings-part thead th:nth-child(1) button")
	titles := slices.Compact(r.column("findings", 2, ""))
	if diff := cmp.Diff(r.texts(".kind h3"), titles); diff != "" {
		t.Errorf("kinds by severity (-want +got):\n%s", diff)
	}
}

func keyboard(t *testing.T, b *chromium.Browser) {
	r := openCompany(t, b, 120, chromium.Size(1200, 900))
	focused := func() string {
		return r.text(`((e) => (e.ariaLabel || e.closest("label")?.textContent || e.textContent).trim())(document.activeElement)`)
	}
	r.do(chromedp.KeyEvent(kb.Tab))
	if got := focused(); got != "Skip to the content" {
		t.Errorf("the first stop is %q", got)
	}
	r.do(chromedp.KeyEvent(kb.Enter))
	// From one stop to the next through the whole page: each is seen, and nothing is a trap.
	var stops []string
	for range 400 {
		r.do(chromedp.KeyEvent(kb.Tab))
		if value[bool](r, `document.activeElement === document.body`) {
			break
		}
		stops = append(stops, focused())
		if value[bool](r, `getComputedStyle(document.activeElement).outlineStyle === "none"`) {
			t.Errorf("%q has the focus and does not show it", focused())
		}
		if n := len(stops); n > 60 && stops[n-1] == "of 1" {
			break
		}
	}
	all := strings.Join(stops, "\n")
	for _, want := range []string{"Show all", "Tool call for all of them", "Search", "Kind of finding", "Clear filters", "Severity", "Findings", "Details of "} {
		if !strings.Contains(all, want) {
			t.Errorf("no stop is %q: %q", want, stops)
		}
	}
	if len(stops) < 60 {
		t.Errorf("only %d stops", len(stops))
	}
	value[bool](r, `(document.querySelector("#findings-part thead th:nth-child(3) button").focus(), true)`)
	r.do(chromedp.KeyEvent(kb.Enter))
	if got := r.text(`document.querySelector("#findings-part thead th:nth-child(3)").ariaSort`); got != "ascending" {
		t.Errorf("enter sorts %s", got)
	}
	r.do(chromedp.KeyEvent(" "))
	if got := r.text(`document.querySelector("#findings-part thead th:nth-child(3)").ariaSort`); got != "descending" {
		t.Errorf("space sorts %s", got)
	}
}

func filters(t *testing.T, b *chromium.Browser) {
	c := sample.New(800)
	r := openFile(t, b, saved(t, c.Header, c.People(), c.Others()))
	const search, kind = "#findings-part input[type=search]", "#findings-part label:nth-of-type(2) select"
	total, count := 0, map[string]int{}
	grades, anna := map[string]int{}, 0
	for p := range c.People() {
		for _, f := range p.Findings {
			total++
			count[f.Code]++
			grades[f.Severity]++
			if strings.Contains(p.Name, "Anna") && f.Code == "dormant" {
				anna++
			}
		}
	}
	for f := range c.Others() {
		total++
		count[f.Code]++
		grades[f.Severity]++
	}
	all := fmt.Sprintf(" of %d", total)
	said := func(n int) string {
		if n == 1 {
			return "1 finding" + all
		}
		return fmt.Sprintf("%d findings%s", n, all)
	}
	for i, k := range r.texts(".kind h3") {
		r.click(fmt.Sprintf(".kind:nth-child(%d) a[data-kind]", i+1))
		code := r.text(fmt.Sprintf(`document.querySelector(".kind:nth-child(%d) a[data-kind]").dataset.kind`, i+1))
		r.says(kind, said(count[code]))
		if shown := slices.Compact(r.column("findings", 2, "")); len(shown) != 1 || shown[0] != k {
			t.Errorf("asked for %q, it shows %q", k, shown)
		}
		if marked := r.text(fmt.Sprintf(`document.querySelector(%q).selectedOptions[0].textContent`, kind)); marked != k {
			t.Errorf("the choice of kinds shows %q", marked)
		}
	}
	r.click("#findings-part .controls button")
	r.says(search, fmt.Sprintf("%d findings, showing 1 to 50", total))
	r.set(search, "ANNA active for", said(anna))
	r.set(search, "no such word", "0 findings"+all)
	if got := r.texts("#findings-part tbody"); !strings.Contains(got[0], "No finding matches") {
		t.Errorf("nothing is shown as %q", got)
	}
	r.set(search, "", fmt.Sprintf("%d findings,", total))
	r.click("#findings-part .checks input[value='3']")
	r.click("#findings-part .checks input[value='1']")
	r.says(search, said(grades["high"]+grades["low"]))
	r.set("#findings-part label:nth-of-type(3) select", "Organization administrator", said(count["admin_not_in_roster"]))
}

func filtersPeople(t *testing.T, b *chromium.Browser) {
	c := sample.New(800)
	r := openFile(t, b, saved(t, c.Header, c.People(), c.Others()))
	const search = "#people-part input[type=search]"
	field := func(label string) string {
		n := value[int](r, fmt.Sprintf(`[...document.querySelectorAll("#people-part .controls > *")].findIndex((e) => e.textContent.startsWith(%q)) + 1`, label))
		return fmt.Sprintf("#people-part .controls > :nth-child(%d) select", n)
	}
	option := func(label, text string) string {
		return r.text(fmt.Sprintf(`[...document.querySelector(%q).options].find((o) => o.textContent === %q).value`, field(label), text))
	}
	count := func(test func(webpage.Person) bool) string {
		n := 0
		for p := range c.People() {
			if test(p) {
				n++
			}
		}
		if n == 1 {
			return "1 person of 800"
		}
		return fmt.Sprintf("%d people of 800", n)
	}
	day := func(p webpage.Person) int64 { return p.LastActive.Unix() / 86400 }
	today := sample.At.Unix() / 86400
	for _, step := range []struct {
		label, option string
		test          func(webpage.Person) bool
	}{
		{"Type", "App or bot", func(p webpage.Person) bool { return p.Type == "app" }},
		{"Status", "Deactivated", func(p webpage.Person) bool { return p.Status == "deactivated" }},
		{"Last active", "Never", func(p webpage.Person) bool { return p.NeverActive }},
		{"Last active", "Not known", func(p webpage.Person) bool { return !p.NeverActive && p.LastActive.IsZero() }},
		{"Last active", "Not for 180 days", func(p webpage.Person) bool { return !p.LastActive.IsZero() && day(p) <= today-180 }},
		{"Holds a seat of", "Confluence", func(p webpage.Person) bool { return slices.Contains(p.Products, "Confluence") }},
	} {
		r.set(field(step.label), option(step.label, step.option), count(step.test))
		r.click("#people-part .controls button")
		r.says(search, "800 people, showing 1 to 50")
	}
	r.set(search, "release-managers", count(func(p webpage.Person) bool {
		return slices.ContainsFunc(p.Groups, func(g string) bool { return strings.Contains(g, "release-managers") })
	}))
	r.set(search, "zoe bjork", count(func(p webpage.Person) bool { return p.Name == "Zoë Björk" || strings.HasPrefix(p.Email, "zoe.bjork") }))
	r.set(search, "", "800 people,")
	r.click("#people-part .check input")
	r.says(search, count(func(p webpage.Person) bool { return len(p.Findings) > 0 }))
}

func opens(t *testing.T, b *chromium.Browser) {
	person := webpage.Person{
		AccountID: "712020:abc", Name: "Anna Schmidt", Email: "anna@acme.example", EmailSource: "scim", Type: "atlassian", Active: true, Managed: true, Roles: []string{"Site administrator"},
		Products: []string{"Jira"}, Groups: []string{"engineering"}, Sources: []string{"jira", "scim"}, LastActive: sample.At.AddDate(0, 0, -100),
		Findings: []webpage.Finding{{
			Code: "dormant", Severity: "medium", Detail: "Anna Schmidt was not active for 100 days.", Evidence: []webpage.Fact{{Source: "organization", Text: "last active on 15 August 2026"}, {Source: "jira", Text: "seat of Jira"}},
			Call: `{"tool":"offboard_user","arguments":{"user":"712020:abc"}}`,
		}},
	}
	h := webpage.Header{Started: sample.At, Kinds: []webpage.Kind{{Code: "dormant", Severity: "medium", Title: "Dormant", Advice: "Take the seat back.", Owner: "Jira administrator", Count: 1}}}
	r := openFile(t, b, saved(t, h, each(person), each[webpage.Finding]()))
	more := "#findings-part tbody button.more"
	r.click(more)
	got := r.texts("#findings-part tr.detail")
	if len(got) != 1 || r.text(fmt.Sprintf(`document.querySelector(%q).ariaExpanded`, more)) != "true" {
		t.Fatalf("opened: %q", got)
	}
	for _, want := range []string{"Atlassian organization", "last active on 15 August 2026", "seat of Jira", "Take the seat back.", "Who must act: Jira administrator", `"user": "712020:abc"`} {
		if !strings.Contains(got[0], want) {
			t.Errorf("the finding does not say %q: %q", want, got[0])
		}
	}
	value[bool](r, `(Object.defineProperty(navigator, "clipboard", {value: {writeText: async (text) => { window.copied = text; }}}), true)`)
	r.click("#findings-part tr.detail .call button")
	r.wait(`window.copied`)
	if diff := cmp.Diff("{\n  \"tool\": \"offboard_user\",\n  \"arguments\": {\n    \"user\": \"712020:abc\"\n  }\n}", r.text(`window.copied`)); diff != "" {
		t.Errorf("copied (-want +got):\n%s", diff)
	}
	r.wait(`[...document.querySelectorAll("[role=status]")].some((e) => e.textContent === "Copied")`)
	r.click("#findings-part tr.detail a")
	r.says("#people", "1 person")
	detail := strings.Join(r.texts("#people-part tr.detail"), "")
	for _, want := range []string{"Anna Schmidt was not active", "engineering", "Site administrator", "712020:abc", "E-mail known fromUser provisioning (SCIM)", "Managed by the organizationyes", "Known toJira, User provisioning (SCIM)"} {
		if !strings.Contains(detail, want) {
			t.Errorf("the person does not show %q: %q", want, detail)
		}
	}
	if got := r.column("people", 4, ""); got[0] != "15 Aug 2026"+"100 days before" && got[0] != "15 Aug 2026"+"3 months before" {
		t.Errorf("last active: %q", got)
	}
	r.click(more)
	if n := len(r.texts("#findings-part tr.detail")); n != 0 {
		t.Errorf("%d details after closing", n)
	}
}

func turns(t *testing.T, b *chromium.Browser) {
	r := openCompany(t, b, 120)
	const part = "#people-part "
	r.says(part+"input", "120 people, showing 1 to 50")
	first := r.column("people", 1, ".name")
	r.click(part + "[data-step='1']")
	r.says(part+"input", "120 people, showing 51 to 100")
	if slices.Equal(first, r.column("people", 1, ".name")) {
		t.Error("the second page shows the same people")
	}
	r.click(part + "[data-step='1']")
	r.says(part+"input", "120 people, showing 101 to 120")
	if !value[bool](r, `document.querySelector("#people-part [data-step='1']").disabled`) {
		t.Error("there is a page after the last")
	}
	for page, said := range map[string]string{"99": "120 people, showing 101", "-5": "120 people, showing 1 to", "2": "120 people, showing 51"} {
		r.set(part+"input[type=number]", page, said)
	}
	r.set(part+".foot select", "250", "120 people, showing 1 to 120")
}

func prints(t *testing.T, b *chromium.Browser) {
	r := openCompany(t, b, 900)
	pdf, err := chromium.Get(r.Tab, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
	if err != nil {
		t.Fatal(err)
	}
	pages := len(regexp.MustCompile(`/Type\s*/Page\b[^s]`).FindAll(pdf, -1))
	if !strings.HasPrefix(string(pdf), "%PDF-") || pages < 5 || pages > 20 {
		t.Errorf("%d pages in %d bytes", pages, len(pdf))
	}
	// Printing has made the list, and it is as long as it says.
	if n := len(r.texts("#printed tbody tr")); n != 200 {
		t.Errorf("%d rows are printed", n)
	}
	if said := r.texts("#printed p")[0]; !strings.Contains(said, "The first 200 are printed; all are in the file.") {
		t.Errorf("it says %q", said)
	}
	if n := len(slices.Compact(r.texts("#printed tbody tr:nth-child(-n+5) td:nth-child(2)"))); n != 1 || r.texts("#printed tbody td:nth-child(2)")[0] != "High" {
		t.Error("the most severe are not first")
	}
	r.do(emulate(emulation.SetEmulatedMediaParams{Media: "print"}))
	for _, there := range []string{".lead", ".kind", "#chart-severity", "#printed", ".sign", ".sources"} {
		if value[bool](r, fmt.Sprintf(`document.querySelector(%q).getClientRects().length === 0`, there)) {
			t.Errorf("%s is not printed", there)
		}
	}
	if seen := value[int](r, `[...document.querySelectorAll(".screen, nav, button, input")].filter((e) => e.getClientRects().length > 0).length`); seen > 0 {
		t.Errorf("%d things are printed that are of no use on paper", seen)
	}
	if lines := r.texts(".sign .lines span"); !slices.Equal(lines, []string{"Reviewer", "Role", "Date", "Signature"}) {
		t.Errorf("lines to sign: %q", lines)
	}
	// What the filter shows is what is printed.
	r.set("#findings-part label:nth-of-type(2) select", "0", "")
	value[bool](r, `(window.dispatchEvent(new Event("beforeprint")), true)`)
	if titles := slices.Compact(r.texts("#printed tbody td:nth-child(3)")); len(titles) != 1 || !strings.Contains(r.texts("#printed p")[0], "as filtered") {
		t.Errorf("printed: %q, and it says %q", titles, r.texts("#printed p")[0])
	}
}

func emulate(p emulation.SetEmulatedMediaParams) chromium.Action {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, p)
		return err
	})
}

func withoutScripts(t *testing.T, b *chromium.Browser) {
	c := sample.New(400)
	off := chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
	r := &report{b.Open(t, saved(t, c.Header, c.People(), c.Others()), off), t}
	shown, err := chromium.Get(r.Tab, chromedp.Text(chromedp.CSS("main")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"can’t wait", "People who can sign in", "Left the company, but can still sign in", "Seats by product", "need JavaScript", "What could not be seen"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if len(r.Requests()) > 0 || len(r.Problems()) > 0 {
		t.Errorf("requests %q, problems %q", r.Requests(), r.Problems())
	}
}

func cutOff(t *testing.T, b *chromium.Browser) {
	c := sample.New(3000)
	page := written(t, c.Header, c.People(), c.Others())
	at := strings.Index(page, `id="data">`)
	for name, short := range map[string]string{
		"in the middle":       page[:at+(strings.Index(page[at:], "<")/8)*4] + page[at+strings.Index(page[at:], "<"):],
		"before the data":     page[:at+len(`id="data">`)] + page[at+strings.Index(page[at:], "<"):],
		"altered in one byte": page[:at+2000] + "AAAAAAAA" + page[at+2008:],
	} {
		path := filepath.Join(t.TempDir(), "short.html")
		if err := os.WriteFile(path, []byte(short), 0o600); err != nil {
			t.Fatal(err)
		}
		r := openFile(t, b, path)
		if state, said := r.text(`document.documentElement.dataset.state`), r.texts("[role=alert]"); state != "failed" || len(said) != 2 || !strings.Contains(said[0], "not complete") && !strings.Contains(said[0], "altered") {
			t.Errorf("%s: %s, %q", name, state, said)
		}
	}
}

func nothing(t *testing.T, b *chromium.Browser) {
	r := openFile(t, b, saved(t, webpage.Header{}, each[webpage.Person](), each[webpage.Finding]()))
	r.says("#people", "0 people")
	r.says("#findings", "0 findings")
	r.set("#people-part input[type=search]", "anybody", "0 people")
}

// More texts than the dictionary takes, over more blocks than one.
func longTexts(t *testing.T, b *chromium.Browser) {
	const people = 20_000
	everybody := func(yield func(webpage.Person, error) bool) {
		for i := range people {
			f := webpage.Finding{Code: "c", Severity: "high", Detail: fmt.Sprintf("Seen %d times at %d.", i, i*i)}
			if !yield(webpage.Person{AccountID: fmt.Sprintf("account-%05d", i), Name: "Somebody", Findings: []webpage.Finding{f}}, nil) {
				return
			}
		}
	}
	r := openFile(t, b, saved(t, webpage.Header{}, everybody, each(webpage.Finding{Code: "c", Subject: "a group", Detail: "Empty."})))
	for _, i := range []int{0, 1999, 2000, 16_383, 16_384, 19_999} {
		r.set("#findings-part input[type=search]", fmt.Sprintf("account-%05d", i), "1 finding of 20,001")
		if got := r.column("findings", 4, ""); got[0] != fmt.Sprintf("Seen %d times at %d.", i, i*i) {
			t.Errorf("%d: %q", i, got)
		}
		r.set("#findings-part input[type=search]", fmt.Sprintf("seen %d times", i), "1 finding of 20,001")
		r.set("#findings-part input[type=search]", "", "20,001 findings")
	}
	r.set("#findings-part input[type=search]", "a group empty", "1 finding of 20,001")
}
