// Package buildinfo says which build of the program is running.
package buildinfo

import (
	"runtime"
	"runtime/debug"
)

// Set by the linker for releases: -X github.com/jira-lifecycle/jira-lifecycle-mcp/internal/buildinfo.version=v1.2.3.
var version, commit string

// Info is one build.
type Info struct {
	Version string `json:"version"` // "devel" where nothing is known
	Commit  string `json:"commit"`  // "" where nothing is known; ends in "-dirty" when files were changed
	Go      string `json:"go"`
	System  string `json:"system"` // such as linux/amd64
}

// Get gives what the linker set, else what the go command stamped into the binary.
func Get() Info {
	stamped, _ := debug.ReadBuildInfo()
	return from(version, commit, stamped)
}

func from(version, commit string, stamped *debug.BuildInfo) Info {
	info := Info{Version: version, Commit: commit, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	if stamped != nil {
		if info.Version == "" && stamped.Main.Version != "(devel)" {
			info.Version = stamped.Main.Version
		}
		settings := map[string]string{}
		for _, s := range stamped.Settings {
			settings[s.Key] = s.Value
		}
		if info.Commit == "" && settings["vcs.revision"] != "" {
			info.Commit = settings["vcs.revision"]
			if settings["vcs.modified"] == "true" {
				info.Commit += "-dirty"
			}
		}
	}
	if info.Version == "" {
		info.Version = "devel"
	}
	return info
}
