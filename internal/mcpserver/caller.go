package mcpserver

import (
	"context"
	"crypto/rand"
	"os"
	"os/user"
	"strconv"
	"sync"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/request"
)

// Shell gives the context of a command that somebody runs in the server's own shell: who that is, for the record and for the guards. They own the
// operations of the server, but nobody approves their own request, here neither.
func Shell(ctx context.Context, program string) context.Context {
	return request.With(ctx, request.Info{ID: rand.Text()[:10], Caller: localCaller(), Client: program, OSUser: osUser(), Operator: true})
}

// localCaller is the identity of the person at this machine, for clients on stdio and for commands alike: the user of this process or, where that is
// root through sudo, the user who called sudo. So whoever asked for a change can't become a second person by sudo, and root, whom several may be, is
// an identity only where sudo does not say whose. It is no fence against root itself, who may also write what sudo writes; and sudo -u NAME makes
// somebody NAME, as signing in would.
func localCaller() string { return "local:" + personAt(os.Getuid(), os.Getenv) }

// personAt is the id of the user behind a process of the user uid. SUDO_UID counts for root alone: any other user can set it to anything.
func personAt(uid int, getenv func(string) string) string {
	switch uid {
	case 0:
		if by, err := strconv.ParseUint(getenv("SUDO_UID"), 10, 32); err == nil {
			return strconv.FormatUint(by, 10)
		}
	case -1: // Windows has no numbers for users
		if u, err := user.Current(); err == nil {
			return u.Uid
		}
	}
	return strconv.Itoa(uid)
}

// osUser names the user of this process and its machine, such as "alice@laptop", or "alice@laptop as root" through sudo.
var osUser = sync.OnceValue(func() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	id := personAt(os.Getuid(), os.Getenv)
	name := "uid " + id
	if u, err := user.LookupId(id); err == nil {
		name = u.Username
	}
	if os.Getuid() == 0 && id != "0" {
		return name + "@" + host + " as root"
	}
	return name + "@" + host
})
