package audit

import (
	"cmp"
	"errors"
	"iter"
	"slices"
	"strings"
)

// ChangeKind says what kind of thing changed between two reports. The values are part of the contract.
type ChangeKind string

// The kinds of changes.
const (
	NewAccount   ChangeKind = "new_account"
	GoneAccount  ChangeKind = "gone_account"
	StatusChange ChangeKind = "status"
	AdminChange  ChangeKind = "admin"
	RoleChange   ChangeKind = "roles"
	GroupChange  ChangeKind = "groups"
	SeatChange   ChangeKind = "seats"
	EmailChange  ChangeKind = "email"
	NameChange   ChangeKind = "name"
	NewFinding   ChangeKind = "new_finding"
	FixedFinding ChangeKind = "fixed_finding"
)

// Change is one thing that is different in the later of two reports.
type Change struct {
	Kind      ChangeKind `json:"kind" jsonschema:"new_account, gone_account, status, admin, roles, groups, seats, email, name, new_finding or fixed_finding"`
	AccountID string     `json:"account_id" jsonschema:"the account; empty where there is none"`
	Name      string     `json:"display_name" jsonschema:"name of the account or the group"`
	Email     string     `json:"email,omitempty" jsonschema:"e-mail, where it is known"`
	Source    string     `json:"source,omitempty" jsonschema:"who says so: jira, scim, organization, export or roster"`
	Before    string     `json:"before,omitempty" jsonschema:"what the earlier report has"`
	After     string     `json:"after,omitempty" jsonschema:"what the later report has"`
	Added     []string   `json:"added,omitempty" jsonschema:"roles, groups or seats that are new"`
	Removed   []string   `json:"removed,omitempty" jsonschema:"roles, groups or seats that are gone"`
	Code      Code       `json:"code,omitempty" jsonschema:"kind of the finding"`
	Severity  Severity   `json:"severity,omitempty" jsonschema:"of the finding"`
	Detail    string     `json:"detail,omitempty" jsonschema:"of the finding"`
	GroupID   string     `json:"group_id,omitempty" jsonschema:"the group, of a finding about one"`
}

// basis is what two reports have in common: what only one of them read has not changed, it was not known.
type basis struct {
	before, after map[string]bool // sources that each read
	sameWindow    bool            // the same days make a seat dormant
	uncompared    *int            // counts accounts of which one report could not tell whether the roster has them; may be nil
}

// both reports whether both reports read a source.
func (b basis) both(source string) bool { return b.before[source] && b.after[source] }

// alike reports whether both reports read a source, or neither did.
func (b basis) alike(source string) bool { return b.before[source] == b.after[source] }

// swayedBy says which sources make or unmake a finding of a kind by what they tell or leave out, beside those in its evidence: an export with a later date makes a seat
// no longer dormant, and leaves no trace. A kind is compared only where both reports read such a source, or neither did.
var swayedBy = map[Code][]string{
	DormantSeat:           {sourceOrganization, sourceExport},
	NeverActive:           {sourceOrganization, sourceExport},
	UnusedGroup:           {sourceOrganization, sourceExport},
	OrganizationAdmin:     {sourceOrganization, sourceExport},
	SiteAdmin:             {sourceOrganization},
	AppInAdminGroup:       {sourceOrganization},
	AdminNotInRoster:      everyOther, // an address that any of them knows finds the row of the roster
	ActiveLeaver:          everyOther,
	PastLastDay:           everyOther,
	SuspendedButActive:    everyOther,
	NotComparedWithRoster: everyOther,
	JoinerWithoutAccount:  everyOther,
	NotInJira:             everyOther,
	LeaverToken:           {sourceOrganization, sourceRoster},
	OldToken:              {sourceOrganization, sourceRoster}, // of a leaver it is another finding
	UnmanagedExternal:     {sourceSCIM, sourceOrganization},   // which tell whose account it is, and whose domain
}

var everyOther = []string{sourceSCIM, sourceOrganization, sourceExport, sourceRoster}

// told reports whether a finding that one report has could be in the other, which read these sources.
func (b basis) told(f Finding, other map[string]bool) bool {
	if !b.sameWindow && (f.Code == DormantSeat || f.Code == NeverActive || f.Code == UnusedGroup) {
		return false
	}
	if slices.ContainsFunc(swayedBy[f.Code], func(source string) bool { return !b.alike(source) }) {
		return false
	}
	return !slices.ContainsFunc(f.Evidence, func(e Evidence) bool { return !other[e.Source] })
}

var errOrder = errors.New("the rows of a report are not in order")

// diffRows walks the rows of two reports, both ordered by account id, side by side and gives what changed, by account id. Records without an id of
// their own are passed over, since they can't be told apart.
func diffRows(before, after iter.Seq2[Row, error], b basis) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		old, now := pull(before), pull(after)
		defer old.stop()
		defer now.stop()
		for old.ok || now.ok {
			var changes []Change
			switch order := strings.Compare(old.row.AccountID, now.row.AccountID); {
			case !now.ok, old.ok && order < 0:
				changes = []Change{change(GoneAccount, old.row)}
				old.next()
			case !old.ok, order > 0:
				changes = []Change{change(NewAccount, now.row)}
				now.next()
			default:
				changes = b.changes(old.row, now.row)
				old.next()
				now.next()
			}
			for _, c := range changes {
				if !yield(c, nil) {
					return
				}
			}
		}
		if err := firstError(old.err, now.err); err != nil {
			yield(Change{}, err)
		}
	}
}

// puller takes the rows of a report one by one, up to an error.
type puller struct {
	pull func() (Row, error, bool)
	stop func()
	row  Row
	ok   bool
	err  error
}

func pull(rows iter.Seq2[Row, error]) *puller {
	p := &puller{}
	p.pull, p.stop = iter.Pull2(rows)
	p.next()
	return p
}

func (p *puller) next() {
	last := p.row.AccountID
	for {
		row, err, ok := p.pull()
		if p.row, p.err, p.ok = row, err, ok && err == nil; !p.ok || row.AccountID != unknownID {
			break
		}
	}
	if p.ok && last != "" && p.row.AccountID <= last {
		p.ok, p.err = false, errOrder
	}
}

// changes gives what is different in the row of one account.
func (b basis) changes(old, now Row) []Change {
	var all []Change
	add := func(kind ChangeKind, fill func(*Change)) {
		c := change(kind, now)
		fill(&c)
		all = append(all, c)
	}
	text := func(kind ChangeKind, source, before, after string) {
		if before != after {
			add(kind, func(c *Change) { c.Source, c.Before, c.After = source, before, after })
		}
	}
	list := func(kind ChangeKind, before, after []string) {
		added, removed := without(after, before), without(before, after)
		if len(added)+len(removed) > 0 {
			add(kind, func(c *Change) { c.Added, c.Removed = added, removed })
		}
	}
	text(StatusChange, sourceJira, activeWord(old.Active), activeWord(now.Active))
	if b.both(sourceSCIM) {
		text(StatusChange, sourceSCIM, old.SCIM.status(), now.SCIM.status())
	}
	if b.both(sourceOrganization) {
		text(StatusChange, sourceOrganization, old.organization().Status, now.organization().Status)
		list(RoleChange, old.organization().Roles, now.organization().Roles)
	}
	if b.both(sourceExport) {
		text(StatusChange, sourceExport, old.export().Status, now.export().Status)
		text(RoleChange, sourceExport, old.export().Role, now.export().Role)
	}
	switch {
	case !b.both(sourceRoster):
	case old.uncompared() || now.uncompared():
		if b.uncompared != nil && old.roster() != now.roster() {
			*b.uncompared++
		}
	default:
		text(StatusChange, sourceRoster, old.roster(), now.roster())
	}
	if b.alike(sourceOrganization) { // whose roles make administrators, and whose groups grant seats
		// The export makes administrators, too, of those whom the organization does not tell of.
		if b.alike(sourceExport) || old.Organization != nil && now.Organization != nil {
			text(AdminChange, "", adminWord(old.Admin), adminWord(now.Admin))
		}
		list(SeatChange, old.Seats, now.Seats)
	}
	list(GroupChange, old.Groups, now.Groups)
	if old.EmailSource == now.EmailSource && !strings.EqualFold(old.Email, now.Email) {
		text(EmailChange, now.EmailSource, old.Email, now.Email)
	}
	text(NameChange, sourceJira, old.DisplayName, now.DisplayName)
	return all
}

func change(kind ChangeKind, r Row) Change {
	return Change{Kind: kind, AccountID: r.AccountID, Name: clip(r.DisplayName, 80), Email: r.Email}
}

func adminWord(admin bool) string {
	if admin {
		return "administrator"
	}
	return "no administrator"
}

const absent = "not there"

func (r *SCIMRef) status() string {
	if r == nil {
		return absent
	}
	return activeWord(r.Active)
}

func (r Row) organization() OrganizationRef {
	if r.Organization == nil {
		return OrganizationRef{Status: absent}
	}
	return *r.Organization
}

func (r Row) export() ExportRef {
	if r.Export == nil {
		return ExportRef{Status: absent}
	}
	return *r.Export
}

func (r Row) roster() string {
	if r.Roster == nil {
		return absent
	}
	return r.Roster.Status
}

// uncompared reports whether nobody could tell if the roster has the person: of inactive accounts there is no finding that says so.
func (r Row) uncompared() bool {
	return r.Roster == nil && (slices.Contains(r.Findings, NotComparedWithRoster) || !r.Active && r.EmailSource == sourceHidden)
}

// without gives what of a list is not in another, in the list's order.
func without(list, other []string) []string {
	if slices.Equal(list, other) {
		return nil
	}
	known := make(map[string]bool, len(other))
	for _, s := range other {
		known[s] = true
	}
	var left []string
	for _, s := range list {
		if !known[s] {
			left = append(left, s)
		}
	}
	return left
}

// appendFindingKey appends what makes a finding the same in two reports: its kind and what it is about. Its words may count days.
func appendFindingKey(b []byte, f Finding) []byte {
	about := cmp.Or(f.AccountID, f.GroupID, f.Name)
	return append(append(append(b, f.Code...), 0), about...)
}

// compareFindings gives the changes that the findings of two reports of one kind about one thing make, and those of which nothing can be told. There can be several,
// such as tokens of one account: those that read the same are the same, and of others as many as both have.
func (b basis) compareFindings(before, after []Finding) (changes []Change, untold []Finding) {
	old, now := slices.Clone(before), slices.Clone(after)
	old = slices.DeleteFunc(old, func(f Finding) bool {
		i := slices.IndexFunc(now, func(g Finding) bool { return g.Detail == f.Detail })
		if i >= 0 {
			now = slices.Delete(now, i, i+1)
		}
		return i >= 0
	})
	common := min(len(old), len(now))
	for _, side := range []struct {
		findings []Finding
		kind     ChangeKind
		other    map[string]bool
	}{{old[common:], FixedFinding, b.after}, {now[common:], NewFinding, b.before}} {
		for _, f := range side.findings {
			if !b.told(f, side.other) {
				untold = append(untold, f)
				continue
			}
			changes = append(changes, Change{Kind: side.kind, AccountID: f.AccountID, Name: f.Name, Code: f.Code, Severity: f.Severity, Detail: f.Detail, GroupID: f.GroupID})
		}
	}
	return changes, untold
}
