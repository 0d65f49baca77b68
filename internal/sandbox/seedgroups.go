package sandbox

import (
	"strconv"
	"strings"
)

var (
	groupAreas = strings.Fields(`accounting analytics android billing brand checkout cloud compliance content data delivery docs events facilities
	growth hardware hiring identity insights ios legal logistics mobile network payments platform pricing procurement quality research search security`)
	groupRoles = strings.Fields(`team leads reviewers oncall readers`)
)

// groupName names the i-th generated group; past the first 160 names a number tells them apart.
func groupName(i int) string {
	name := groupAreas[i%len(groupAreas)] + "-" + groupRoles[i/len(groupAreas)%len(groupRoles)]
	if round := i / (len(groupAreas) * len(groupRoles)); round > 0 {
		name += "-" + strconv.Itoa(round+1)
	}
	return name
}

// generateGroups adds count groups, two in five of them SCIM's, and deals the generated accounts out: to one product each, to a team of
// the site and to a group of the directory, about two groups a head. Sizes fall as in life: a few large groups, many small ones.
func generateGroups(m *model, count int) {
	teams, synced := []int{groupConfluence, groupReleaseManagers}, []int{groupEngineering, groupFinance}
	for i := range max(count, 0) {
		g := group{
			index: len(m.groups), id: uuid(m.pop.seed, saltGroup, uint64(len(m.groups))), name: groupName(i),
			created: groupCreated(i), modified: groupCreated(i),
		}
		if i%5 >= 3 {
			g.scimID = uuid(m.pop.seed, saltSCIMGroup, uint64(g.index))
			synced = append(synced, g.index)
		} else {
			teams = append(teams, g.index)
		}
		m.addGroup(g)
	}
	deal := func(key uint64, active, inactive span, groups []int, shares []float64) {
		l := newLayout(&m.pop, m.pop.seed^saltLayout^key<<16, active, inactive, groups, shares)
		m.layouts = append(m.layouts, l)
		for k, g := range groups {
			m.groups[g].members = l.roster(k)
		}
	}
	deal(1, spanActive, spanInactive, []int{groupSoftware, groupServiceDesk, groupWorkManagement, groupDiscovery}, []float64{0.5, 0.1, 0.04, 0.02})
	deal(2, spanActive, spanInactive, teams, append([]float64{0.2, 0.01}, falling(len(teams)-2, 0.6)...))
	deal(3, spanSCIM, spanSCIMInactive, synced, append([]float64{0.15, 0.05}, falling(len(synced)-2, 0.6)...))
}

// falling returns n shares that sum up to sum, the k-th being 1/k of the first.
func falling(n int, sum float64) []float64 {
	shares, total := make([]float64, n), 0.0
	for k := range shares {
		shares[k] = 1 / float64(k+1)
		total += shares[k]
	}
	for k := range shares {
		shares[k] *= sum / total
	}
	return shares
}

// joinTwenty puts the account into the first twenty generated groups that the site owns.
func joinTwenty(m *model, index int) {
	joined := 0
	for _, g := range m.groups[seededGroupCount:] {
		if joined < 20 && !g.scim() {
			m.join(g.index, index)
			joined++
		}
	}
}
