package tools

import (
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/batchcsv"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/events"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/lifecycle"
)

// Deps is what the handlers work with.
type Deps struct {
	Directory *directory.Directory
	Lifecycle *lifecycle.Service
	Audit     *audit.Auditor
	Events    *events.Log
	Status    Status
	// CSV reads the files of csv_path.
	CSV batchcsv.Lists
	// BatchLimit is how many people one call may change.
	BatchLimit int
}

// defaultLimit is the length of a list whose caller names none.
const defaultLimit = 25
