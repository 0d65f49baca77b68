package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
)

// owner is whom a server runs as when this process is root, which PostgreSQL refuses; nil is this process's own user.
type owner struct{ uid, gid uint32 }

// unprivileged finds the user that servers run as.
func unprivileged() (*owner, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &owner{uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and this system has neither a user postgres nor a user nobody")
}

// give makes the folder the owner's.
func (o *owner) give(dir string) error {
	if o == nil {
		return nil
	}
	return os.Chown(dir, int(o.uid), int(o.gid))
}

// attributes make a process run as the owner, and end when this process does however that ends: SIGQUIT is PostgreSQL's immediate shutdown.
func (o *owner) attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if o != nil {
		a.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid}
	}
	return a
}

// run starts a command, tells how that went, and waits for its end. The signal of attributes comes when the thread that started the command
// ends, so this goroutine keeps its thread for as long.
func run(cmd *exec.Cmd, began chan<- error, exited chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(exited)
	err := cmd.Start()
	began <- err
	if err == nil {
		_ = cmd.Wait() // the server's own log says more
	}
}
