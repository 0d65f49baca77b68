// Package sample makes up the people of a company and what an audit would find among them: for the tests of the HTML report and
// the benchmark. The same number of people always gives the same company.
package sample

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage"
)

// At is when the report was made.
var At = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

const (
	report  = "audit-20261123T093000Z-7c1e"
	dormant = 90
)

// Company is a report to write. People and Others may be asked for several times.
type Company struct {
	Header webpage.Header
	size   int
}

// New makes a company of so many people. It goes through them once, for the figures.
func New(people int) *Company {
	c := &Company{size: people}
	c.Header = webpage.Header{
		ID: report, Site: "https://acme.example.net", Organization: "Acme", Started: At, Finished: At.Add(74 * time.Second), DormantDays: dormant,
		Sources: []webpage.Source{
			{Name: "jira", Read: true, Records: people, Detail: "accounts, groups and memberships of the site"},
			{Name: "scim", Read: true, Records: people * 88 / 100, Detail: "directory Acme Okta"},
			{Name: "organization", Read: true, Records: people, Detail: "people, activity, roles and tokens; the key ends on 3 March 2027"},
			{Name: "roster", Read: true, Records: people * 93 / 100, Detail: "hr-2026-11-20.csv"},
			{Name: "export", Detail: "no file was given; the organization told the same"},
		},
		Notes: []string{
			"Activity can be up to 24 hours late, so somebody who came back yesterday may still count as dormant.",
			"The owners of automation rules can't be read by any API.",
		},
	}
	c.count()
	return c
}

// count fills in the figures.
func (c *Company) count() {
	h := &c.Header
	types, severities, codes := map[string]int{}, map[string]int{}, map[string]int{}
	used, free := map[string]int{}, map[string]int{}
	note := func(f webpage.Finding) {
		h.Findings++
		severities[f.Severity]++
		codes[f.Code]++
	}
	for p := range c.People() {
		h.People++
		if p.Type == "atlassian" && p.Active && p.Status != "suspended" {
			h.CanSignIn++
		}
		types[p.Type]++
		h.Activity.Add(p.LastActive, p.NeverActive, At)
		for _, product := range p.Products {
			used[product]++
		}
		for _, f := range p.Findings {
			note(f)
			if f.Code == "dormant" || f.Code == "never_active" {
				for _, product := range p.Products {
					free[product]++
				}
			}
		}
	}
	for f := range c.Others() {
		note(f)
	}
	for _, name := range []string{"atlassian", "app", "customer", "unknown"} {
		h.Types = append(h.Types, webpage.Count{Name: name, N: types[name]})
	}
	for _, name := range []string{"high", "medium", "low", "info"} {
		h.Severities = append(h.Severities, webpage.Count{Name: name, N: severities[name]})
	}
	for _, name := range products {
		limit := 0
		if name != "Confluence" {
			limit = used[name]*5/4/10*10 + 10
		}
		h.Seats = append(h.Seats, webpage.Seat{Product: name, Key: strings.ToLower(name), Used: used[name], Limit: limit, Reclaimable: free[name]})
	}
	for _, k := range kinds {
		k.Count = codes[k.Code]
		k.Call = fmt.Sprintf(`{"tool":"offboard_user","arguments":{"report_id":%q,"finding":%q}}`, report, k.Code)
		if k.Code == "dormant" || k.Code == "never_active" {
			k.Call = strings.Replace(k.Call, "offboard_user", "remove_user_from_group", 1)
		}
		if k.Owner != "Jira administrator" && k.Owner != "Organization administrator" {
			k.Call = ""
		}
		h.Kinds = append(h.Kinds, k)
	}
}

// People are the company's, in no particular order.
func (c *Company) People() iter.Seq2[webpage.Person, error] {
	return func(yield func(webpage.Person, error) bool) {
		rnd := rand.New(rand.NewPCG(7, uint64(c.size)))
		for i := range c.size {
			if !yield(newPerson(rnd, i, c.size), nil) {
				return
			}
		}
	}
}

// Others are findings about groups.
func (c *Company) Others() iter.Seq2[webpage.Finding, error] {
	return func(yield func(webpage.Finding, error) bool) {
		for i := range max(2, min(60, c.size/500)) {
			f := webpage.Finding{
				Code: "group_sprawl", Severity: "low", Subject: groupName(i * 3), Detail: "The group has no members and grants nothing.",
				Evidence: []webpage.Fact{{Source: "jira", Text: "no member"}, {Source: "organization", Text: "no role assignment"}},
				Advice:   "Delete the group, unless something outside of Atlassian refers to it.",
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func newPerson(rnd *rand.Rand, i, size int) webpage.Person {
	given, family := pick(rnd, givenNames), pick(rnd, familyNames)
	p := webpage.Person{
		AccountID: accountID(rnd), Name: given + " " + family, Type: "atlassian", Active: true, Managed: true, EmailSource: "scim",
		Sources: []string{"jira", "scim", "organization", "roster"},
	}
	domain := "acme.example"
	partner := rnd.IntN(100) < 7
	if partner {
		domain, p.Managed, p.EmailSource = pick(rnd, partners), false, "jira"
		p.Sources = []string{"jira", "organization"}
	}
	p.Email = strings.ToLower(given + "." + family)
	if size > 2000 || rnd.IntN(3) == 0 {
		p.Email += fmt.Sprint(rnd.IntN(size))
	}
	p.Email += "@" + domain
	switch n := rnd.IntN(100); {
	case n < 2:
		p.Type, p.Name, p.Email, p.EmailSource, p.Managed = "app", family+" bot", "", "hidden", false
		p.Sources = []string{"jira"}
	case n < 5:
		p.Type, p.Managed = "customer", false
	}
	for range 1 + rnd.IntN(6) {
		p.Groups = append(p.Groups, groupName(rnd.IntN(groupsOf(size))))
	}
	if p.Type == "atlassian" {
		for k, product := range products {
			if rnd.IntN(3+k) < 2 {
				p.Products = append(p.Products, product)
			}
		}
	}
	live(rnd, &p)
	judge(rnd, &p, i, partner)
	return p
}

// live makes up when the person was last active.
func live(rnd *rand.Rand, p *webpage.Person) {
	days := rnd.ExpFloat64() * 6
	switch n := rnd.IntN(100); {
	case n < 4:
		p.NeverActive = true
		return
	case n < 7:
		return
	case n < 22:
		days = 60 + rnd.ExpFloat64()*120
	}
	p.LastActive = At.Add(-time.Duration(days*24) * time.Hour)
}

// groupsOf is how many groups a company of that size has.
func groupsOf(size int) int { return min(3000, 12+size/40) }

func groupName(i int) string {
	return []string{"jira-software-users", "confluence-users", "engineering", "release-managers", "support", "finance", "design", "partners"}[i%8] +
		[]string{"", fmt.Sprintf("-%d", i/8)}[min(i/8, 1)]
}

// accountID is of one of the two shapes that Atlassian's ids have.
func accountID(rnd *rand.Rand) string {
	a, b := rnd.Uint64(), rnd.Uint64()
	if a%3 == 0 {
		return fmt.Sprintf("5b%06x%016x", a>>40, b)
	}
	return fmt.Sprintf("712020:%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a>>4&0xfff, b>>52, b&0xffffffffffff)
}

func pick(rnd *rand.Rand, list []string) string { return list[rnd.IntN(len(list))] }
