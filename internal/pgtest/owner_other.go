//go:build !linux

package pgtest

import (
	"os/exec"
	"syscall"
)

// owner is whom a server runs as; here always this process's own user.
type owner struct{}

func unprivileged() (*owner, error) { return nil, nil }

func (*owner) give(string) error { return nil }

func (*owner) attributes() *syscall.SysProcAttr { return nil }

// run starts a command, tells how that went, and waits for its end.
func run(cmd *exec.Cmd, began chan<- error, exited chan<- struct{}) {
	defer close(exited)
	err := cmd.Start()
	began <- err
	if err == nil {
		_ = cmd.Wait() // the server's own log says more
	}
}
