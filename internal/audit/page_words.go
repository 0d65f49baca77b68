package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage"
)

// Who acts on a kind of finding.
const (
	ownerJira         = "Jira administrator"
	ownerOrganization = "Organization administrator"
	ownerProvider     = "Whoever runs the identity provider"
	ownerManager      = "The person’s manager, then a Jira administrator"
	ownerHR           = "HR, or whoever keeps the roster"
)

// plain is a kind of finding in the words of the person who has to decide.
type plain struct{ title, why, owner string }

var plainWords = map[Code]plain{
	ActiveLeaver: {
		"Should have left, but can still sign in", "The roster says that they left, or does not have them, and their accounts are active.", ownerManager,
	},
	DeactivatedButActive: {
		"Deactivated elsewhere, active in Jira", "Another system ended the account and Jira did not follow, so access that should be over is not.", ownerJira,
	},
	SCIMJiraMismatch: {
		"The identity provider and Jira disagree", "What the identity provider believes of these accounts is not what they are, so its next change may do the wrong thing.", ownerProvider,
	},
	AdminNotInRoster: {
		"Administrators who are not in the roster", "They can change everything, and nobody has said that they should.", ownerOrganization,
	},
	SuspendedButActive: {
		"Blocked elsewhere, active here", "Their account is suspended in the roster, which is how many directories show people who left, and it still works in Jira.", ownerProvider,
	},
	PastLastDay: {
		"Still here after the last day", "The roster has a last day for them that is over, and does not say that they left. They did, or they came back and nobody wrote it down.", ownerHR,
	},
	NotComparedWithRoster: {
		"Could not be compared with the roster", "Nobody knows their e-mail, or only a row without a usable one has their name, so nobody can say whether the roster has them. They may have left.", ownerOrganization,
	},
	LeaverToken: {
		"API tokens of people who left", "A token works without a password and without a second factor, also after its owner has gone.", ownerOrganization,
	},
	OldToken: {
		"Old API tokens", "A token works without a password and without a second factor, and nobody may remember where an old one is used.", ownerOrganization,
	},
	DormantSeat: {
		"Not active for long, and holding a paid seat", "The seats are paid for and not used, and an account that nobody watches is the one that gets taken over.", ownerManager,
	},
	NeverActive: {
		"Never active, and holding a paid seat", "They hold seats that nobody has ever used.", ownerManager,
	},
	UnmanagedExternal: {
		"People of other companies", "Their employer does not tell us when they leave, so nothing ends their access by itself.", "Whoever invited them, then a Jira administrator",
	},
	ManagedOutsideSCIM: {
		"Our accounts that the identity provider does not steer", "When these people leave, the identity provider won’t end their access.", ownerProvider,
	},
	InactiveWithGroups: {
		"Inactive, but still in groups", "Nobody gets in now, but all of that access comes back with a reactivation.", ownerJira,
	},
	ActiveWithoutGroups: {
		"Active, but in no group", "They can sign in and may do nothing: either they lack a group, or the account is not needed.", ownerJira,
	},
	AppInAdminGroup: {
		"Apps and service accounts with an administrator’s rights", "Whoever holds such an app’s credential administers the site.", ownerOrganization,
	},
	OrganizationAdmin: {
		"Administrators of the organization", "They can do everything on every site. Each of them should be known by name to somebody.", ownerOrganization,
	},
	SiteAdmin: {
		"Administrators of the site", "They can give access to anybody. Each of them should be known by name to somebody.", ownerJira,
	},
	JoinerWithoutAccount: {
		"In the roster, but without an account", "They should have access and don’t, or the roster is wrong.", ownerHR,
	},
	SourceContradiction: {
		"Sources that contradict each other", "Two systems say different things of the same person; one of them is wrong.", ownerHR,
	},
	DuplicateName: {
		"Several people with one name", "It is easy to change the wrong one.", ownerJira,
	},
	DuplicateEmail: {
		"Several accounts with one e-mail", "One of them is probably left over, and its access with it.", ownerJira,
	},
	UnknownAccount: {
		"Accounts that Jira can’t tell about", "Their records are incomplete or corrupted, so that what they may do is not known.", ownerJira,
	},
	UnusedGroup: {
		"Groups that nobody active is in", "What such a group grants comes back with the next person who is put into it.", ownerJira,
	},
	EmptyGroup: {
		"Groups with nobody in them", "Nobody remembers what they were for.", ownerJira,
	},
	EveryoneGroup: {
		"Groups that nearly everybody is in", "Whatever such a group may see, everybody sees.", ownerJira,
	},
	NotInJira: {
		"Known elsewhere, without access to this site", "Good to know when somebody asks who could get in.", "",
	},
	HiddenEmail: {
		"E-mail addresses that Jira hides", "Such a person is found by account id alone, unless another source knows the address.", "",
	},
}

// newPageHeader counts what the summary does not say, and puts the summary into plain words.
func newPageHeader(site string, r Result, rows, findings io.Reader) (webpage.Header, error) {
	h := webpage.Header{
		ID: r.Report.ID, Site: site, Started: r.StartedAt, Finished: r.FinishedAt, People: r.Counts.Total,
		Findings: r.Report.Findings, DormantDays: r.InactiveDays, Sources: pageSources(r),
	}
	for name, n := range r.Counts.ByAccountType {
		h.Types = append(h.Types, webpage.Count{Name: name, N: n})
	}
	for _, s := range severities {
		h.Severities = append(h.Severities, webpage.Count{Name: string(s), N: r.Counts.BySeverity[string(s)]})
	}
	for _, s := range r.Seats {
		h.Seats = append(h.Seats, webpage.Seat{Product: productName(s), Key: s.Product, Used: s.Used, Limit: s.Total, Reclaimable: s.Reclaimable})
	}
	for _, n := range r.Notes {
		h.Notes = append(h.Notes, plainCodes(n))
	}
	if err := countPeople(&h, r, rows); err != nil {
		return h, fmt.Errorf("read the rows of the report: %w", err)
	}
	worst, err := worstByKind(r, findings)
	if err != nil {
		return h, fmt.Errorf("read the findings of the report: %w", err)
	}
	for code, severity := range worst {
		h.Kinds = append(h.Kinds, pageKind(code, severity, r))
	}
	slices.SortFunc(h.Kinds, func(a, b webpage.Kind) int { return slices.Compare([]string{a.Code}, []string{b.Code}) })
	return h, nil
}

// countPeople goes through the rows for when accounts were last active, and for how many people can sign in.
func countPeople(h *webpage.Header, r Result, rows io.Reader) error {
	n := 0
	for d := json.NewDecoder(rows); d.More(); n++ {
		var row struct {
			LastActive   string `json:"last_active"`
			AccountType  string `json:"account_type"`
			Active       bool
			Organization struct{ Status string }
		}
		if err := d.Decode(&row); err != nil {
			return err
		}
		last, _ := time.Parse(time.DateOnly, row.LastActive) // never, and not known, are no days
		h.Activity.Add(last, row.LastActive == never, r.StartedAt)
		if row.AccountType == typeAtlassian && row.Active && row.Organization.Status != statusSuspended {
			h.CanSignIn++
		}
	}
	return missing(n, r.Report.Rows)
}

// worstByKind goes through the findings for the highest severity of each kind.
func worstByKind(r Result, findings io.Reader) (map[Code]Severity, error) {
	worst, n := map[Code]Severity{}, 0
	for d := json.NewDecoder(findings); d.More(); n++ {
		var f struct {
			Code     Code
			Severity Severity
		}
		if err := d.Decode(&f); err != nil {
			return nil, err
		}
		if w, known := worst[f.Code]; !known || f.Severity.rank() < w.rank() {
			worst[f.Code] = f.Severity
		}
	}
	return worst, missing(n, r.Report.Findings)
}

func missing(got, want int) error {
	if got != want {
		return fmt.Errorf("it has %d of %d lines", got, want)
	}
	return nil
}

func pageKind(code Code, severity Severity, r Result) webpage.Kind {
	w := plainWords[code]
	k := webpage.Kind{
		Code: string(code), Severity: string(severity), Title: w.title, Why: w.why, Advice: plainCodes(advice[code]), Owner: w.owner, Count: r.Counts.ByFinding[code],
	}
	if tool := Remedy(code); (tool == toolOffboard || tool == toolRemove) && !slices.Contains(oneByOne, code) {
		k.Call = fmt.Sprintf(`{"tool":%q,"arguments":{"report_id":%q,"finding":%q}}`, tool, r.Report.ID, code)
	}
	return k
}

// oneByOne are kinds that the page offers no call for all of: administrators, and what is mended at the identity provider mostly.
var oneByOne = []Code{AdminNotInRoster, SiteAdmin, SCIMJiraMismatch}

// pageSources tells of each source whether it was read. The console's export says nothing that the organization does not.
func pageSources(r Result) []webpage.Source {
	var list []webpage.Source
	for _, s := range []struct{ name, not string }{
		{sourceJira, ""},
		{sourceSCIM, "no directory is configured, so what the identity provider believes is not known"},
		{sourceOrganization, "no organization key is configured, so activity, administrators of the organization and tokens are not known"},
		{sourceExport, "no file was given"},
		{sourceRoster, "no file was given, so nobody can be told to have left"},
	} {
		n, read := r.Counts.BySource[s.name]
		if _, org := r.Counts.BySource[sourceOrganization]; s.name == sourceExport && !read && org {
			continue
		}
		source := webpage.Source{Name: s.name, Read: read, Records: n}
		if !read {
			source.Detail = s.not
		}
		list = append(list, source)
	}
	return list
}

var codeInText = regexp.MustCompile(`\b[a-z]+(?:_[a-z]+)+\b`)

// plainCodes puts the names of kinds, and of what a call is given, into plain words, as notes and advice have them.
func plainCodes(text string) string {
	text = strings.ReplaceAll(text, " (export_path)", "")
	return codeInText.ReplaceAllStringFunc(text, func(code string) string {
		if w, is := plainWords[Code(code)]; is {
			return "“" + w.title + "”"
		}
		switch code {
		case "roster_path":
			return "roster"
		case "export_path":
			return "export of the admin console"
		}
		return code
	})
}

// productNames are products as they are called on a bill.
var productNames = map[string]string{
	"jira-software": "Jira", "jira-core": "Jira (business projects)", "jira-servicedesk": "Jira Service Management",
	"jira-product-discovery": "Jira Product Discovery", "confluence": "Confluence",
}

func productName(s Seat) string { return cmp.Or(productNames[s.Product], s.Name, s.Product) }

// called lists products within a sentence.
func called(keys ...string) string {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = productName(Seat{Product: key})
	}
	return strings.Join(names, ", ")
}
