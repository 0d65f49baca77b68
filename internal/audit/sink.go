package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
)

// rowGroups is how many groups a row of the answer names; the report names all.
const rowGroups = 20

// sink takes the joined accounts one by one, judges them, writes the report and keeps what the answer holds.
type sink struct {
	options Options
	rules   rules
	groups  groupNames
	files   *files

	counts   Counts
	pages    Pages
	users    []Row
	findings tally

	unlistedMembers int // accounts in groups that the list of accounts did not have
	corrupted       int // memberships of records without an account id
}

func newSink(dir string, o Options, read collected, r rules) (*sink, error) {
	f, err := createFiles(dir)
	if err != nil {
		return nil, fmt.Errorf("create the report: %w", err)
	}
	return &sink{
		options: o, rules: r, groups: newGroupNames(read.groups), files: f, pages: read.pages,
		counts: Counts{ByAccountType: map[string]int{}, Groups: len(read.groups)},
		users:  []Row{}, findings: newTally(o.limit()),
	}, nil
}

// row takes one account, the numbers of its groups and its SCIM users.
func (s *sink) row(a account, numbers []int, users []scimUser, same sameName) error {
	s.counts.SCIMUsers += len(users)
	if !s.options.covers(a.kind) {
		return nil
	}
	j := joined{account: a, groups: s.groups.of(numbers), scim: users, same: same}
	row := j.row()
	for _, f := range s.rules.judge(j) {
		row.Findings = append(row.Findings, f.Code)
		if err := s.found(f); err != nil {
			return err
		}
	}
	s.count(row)
	if err := s.files.row(row); err != nil {
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
func (s *sink) unlisted(id []byte, numbers []int, users []scimUser) error {
	switch {
	case len(numbers) == 0:
	case string(id) == unknownID:
		s.corrupted += len(numbers)
	default:
		s.unlistedMembers++
	}
	s.counts.SCIMUsers += len(users)
	for _, u := range users {
		if err := s.stray(orphan(u)); err != nil {
			return err
		}
	}
	return nil
}

// unlinked takes a SCIM user without an account, whose e-mail that many accounts show.
func (s *sink) unlinked(u scimUser, matches int) error {
	s.counts.SCIMUsers++
	return s.stray(unlinked(u, matches))
}

// stray takes a finding on a SCIM user, which is about people whatever Jira would call the account.
func (s *sink) stray(f Finding) error {
	if !s.options.covers(typeAtlassian) {
		return nil
	}
	return s.found(f)
}

func (s *sink) found(f Finding) error {
	s.findings.add(f)
	return s.files.finding(f)
}

// result is the answer, once the last account was taken. The report, its times and its place are yet to be filled in.
func (s *sink) result(notes []string) Result {
	if s.unlistedMembers > 0 {
		notes = append(notes, fmt.Sprintf("Accounts in groups that were not in the list of accounts, such as those that came or went while the audit ran: %d. They are not in the report.", s.unlistedMembers))
	}
	if s.corrupted > 0 {
		notes = append(notes, fmt.Sprintf("Memberships of corrupted records without an account id, which can't be told apart: %d.", s.corrupted))
	}
	if len(s.options.AccountTypes) > 0 {
		notes = append(notes, fmt.Sprintf("Only accounts of type %s are counted and reported.", strings.Join(s.options.AccountTypes, ", ")))
	}
	s.counts.ByFinding, s.counts.BySeverity = s.findings.byCode, s.findings.bySeverity
	return Result{
		Counts: s.counts, Findings: s.findings.sample(), Users: s.users, Notes: append([]string{}, notes...), Pages: s.pages,
		Report: Report{Rows: s.counts.Total, Findings: s.findings.total},
	}
}

func (s *sink) flush() error { return s.files.flush() }
func (s *sink) close() error { return s.files.close() }

// The sources of an e-mail.
const (
	sourceJira   = "jira"
	sourceSCIM   = "scim"
	sourceHidden = "hidden"
)

// row gives the report's row of an account, without its findings.
func (j joined) row() Row {
	r := Row{
		AccountID: j.id, DisplayName: j.name, Email: j.email, EmailSource: sourceJira, AccountType: j.kind, Active: j.active,
		Groups: j.groups, GroupCount: len(j.groups), Findings: []Code{},
	}
	if len(j.scim) > 0 {
		u := j.provisioned()
		r.SCIM = &SCIMRef{ID: u.id, UserName: u.userName, Active: u.active}
	}
	if r.Email == "" {
		if r.Email, r.EmailSource = j.scimEmail(), sourceSCIM; r.Email == "" {
			r.EmailSource = sourceHidden
		}
	}
	return r
}

// groupNames turns the numbers of groups into names.
type groupNames struct {
	names []string // sorted
	rank  []int    // place in names, by number
}

func newGroupNames(groups []jira.Group) groupNames {
	byName := make([]int, len(groups))
	for i := range byName {
		byName[i] = i
	}
	slices.SortFunc(byName, func(a, b int) int {
		return cmp.Or(strings.Compare(groups[a].Name, groups[b].Name), strings.Compare(groups[a].ID, groups[b].ID))
	})
	g := groupNames{names: make([]string, len(groups)), rank: make([]int, len(groups))}
	for i, number := range byName {
		g.names[i], g.rank[number] = groups[number].Name, i
	}
	return g
}

// of gives the sorted names of groups; the result is the caller's.
func (g groupNames) of(numbers []int) []string {
	names := make([]string, len(numbers))
	for i, n := range numbers {
		numbers[i] = g.rank[n]
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		names[i] = g.names[n]
	}
	return names
}
