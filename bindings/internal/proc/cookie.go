package proc

import (
	"bytes"
	"crypto/rand"
)

// CookieVar is the variable that marks a daemon and everything it starts. A
// grandchild that moved to its own session and lost its parent is found by it.
const CookieVar = "CORTEXLUA_DAEMON"

// NewCookie returns a value for [CookieVar] that no other start has: the
// daemon's name and 26 random characters.
func NewCookie(name string) string { return name + ":" + rand.Text() }

// Cookie returns the cookie that a process carries, or "" if it carries none or
// its environment cannot be read.
func Cookie(pid int) string {
	raw, err := readSettled(pid, "environ", "cmdline")
	if err != nil {
		return ""
	}
	for entry := range bytes.SplitSeq(raw, []byte{0}) {
		if value, ok := bytes.CutPrefix(entry, []byte(CookieVar+"=")); ok {
			return string(value)
		}
	}
	return ""
}
