package journal

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema. Its version is one more than that of the step before.
type migration struct {
	version int
	sql     string
}

// migrations are all steps in order, from files named like 0001_journal.sql.
var migrations = readMigrations(migrationFiles)

func readMigrations(files fs.FS) []migration {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		panic(err)
	}
	slices.Sort(names)
	var all []migration
	for i, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		if version, err := strconv.Atoi(number); err != nil || version != i+1 {
			panic(fmt.Sprintf("migration %s is not number %d", name, i+1))
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err)
		}
		all = append(all, migration{version: i + 1, sql: string(text)})
	}
	return all
}

// latest is the version that this program reads and writes.
func latest(all []migration) int { return len(all) }

const createVersion = `CREATE TABLE IF NOT EXISTS journal_version (version BIGINT NOT NULL)`

// pending gives the steps that a schema of this version lacks, or refuses one from a newer program.
func pending(all []migration, version int, where string) ([]migration, error) {
	if version > latest(all) {
		return nil, fault.New(fault.Internal, "Use the newer version of this program, or another state directory or database.",
			"The journal in %s was written by a newer version of this program: its schema is %d, and this one knows schemas up to %d.", where, version, latest(all))
	}
	return all[version:], nil
}
