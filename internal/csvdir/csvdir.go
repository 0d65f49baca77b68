// Package csvdir opens the files that a caller of a tool names: lists of people, an export, a roster. They lie in one folder that the settings allow, and
// nothing outside of it can be reached.
package csvdir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const hintFolder = "Put the file into that folder (JIRA_LIFECYCLE_CSV_DIR), and give its name or its whole path."

// Folder is the folder's absolute path; "" = no file may be read.
type Folder string

// Use says what a file is opened for.
type Use struct {
	Argument string // of the call that names it, such as csv_path
	Most     int64  // bytes that it may have; 0 = any number
}

// Open opens a file of the folder, by its name in it or by its whole path. No link leads out of the folder; links inside of it may be followed. The
// errors are faults.
func (f Folder) Open(path string, use Use) (*os.File, error) {
	if f == "" {
		return nil, fault.New(fault.NotConfigured, "Set JIRA_LIFECYCLE_CSV_DIR to the folder that holds such files, or leave "+use.Argument+" out.",
			"The settings allow no folder to read lists of people from.")
	}
	name, err := f.local(path, use)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, fault.New(fault.NotConfigured, "Correct JIRA_LIFECYCLE_CSV_DIR, or let the server's user read the folder.",
			"The folder for lists of people can't be opened: %s.", Reason(err)).Because(err)
	}
	defer func() { _ = root.Close() }()                                 // an open file outlives it
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would hold the call up
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, invalid(hintFolder, "There is no file %s in %s.", Shown(name), f)
	case errors.Is(err, fs.ErrPermission):
		return nil, invalid("Let the server's user read it.", "The file %s can't be read: permission denied.", Shown(name))
	case err != nil:
		return nil, invalid(hintFolder, "The file %s can't be opened inside of %s: %s.", Shown(name), f, Reason(err)).Because(err)
	}
	if err := readable(file, name, use.Most); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// local turns a path into one relative to the folder, and refuses any that leaves it.
func (f Folder) local(path string, use Use) (string, error) {
	path = strings.TrimSpace(path)
	if path == "" {
		return "", invalid(hintFolder, "The argument %s is empty.", use.Argument)
	}
	if filepath.IsAbs(path) {
		for _, dir := range []string{string(f), resolved(string(f))} {
			if inside, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(inside) {
				return inside, nil
			}
		}
	} else if filepath.IsLocal(path) {
		return filepath.Clean(path), nil
	}
	return "", invalid(hintFolder, "The file %s is outside of %s, the only folder that lists of people may be read from.", Shown(path), f)
}

// resolved gives a folder's name without links, or the folder as it is.
func resolved(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// readable refuses what is no ordinary file, or too big.
func readable(file *os.File, name string, most int64) error {
	info, err := file.Stat()
	switch {
	case err != nil:
		return invalid(hintFolder, "The file %s can't be read: %s.", Shown(name), Reason(err)).Because(err)
	case !info.Mode().IsRegular():
		return invalid("Give a CSV file.", "%s is a folder or a device, not a file.", Shown(name))
	case most > 0 && info.Size() > most:
		return TooBig(most)
	}
	return nil
}

// TooBig makes the fault of a file that has more than most bytes.
func TooBig(most int64) *fault.Error {
	return invalid("Split the list, and leave out what is not needed.", "The file is larger than %d MB, which is more than any list of people needs.", most>>20)
}

// Reason gives an error of the operating system without the path, which the message has already.
func Reason(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return err.Error()
}

const maxShown = 80 // characters

// Shown is a text from outside in quotes, cleaned and capped.
func Shown(text string) string { return `"` + Capped(text) + `"` }

// Capped is a text from outside, cleaned and capped.
func Capped(text string) string {
	runes := []rune(rest.Clean(text))
	if len(runes) > maxShown {
		runes = append(runes[:maxShown-1], '…')
	}
	return string(runes)
}

func invalid(hint, format string, args ...any) *fault.Error {
	return fault.New(fault.InvalidArgument, hint, format, args...)
}
