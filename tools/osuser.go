package tools

import (
	"os"
	"os/user"
	"strconv"
	"sync"
)

// osUser names whose process this is, and on which host, such as "alice@laptop".
var osUser = sync.OnceValue(func() string {
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		return name
	}
	return name + "@" + host
})
