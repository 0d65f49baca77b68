package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
)

// program names the folders that hold settings and state.
const program = "jira-lifecycle-mcp"

var errNoHome = errors.New("no home directory is known for state; set JIRA_LIFECYCLE_STATE_DIR or --state-dir")

// defaultFile gives the settings file's place, or "" when the environment names no home.
func defaultFile(getenv func(string) string) string {
	dir := base(getenv, "XDG_CONFIG_HOME", ".config", "AppData")
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, program, "config.yaml")
}

// defaultStateDir gives the folder for state, or "" when the environment names no home.
func defaultStateDir(getenv func(string) string) string {
	dir := base(getenv, "XDG_STATE_HOME", filepath.Join(".local", "state"), "LocalAppData")
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, program)
}

// base follows the XDG base directory specification where its variable is set, and elsewhere each system's custom.
func base(getenv func(string) string, xdg, unix, windows string) string {
	if dir := getenv(xdg); filepath.IsAbs(dir) { // the specification has relative ones ignored
		return dir
	}
	home := getenv("HOME")
	switch {
	case runtime.GOOS == "windows":
		return getenv(windows)
	case !filepath.IsAbs(home):
		return ""
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Application Support")
	}
	return filepath.Join(home, unix)
}

// readableByOthers reports whether a file's mode lets others than its owner read it. Windows has no such modes.
func readableByOthers(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}
