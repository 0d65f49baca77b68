package sandbox

import (
	"slices"
	"testing"
)

// Somebody in two directories is one person in each and in all, and gone only with the last.
func TestSomebodyInTwoDirectories(t *testing.T) {
	c := start(t, Options{Organization: OrgKnobs{RemovalDelayMS: 30}})
	id := c.s.AccountID(twoDirectoriesEmail)
	in := func() []string {
		var page struct {
			Data []struct {
				DirectoryID string `json:"directoryId"`
			} `json:"data"`
		}
		c.v2("GET", "/directories", "", "accountId", id).into(200, &page)
		var ids []string
		for _, d := range page.Data {
			ids = append(ids, d.DirectoryID)
		}
		return ids
	}
	found := func(directory string) int {
		var page struct{ Data []orgUser }
		c.v2("POST", "/directories/"+directory+"/users/search", `{"accountIds":["`+id+`"]}`).into(200, &page)
		return len(page.Data)
	}
	if got := in(); !slices.Equal(got, []string{LocalID, PartnersID}) {
		t.Fatalf("in %v", got)
	}
	for directory, want := range map[string]int{"-": 1, LocalID: 1, PartnersID: 1, SyncedID: 0} {
		if got := found(directory); got != want {
			t.Errorf("found %d times in %s, want %d", got, directory, want)
		}
	}
	if err := c.s.SetOrganization(OrgKnobs{RowPerDirectory: true, RemovalDelayMS: 30}); err != nil || found("-") != 2 || found(LocalID) != 1 {
		t.Errorf("a row for each directory: %v, %d", err, found("-"))
	}
	c.v2("DELETE", "/directories/"+SyncedID+"/users/"+id, "").want(404)
	c.v2("DELETE", "/directories/"+LocalID+"/users/"+id, "").want(204)
	eventually(t, "out of the local one", func() bool { return slices.Equal(in(), []string{PartnersID}) })
	if u := c.orgUserOf(twoDirectoriesEmail); u.Status != "active" || found(PartnersID) != 1 {
		t.Errorf("left one directory: %+v", u)
	}
	c.v2("DELETE", "/directories/-/users/"+id, "").want(204)
	eventually(t, "out of both", func() bool { return len(in()) == 0 })
	if found("-") != 0 {
		t.Error("in no directory, and found")
	}
	c.v2("POST", "/directories/"+PartnersID+"/groups", `{"name":"fresh"}`).want(403)
}
