package proc

import (
	"bytes"
	"errors"
	"io/fs"
	"time"
)

// readSettled reads the command line or the environment of a process. Both are
// empty while it is in the middle of an exec (fs/proc/base.c: env_end is not set
// yet). To take that for "carries no cookie" would let a process slip through a
// stop, so an empty answer is believed only if the other file is not empty and no
// exec came in between: the arguments lie at the same random address all the time.
func readSettled(pid int, name, other string) ([]byte, error) {
	const pause, patience, sure = time.Millisecond, 100 * time.Millisecond, 3
	var mark uint64
	same := 0
	for start := time.Now(); ; time.Sleep(pause) {
		raw, err := readProcAll(pid, name)
		if err != nil || len(raw) > 0 || same == sure {
			return raw, err
		}
		st, err := Inspect(pid)
		if err != nil || st.Dead() || st.Kernel() || time.Since(start) > patience {
			return nil, err
		}
		beside, err := readProcAll(pid, other)
		if errors.Is(err, fs.ErrPermission) {
			return nil, nil // another user's: what it may hide is not for us
		}
		if err != nil {
			return nil, err
		}
		if now := argStart(pid); now == mark && now != 0 && len(beside) > 0 {
			same++
		} else {
			mark, same = now, 0
		}
	}
}

// argStart is field 48 of /proc/PID/stat: where the arguments begin in memory. It is
// 0 if this program may not trace the process.
func argStart(pid int) uint64 {
	var buf [1024]byte
	n, err := readProc(pid, "stat", buf[:])
	if err != nil {
		return 0
	}
	rest := buf[bytes.LastIndexByte(buf[:n], ')')+1 : n]
	var word []byte
	for field, ok := 3, true; field <= 48; field++ {
		if word, rest, ok = nextWord(rest); !ok {
			return 0
		}
	}
	at, _ := parseUint(word)
	return at
}
