package audit

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/consoleexport"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/roster"
)

// exportFile reads the console's export.
func (c *collector) exportFile(ctx context.Context) (err error) {
	file, err := consoleexport.Open(c.auditor.Files, c.options.Export)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := spooler{spill: c.spill}
	site := siteName(c.auditor.Site)
	rows := 0
	for row, err := range file.Rows() {
		if err == nil && rows%1024 == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if rows++; row.AccountID == "" && foldEmail(row.Email) == "" {
			continue // the tally has it
		}
		row.LastActive = ofThisSite(row.LastActive, site)
		u := fromExport(row)
		c.read.exported = max(c.read.exported, u.latest())
		if err := out.export(u); err != nil {
			return err
		}
	}
	if rows == 0 {
		return fault.New(fault.InvalidArgument, "Export the users again in Atlassian Administration, or leave export_path out.", "The export %s has a header and no rows.", filepath.Base(c.options.Export))
	}
	c.progress.read("rows of the export", rows)
	for _, n := range file.Tally().Notes() {
		c.note("Export: %s", n)
	}
	return nil
}

// latest gives the latest day that a row has, 0 if it has none.
func (u exported) latest() int64 {
	at := u.added
	for _, one := range u.uses {
		at = max(at, one.at)
	}
	return at
}

// ofThisSite leaves out when somebody was last seen on another site. Columns that name no site count, and so does the only site that columns name, under whatever name.
func ofThisSite(all []consoleexport.Activity, site string) []consoleexport.Activity {
	var sites []string
	for _, a := range all {
		if s := siteName(a.Site); s != "" && !slices.Contains(sites, s) {
			sites = append(sites, s)
		}
	}
	if len(sites) > 1 || len(sites) == 1 && slices.Contains(sites, site) {
		return slices.DeleteFunc(slices.Clone(all), func(a consoleexport.Activity) bool { return a.Site != "" && siteName(a.Site) != site })
	}
	return all
}

// siteName gives the name that a site's address and a column's header have in common.
func siteName(text string) string {
	name := strings.ToLower(strings.TrimSpace(text))
	name = strings.TrimPrefix(strings.TrimPrefix(name, "https://"), "http://")
	name, _, _ = strings.Cut(name, "/")
	return strings.TrimSuffix(name, ".atlassian.net")
}

// rosterFile reads who should have access.
func (c *collector) rosterFile(ctx context.Context) (err error) {
	file, err := roster.Open(c.auditor.Files, c.options.Roster, c.auditor.now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := spooler{spill: c.spill}
	file.Skipped = out.nameless
	rows := 0
	for row, err := range file.Rows() {
		if err == nil && rows%1024 == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		rows++
		u := fromRoster(row)
		if u.id == unknownID {
			u.id = ""
		}
		if err := out.listed(u); err != nil {
			return err
		}
	}
	switch tally := file.Tally(); {
	case rows > 0:
	case tally.Rows > 0:
		return fault.New(fault.InvalidArgument, "Add the e-mail that people sign in with, or their Atlassian account id. A sign-in name that is no address names nobody here.",
			"None of the %d rows of the roster %s can be used: they have neither an e-mail that can be used nor an account id (%s).", tally.Rows, filepath.Base(c.options.Roster), tally.Without())
	default:
		return fault.New(fault.InvalidArgument, "Give the whole list of who should have access, or leave roster_path out.", "The roster %s has a header and no rows: by it, nobody should have access.", filepath.Base(c.options.Roster))
	}
	c.progress.read("rows of the roster", rows)
	for _, n := range file.Tally().Notes() {
		c.note("Roster: %s", n)
	}
	return nil
}
