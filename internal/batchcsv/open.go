package batchcsv

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// maxFile is far above a list of a thousand people.
const maxFile = 16 << 20

const hintFolder = "Put the file into that folder (JIRA_LIFECYCLE_CSV_DIR), and give its name or its whole path."

// open opens a file of the allowed folder. Nothing outside of it can be reached, by no link either; links inside of it may be followed.
func (l Lists) open(path string) (*os.File, error) {
	if l.Dir == "" {
		return nil, fault.New(fault.NotConfigured, "Set JIRA_LIFECYCLE_CSV_DIR to the folder that holds such lists, or give the people in the call itself.",
			"The settings allow no folder to read lists of people from.")
	}
	name, err := l.local(path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(l.Dir)
	if err != nil {
		return nil, fault.New(fault.NotConfigured, "Correct JIRA_LIFECYCLE_CSV_DIR, or let the server's user read the folder.",
			"The folder for lists of people can't be opened: %s.", reason(err)).Because(err)
	}
	defer func() { _ = root.Close() }()                                 // an open file outlives it
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would hold the call up
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, invalid(hintFolder, "There is no file %s in %s.", shown(name), l.Dir)
	case errors.Is(err, fs.ErrPermission):
		return nil, invalid("Let the server's user read it.", "The file %s can't be read: permission denied.", shown(name))
	case err != nil:
		return nil, invalid(hintFolder, "The file %s can't be opened inside of %s: %s.", shown(name), l.Dir, reason(err)).Because(err)
	}
	if err := readable(file, name); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// local turns a path into one relative to the folder, and refuses any that leaves it.
func (l Lists) local(path string) (string, error) {
	path = strings.TrimSpace(path)
	if path == "" {
		return "", invalid(hintFolder, "The argument csv_path is empty.")
	}
	if filepath.IsAbs(path) {
		for _, dir := range []string{l.Dir, resolved(l.Dir)} {
			if inside, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(inside) {
				return inside, nil
			}
		}
	} else if filepath.IsLocal(path) {
		return filepath.Clean(path), nil
	}
	return "", invalid(hintFolder, "The file %s is outside of %s, the only folder that lists of people may be read from.", shown(path), l.Dir)
}

// resolved gives a folder's name without links, or the folder as it is.
func resolved(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// readable refuses what is no ordinary file of a sensible size.
func readable(file *os.File, name string) error {
	info, err := file.Stat()
	switch {
	case err != nil:
		return invalid(hintFolder, "The file %s can't be read: %s.", shown(name), reason(err)).Because(err)
	case !info.Mode().IsRegular():
		return invalid("Give a CSV file.", "%s is a folder or a device, not a file.", shown(name))
	case info.Size() > maxFile:
		return tooBig()
	}
	return nil
}

func tooBig() error {
	return invalid("Split the list, and leave out what is not needed.", "The file is larger than %d MB, which is more than any list of people needs.", maxFile>>20)
}

// reason gives an error of the operating system without the path, which the message has already.
func reason(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return err.Error()
}

func invalid(hint, format string, args ...any) *fault.Error {
	return fault.New(fault.InvalidArgument, hint, format, args...)
}
