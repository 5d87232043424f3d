package main

import (
	"fmt"
	"io/fs"
	"os/user"
	"slices"
	"strconv"
	"syscall"

	"github.com/cortexlua/cortexlua/runtime"
)

const openNonblock = syscall.O_NONBLOCK

// check tells why somebody else may have written a file or folder.
func (t trust) check(path string, info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case len(t.owners) > 0 && (!ok || !slices.Contains(t.owners, st.Uid)):
		return distrust(path, "it belongs to "+nameOf(st.Uid), fmt.Sprintf("chown %s %s", nameOf(t.owners[0]), path))
	case info.Mode().Perm()&t.others != 0:
		return distrust(path, fmt.Sprintf("others may write to it (mode %04o)", info.Mode().Perm()), "chmod go-w "+path)
	}
	return nil
}

func distrust(path, why, next string) error {
	return runtime.Errorf(runtime.Denied, "cannot trust the policy: %s: %s", path, why).
		WithHint("look at what it says, then: %s", next)
}

func nameOf(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
