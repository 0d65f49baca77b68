package buildinfo

import (
	"runtime/debug"
	"testing"
)

func TestFrom(t *testing.T) {
	stamped := &debug.BuildInfo{
		Main:     debug.Module{Version: "v1.0.1-0.2026"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}},
	}
	for name, tt := range map[string]struct {
		version, commit         string
		stamped                 *debug.BuildInfo
		wantVersion, wantCommit string
	}{
		"linked":      {"v2", "def", stamped, "v2", "def"},
		"stamped":     {"", "", stamped, "v1.0.1-0.2026", "abc-dirty"},
		"a work tree": {"", "", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "devel", ""},
		"nothing":     {"", "", nil, "devel", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := from(tt.version, tt.commit, tt.stamped)
			if got.Version != tt.wantVersion || got.Commit != tt.wantCommit || got.Go == "" {
				t.Errorf("got %+v, want %s %s", got, tt.wantVersion, tt.wantCommit)
			}
		})
	}
}
