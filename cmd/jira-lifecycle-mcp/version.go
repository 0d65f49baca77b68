package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/buildinfo"
)

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints the version, the build, and the protocol revisions that are spoken.
func (c *versionCmd) Run(p *program) error {
	info := buildinfo.Get()
	if c.JSON {
		return json.NewEncoder(p.stdout).Encode(struct {
			buildinfo.Info
			Protocols []string `json:"protocols"`
		}{info, mcp.ValidProtocolVersions})
	}
	commit := info.Commit
	if commit == "" {
		commit = "unknown"
	}
	_, err := fmt.Fprintf(p.stdout, "jira-lifecycle-mcp %s\ncommit %s\n%s %s\nMCP %s\n",
		info.Version, commit, info.Go, info.System, strings.Join(mcp.ValidProtocolVersions, ", "))
	return err
}
