package audit

import (
	"fmt"
)

// sprawl judges the groups of the site once everybody has been seen. People are the active ones of the site.
func (r rules) sprawl(groups []*group, people int) []Finding {
	var found []Finding
	for _, g := range groups {
		if f, is := r.group(g, people); is {
			found = append(found, f)
		}
	}
	return found
}

// Everybody is nearly everybody of a site that is not tiny.
const (
	everyoneShare = 0.9
	everyoneLeast = 20
)

func (r rules) group(g *group, people int) (Finding, bool) {
	f := Finding{GroupID: g.id, Name: clip(g.name, 80), Evidence: g.evidence(r)}
	add := func(code Code, s Severity, format string, args ...any) {
		f.Code, f.Severity, f.Detail, f.Advice = code, s, fmt.Sprintf(format, args...), advice[code]
		f.Look = &Call{Tool: "list_group_members", Arguments: Arguments{Group: g.id, Include: code == UnusedGroup}}
	}
	switch {
	case g.members == 0:
		add(EmptyGroup, Info, "Nobody is in the group%s.", g.grants())
	case people >= everyoneLeast && float64(g.active) >= everyoneShare*float64(people):
		add(EveryoneGroup, Info, "%d of the %d active people are in the group%s.", g.active, people, g.grants())
	case g.active == 0:
		add(UnusedGroup, Low, "None of the %d members is an active person%s.", g.members, g.grants())
	case r.cutoff > 0 && g.recent == 0 && g.unknown == 0:
		add(UnusedGroup, Low, "None of the %d active members has used the site within %d days%s.", g.active, r.window, g.grants())
	default:
		return Finding{}, false
	}
	return f, true
}

// grants adds what the group gives, as far as is known.
func (g *group) grants() string {
	switch {
	case g.admin:
		return "; it makes administrators"
	case len(g.seats) > 0:
		return "; it grants seats of " + called(g.seats...)
	case g.counted && g.roles == 0:
		return "; it grants no product, but a permission scheme may name it"
	default:
		return ""
	}
}

func (g *group) evidence(r rules) []Evidence {
	e := []Evidence{{sourceJira, fmt.Sprintf("%d members, %d of them active people", g.members, g.active)}}
	if g.counted {
		e = append(e, Evidence{sourceOrganization, fmt.Sprintf("roles on %d resources", g.roles)})
	}
	if g.synced {
		e = append(e, Evidence{sourceOrganization, "synced from an identity provider"})
	}
	if r.cutoff > 0 && g.active > 0 {
		e = append(e, Evidence{r.activitySource(), fmt.Sprintf("%d members active within %d days, %d not known", g.recent, r.window, g.unknown)})
	}
	return e
}

func (r rules) activitySource() string {
	if r.organization {
		return sourceOrganization
	}
	return sourceExport
}
