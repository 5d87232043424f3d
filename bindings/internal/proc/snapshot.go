package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
)

// Snapshot is one look at all processes. It is not atomic: a process that forks
// and ends during the scan may show neither itself nor its child, so whoever must
// be sure looks twice. It is safe for concurrent use and never changes.
type Snapshot struct {
	procs []Stat // by pid

	once     sync.Once
	children map[int][]int // parent pid to positions in procs

	mu      sync.Mutex
	cookies map[int]string // pid to cookie, read on demand
	lines   map[int]*candidate

	newest string // the pid given out last before the scan
}

// Scan looks at all processes now. Callers who may share a look use a [Table].
func Scan() (*Snapshot, error) {
	newest := newestPID()
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("cannot list processes: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("cannot list processes: %w", err)
	}
	s := &Snapshot{procs: make([]Stat, 0, len(names)), newest: newest}
	for _, name := range names {
		pid, ok := parsePID(name)
		if !ok {
			continue
		}
		var st Stat
		switch err := inspect(pid, &st); {
		case errors.Is(err, ErrGone):
			continue
		case errors.Is(err, fs.ErrPermission): // hidden: proc is mounted with hidepid=1
			continue
		case err != nil:
			return nil, err
		}
		s.procs = append(s.procs, st)
	}
	slices.SortFunc(s.procs, func(a, b Stat) int { return a.PID - b.PID })
	return s, nil
}

func parsePID(name string) (int, bool) {
	n := 0
	for i := range len(name) {
		c := name[i]
		if c < '0' || c > '9' || n > 1<<24 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, n > 0
}

// All returns every process, by pid. The slice belongs to the snapshot.
func (s *Snapshot) All() []Stat { return s.procs }

// Get returns the process that held pid.
func (s *Snapshot) Get(pid int) (Stat, bool) {
	i, ok := slices.BinarySearchFunc(s.procs, pid, func(st Stat, pid int) int { return st.PID - pid })
	if !ok {
		return Stat{}, false
	}
	return s.procs[i], true
}

// Children returns the processes whose parent is pid.
func (s *Snapshot) Children(pid int) []Stat {
	s.once.Do(s.index)
	var out []Stat
	for _, i := range s.children[pid] {
		out = append(out, s.procs[i])
	}
	return out
}

func (s *Snapshot) index() {
	s.children = make(map[int][]int, len(s.procs))
	for i := range s.procs {
		parent := s.procs[i].PPID
		s.children[parent] = append(s.children[parent], i)
	}
}

// Descendants returns the children of pid, their children and so on. A child
// whose parent ended belongs to pid 1 and is not among them.
func (s *Snapshot) Descendants(pid int) []Stat {
	var out []Stat
	seen := map[int]bool{pid: true}
	for todo := []int{pid}; len(todo) > 0; todo = todo[1:] {
		for _, child := range s.Children(todo[0]) {
			if !seen[child.PID] {
				seen[child.PID] = true
				out = append(out, child)
				todo = append(todo, child.PID)
			}
		}
	}
	return out
}

// Group returns the members of a process group.
func (s *Snapshot) Group(pgrp int) []Stat {
	return s.filter(func(st *Stat) bool { return st.PGRP == pgrp })
}

// Session returns the members of a session.
func (s *Snapshot) Session(sid int) []Stat {
	return s.filter(func(st *Stat) bool { return st.Session == sid })
}

// Carrying returns the processes that carry the cookie in their environment; see
// [NewCookie]. Only processes of this user are seen, or all if we are root.
func (s *Snapshot) Carrying(cookie string) []Stat {
	return s.carrying(cookie, 0)
}

// carrying looks only at processes that started at or after a tick: nothing that
// a daemon started is older than the daemon.
func (s *Snapshot) carrying(cookie string, since uint64) []Stat {
	if cookie == "" {
		return nil
	}
	return s.filter(func(st *Stat) bool {
		return st.StartTicks >= since && !st.Kernel() && !st.Dead() && s.cookieOf(st.PID) == cookie
	})
}

// cookieOf reads a cookie once a snapshot, however many stops share it.
func (s *Snapshot) cookieOf(pid int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cookie, ok := s.cookies[pid]; ok {
		return cookie
	}
	cookie := Cookie(pid)
	if s.cookies == nil {
		s.cookies = make(map[int]string)
	}
	s.cookies[pid] = cookie
	return cookie
}

// candidate reads a command line once a snapshot, however many searches share it;
// nil for a process that cannot be read.
func (s *Snapshot) candidate(pid int) *candidate {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.lines[pid]; ok {
		return c
	}
	var found *candidate
	if c, err := readCandidate(pid); err == nil {
		found = &c
	}
	if s.lines == nil {
		s.lines = make(map[int]*candidate)
	}
	s.lines[pid] = found
	return found
}

// calm reports whether no process has started since before the scan, so that the
// snapshot holds every process that lives now.
func (s *Snapshot) calm() bool { return s.newest != "" && s.newest == newestPID() }

// newestPID is the pid that was given out last in this pid namespace: the fifth
// field of /proc/loadavg (proc(5)). It is "" if it cannot be read.
func newestPID() string {
	raw, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(raw))
	if err != nil || len(fields) < 5 {
		return ""
	}
	return fields[4]
}

func (s *Snapshot) filter(keep func(*Stat) bool) []Stat {
	var out []Stat
	for i := range s.procs {
		if keep(&s.procs[i]) {
			out = append(out, s.procs[i])
		}
	}
	return out
}
