package main

import (
	"os"
	"strconv"
)

// searchPath is the PATH that programs are started with. Cron gives a short one
// and sometimes none.
func searchPath(path string) string {
	if path == "" {
		return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	return path
}

// userName says who runs this, for people. The user database is not asked: it
// may be on a network that hangs.
func userName() string {
	for _, name := range []string{"SUDO_USER", "LOGNAME", "USER"} {
		if user := os.Getenv(name); user != "" {
			return user
		}
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
