package webpage

import "time"

// Header is what a report says as a whole. Texts may come from anywhere; all of them are cleaned and escaped. Everything but ID and Started may be left zero.
type Header struct {
	ID                string // of the report
	Site              string // address or name of the site
	Organization      string // name or id of the organization
	Started, Finished time.Time

	People      int // accounts of every type
	CanSignIn   int // those of them that are people's, active, and not suspended
	Findings    int
	DormantDays int // after how many days without activity somebody counts as dormant; 0 = not looked at

	Types      []Count  // people by account type
	Severities []Count  // findings by severity
	Activity   Activity // people by when they were last active
	Seats      []Seat   // by product
	Figures    []Figure // headline figures besides the usual ones; the first four are shown
	Kinds      []Kind   // what was found, a kind of finding each
	Sources    []Source // what was read, and what was not
	Notes      []string // what could not be seen or checked
}

// Count is how many there are of something: of an account type, of a severity.
type Count struct {
	Name string
	N    int
}

// Figure is a headline figure.
type Figure struct {
	Label string // what is counted, in a few words
	Value int
	Hint  string // a short sentence below it; may be empty
}

// Seat is how the seats of a product are used.
type Seat struct {
	Product, Key string
	Used         int
	Limit        int // 0 = unlimited, or not known
	Reclaimable  int // of those used: held by people who don't use them
}

// Source is a place that people were read from.
type Source struct {
	Name    string // jira, scim, organization, export or roster
	Read    bool
	Records int
	Detail  string // which one it was, or why it was not read
}

// Kind is a kind of finding: what a manager decides upon first.
type Kind struct {
	Code, Severity string // the highest severity of its findings
	Title          string // in plain words; "" = made from the code
	Why            string // why it matters
	Advice         string // what to do
	Owner          string // who must act, as "Jira administrator"
	Count          int
	Call           string // tool call for all of the kind, ready to send; "" = none
}

// Person is a row of the people.
type Person struct {
	AccountID, Name, Email string
	EmailSource            string // jira, scim, organization, export or roster; "" or hidden = not known
	Type                   string // atlassian, app, customer or unknown
	Status                 string // in a word; "" = active or inactive
	Active                 bool   // whether the account may sign in
	Managed                bool   // whether the organization manages the account

	LastActive  time.Time // zero = not known
	NeverActive bool      // known never to have been active

	Products []string // whose seats the person holds
	Roles    []string
	Groups   []string
	Sources  []string // that know the person
	Findings []Finding
}

// Finding is one thing to look at.
type Finding struct {
	Code, Severity string
	Subject        string // what it is about, where that is no person
	Detail         string // what was found
	Evidence       []Fact
	Advice         string // what to do, where that differs from the kind's
	Call           string // tool call that would mend it, ready to send; "" = none
}

// Fact is a piece of evidence and the source that said so.
type Fact struct{ Source, Text string }

// Activity counts people by the weeks since they were last active.
type Activity struct {
	Weeks   [weeks]int // 0 = the last seven days, the last = a year and more
	Never   int        // known never to have been active
	Unknown int        // nothing says when
}

const weeks = 53

// Add counts a person at the time of the report. A zero lastActive is not known, unless never says that there was none.
func (a *Activity) Add(lastActive time.Time, never bool, at time.Time) {
	switch {
	case never:
		a.Never++
	case lastActive.IsZero():
		a.Unknown++
	default:
		// What is said to have happened after the report did so in its last week.
		age := max(0, at.Sub(lastActive))
		a.Weeks[min(int(age/(7*24*time.Hour)), weeks-1)]++
	}
}

// known is how many people have a time of last activity.
func (a *Activity) known() int {
	sum := 0
	for _, n := range a.Weeks {
		sum += n
	}
	return sum
}
