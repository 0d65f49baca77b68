package audit

import (
	"fmt"
	"strings"
)

// rowGroups is how many groups a row of the answer names; the report names all.
const rowGroups = 20

// sink takes the joined accounts one by one, judges them, writes the report and keeps what the answer holds.
type sink struct {
	options Options
	rules   rules
	groups  *groupTable
	sorted  []*group // those that Jira lists, by name
	seats   *seats
	pen     *pen

	counts   Counts
	pages    Pages
	users    []Row
	findings tally
	people   int // active ones of the site, whatever was asked for

	incomparable int // active people who may be any of the roster's

	unlistedMembers int // accounts in groups that the list of accounts did not have
	corrupted       int // memberships of records without an account id
	exportRows      int // of people who have others
	rosterRows      int // likewise
}

func newSink(dir string, o Options, read *collected, r rules) (*sink, error) {
	f, err := createFiles(dir)
	if err != nil {
		return nil, fmt.Errorf("create the report: %w", err)
	}
	s := &sink{
		options: o, rules: r, groups: read.groups, sorted: read.groups.sorted(), seats: newSeats(read), pen: newPen(f), pages: read.pages,
		counts: Counts{ByAccountType: map[string]int{}, BySource: map[string]int{}},
		users:  []Row{}, findings: newTally(o.limit()),
	}
	s.counts.Groups, s.rules.seats = len(s.sorted), s.seats.known
	for name, is := range r.sources() {
		if is {
			s.counts.BySource[name] = 0
		}
	}
	return s, nil
}

// row takes one account with all that is known of it.
func (s *sink) row(j *joined) error {
	s.repeated(j)
	s.counts.SCIMUsers += len(j.scim)
	j.in = s.groups.of(j.numbers)
	j.groups = namesOf(j.in)
	s.see(j)
	s.know(j.sources())
	if !s.options.covers(j.kind) {
		return nil
	}
	row := j.row()
	found := s.rules.judge(*j)
	for _, f := range found {
		row.Findings = append(row.Findings, f.Code)
		if err := s.found(f, j.weight()); err != nil {
			return err
		}
	}
	s.seats.add(row.Seats, s.rules.reclaimable(j, found))
	s.count(row)
	if err := s.pen.row(row); err != nil {
		return err
	}
	if len(s.users) < s.options.limit() {
		if len(row.Groups) > rowGroups {
			row.Groups = row.Groups[:rowGroups:rowGroups]
		}
		s.users = append(s.users, row)
	}
	return nil
}

// weight says how much access an account has: more of it is looked at first.
func (j *joined) weight() int { return len(j.in) + mostGroups*len(j.adminGroups()) }

// know counts a person for each source that knows them.
func (s *sink) know(sources []string) {
	for _, name := range sources {
		s.counts.BySource[name]++
	}
}

// repeated counts the rows of files that one person has beside the first.
func (s *sink) repeated(j *joined) {
	s.exportRows += j.exportRows
	s.rosterRows += j.rosterRows
}

// see counts an account in its groups.
func (s *sink) see(j *joined) {
	person := j.active && j.person()
	if person {
		s.people++
	}
	last, known := j.lastActive()
	for _, g := range j.in {
		g.members++
		switch {
		case !person:
			continue
		case s.rules.cutoff > 0 && !known:
			g.unknown++
		case last.at >= s.rules.cutoff:
			g.recent++
		}
		g.active++
	}
}

func (s *sink) count(row Row) {
	c := &s.counts
	c.Total++
	c.ByAccountType[row.AccountType]++
	c.Memberships += row.GroupCount
	for _, is := range []struct {
		so bool
		n  *int
	}{
		{row.Active, &c.Active},
		{!row.Active, &c.Inactive},
		{row.EmailSource != sourceJira, &c.HiddenEmail},
		{row.EmailSource == sourceSCIM, &c.EmailFromSCIM},
		{row.GroupCount == 0, &c.WithoutGroups},
		{row.SCIM != nil, &c.InSCIM},
	} {
		if is.so {
			*is.n++
		}
	}
}

// unlisted takes what belongs to an account id that the list of accounts did not have.
func (s *sink) unlisted(id []byte, j *joined) error {
	s.repeated(j)
	j.in = s.groups.of(j.numbers)
	for _, g := range j.in {
		g.members++
	}
	switch {
	case len(j.numbers) == 0:
	case string(id) == unknownID:
		s.corrupted += len(j.numbers)
	default:
		s.unlistedMembers++
	}
	s.counts.SCIMUsers += len(j.scim)
	for _, u := range j.scim {
		if err := s.stray(orphan(u)); err != nil {
			return err
		}
	}
	s.know(j.sources())
	j.id, j.kind = string(id), typeAtlassian
	for _, f := range s.rules.elsewhere(j) {
		if err := s.stray(f); err != nil {
			return err
		}
	}
	return nil
}

// stranger takes somebody whom no account shows.
func (s *sink) stranger(o stranger) error {
	s.know(o.sources())
	if f, is := o.judge(s.incomparable); is {
		return s.stray(f)
	}
	return nil
}

// sprawl takes the groups, once every account was taken.
func (s *sink) sprawl() error {
	if len(s.options.AccountTypes) > 0 {
		return nil
	}
	for _, f := range s.rules.sprawl(s.sorted, s.people) {
		if err := s.found(f, 0); err != nil {
			return err
		}
	}
	return nil
}

// unlinked takes a SCIM user without an account, whose e-mail that many accounts show.
func (s *sink) unlinked(u scimUser, matches int) error {
	s.counts.SCIMUsers++
	s.know([]string{sourceSCIM})
	return s.stray(unlinked(u, matches))
}

// stray takes a finding on a SCIM user, which is about people whatever Jira would call the account.
func (s *sink) stray(f Finding) error {
	if !s.options.covers(typeAtlassian) {
		return nil
	}
	return s.found(f, 0)
}

func (s *sink) found(f Finding, weight int) error {
	s.findings.add(f, weight)
	return s.pen.finding(f)
}

// result is the answer, once the last account was taken. The report, its times and its place are yet to be filled in.
func (s *sink) result(notes []string) Result {
	if s.unlistedMembers > 0 {
		notes = append(notes, fmt.Sprintf("Accounts in groups that were not in the list of accounts, such as those that came or went while the audit ran: %d. They are not in the report.", s.unlistedMembers))
	}
	if s.corrupted > 0 {
		notes = append(notes, fmt.Sprintf("Memberships of corrupted records without an account id, which can't be told apart: %d.", s.corrupted))
	}
	if s.exportRows > 0 {
		notes = append(notes, fmt.Sprintf("Export: rows of people who have another row there, which were put together: %d.", s.exportRows))
	}
	if s.rosterRows > 0 {
		notes = append(notes, fmt.Sprintf("Roster: rows of people who have another row there, of which one that is not marked as left counts: %d.", s.rosterRows))
	}
	if len(s.options.AccountTypes) > 0 {
		notes = append(notes, fmt.Sprintf("Only accounts of type %s are counted and reported.", strings.Join(s.options.AccountTypes, ", ")))
	}
	s.counts.ByFinding, s.counts.BySeverity = s.findings.byCode, s.findings.bySeverity
	return Result{
		Counts: s.counts, Findings: s.findings.sample(), Users: s.users, Seats: s.seats.list(), Notes: append([]string{}, notes...), Pages: s.pages,
		InactiveDays: s.rules.window, Report: Report{Rows: s.counts.Total, Findings: s.findings.total},
	}
}

func (s *sink) flush() error { return s.pen.flush() }
func (s *sink) close() error { return s.pen.close() }
