package csvdir

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// read opens a file and reads it.
func read(f Folder, path string) (string, error) {
	file, err := f.Open(path, Use{Argument: "roster_path", Most: 4})
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	return string(text), err
}

func TestOnlyTheAllowedFolderIsRead(t *testing.T) {
	base := t.TempDir()
	allowed, outside := filepath.Join(base, "lists"), filepath.Join(base, "secret.csv")
	for _, dir := range []string{filepath.Join(allowed, "sub"), filepath.Join(base, "lists2")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{outside, filepath.Join(base, "lists2", "x.csv"), filepath.Join(allowed, "sub", "ok.csv"), filepath.Join(allowed, "..dots.csv")} {
		if err := os.WriteFile(file, []byte("here"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{
		filepath.Join(allowed, "out.csv"): outside, filepath.Join(allowed, "up.csv"): "../secret.csv", filepath.Join(allowed, "updir"): "..",
		filepath.Join(allowed, "in.csv"): "sub/ok.csv", filepath.Join(base, "alias"): allowed,
	} {
		if err := os.Symlink(to, from); err != nil {
			t.Skip("no links here:", err)
		}
	}
	for path, want := range map[string]string{
		"sub/ok.csv":                            "",
		"./sub/../sub/ok.csv":                   "",
		filepath.Join(allowed, "sub", "ok.csv"): "",
		"in.csv":                                "",
		"..dots.csv":                            "",
		" sub/ok.csv ":                          "",
		"../secret.csv":                         "is outside of " + allowed,
		outside:                                 "is outside of " + allowed,
		filepath.Join(base, "lists2", "x.csv"):  "is outside of " + allowed,
		filepath.Join(allowed, "../secret.csv"): "is outside of " + allowed,
		"sub/../../secret.csv":                  "is outside of " + allowed,
		"out.csv":                               "can't be opened inside of " + allowed,
		"up.csv":                                "can't be opened inside of " + allowed,
		"updir/secret.csv":                      "can't be opened inside of " + allowed,
		"none.csv":                              `There is no file "none.csv" in ` + allowed,
		"sub":                                   `"sub" is a folder or a device`,
		"":                                      "The argument roster_path is empty",
		"a\u202eb.csv":                          `There is no file "ab.csv"`,
		"/proc/self/environ":                    "is outside of",
		filepath.Join(base, "alias", "in.csv"):  "is outside of " + allowed, // another name of the folder is not the folder
		filepath.Join(allowed, "sub", "no.csv"): "There is no file",
		filepath.Join(allowed, "x\x00y") + ".csv": "can't be opened",
	} {
		t.Run(path, func(t *testing.T) {
			text, err := read(Folder(allowed), path)
			switch {
			case want == "" && (err != nil || text != "here"):
				t.Errorf("%q, error %v", text, err)
			case want != "" && (!fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), want)):
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
	t.Run("a folder by a link", func(t *testing.T) {
		for _, path := range []string{"in.csv", filepath.Join(base, "alias", "in.csv"), filepath.Join(resolved(allowed), "in.csv")} {
			if text, err := read(Folder(filepath.Join(base, "alias")), path); err != nil || text != "here" {
				t.Errorf("%s: %q, %v", path, text, err)
			}
		}
	})
	t.Run("no folder", func(t *testing.T) {
		_, err := read("", outside)
		if !fault.Is(err, fault.NotConfigured) || !strings.Contains(err.Error(), "JIRA_LIFECYCLE_CSV_DIR") {
			t.Error(err)
		}
		if _, err = read(Folder(filepath.Join(base, "gone")), "x.csv"); !fault.Is(err, fault.NotConfigured) {
			t.Error(err)
		}
	})
}

func TestAFileMayHaveABound(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "big.csv"), make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Folder(dir).Open("big.csv", Use{Argument: "csv_path", Most: 2 << 20}); !fault.Is(err, fault.InvalidArgument) || !strings.Contains(err.Error(), "larger than 2 MB") {
		t.Error(err)
	}
	file, err := Folder(dir).Open("big.csv", Use{Argument: "csv_path"})
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
}

func TestWhatIsShownIsCleanedAndCapped(t *testing.T) {
	if got := Shown("a\u202eb\n"); got != `"ab"` {
		t.Error(got)
	}
	if got := Capped(strings.Repeat("x", 500)); got != strings.Repeat("x", 79)+"…" {
		t.Error(got)
	}
}
