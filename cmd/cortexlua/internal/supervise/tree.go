package supervise

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// tree finds the processes of a run: everything below the parent, less the daemons.
// What loses its own parent comes to us, the subreaper, and so stays in the tree.
type tree struct {
	self    int
	child   int
	daemons []daemon
	scan    bool // the kernel lists no children: read every process instead
}

// daemon is a registered daemon.
type daemon struct {
	process
	mark string
}

// maxDaemons bounds what a child can make us remember.
const maxDaemons = 1024

// register believes that a process is a daemon if it is what the child says, leads
// a session, and descends from us.
func (t *tree) register(pid int, ticks uint64, mark string) bool {
	p, ok := inspect(pid)
	if !ok || p.ticks != ticks || p.session != pid || pid == t.child || len(t.daemons) == maxDaemons {
		return false
	}
	if !t.descends(p) {
		return false
	}
	t.daemons = append(t.daemons, daemon{p, mark})
	return true
}

func (t *tree) descends(p process) bool {
	for range 64 {
		if p.parent == t.self || p.parent == t.child {
			return true
		}
		var ok bool
		if p, ok = inspect(p.parent); !ok || p.pid <= 1 {
			return false
		}
	}
	return false
}

// isDaemon reports whether p is a registered daemon, or of the session of one, or
// an orphan that carries its mark. What descends from one is pruned by the walk.
func (t *tree) isDaemon(p process) bool {
	for _, d := range t.daemons {
		if p.pid == d.pid && p.ticks == d.ticks {
			return true
		}
		if p.session == d.pid && p.pid != d.pid {
			// The kernel gives a number to nobody while it names a session. So it is the
			// daemon's session unless the number has gone to another process.
			if now, ok := inspect(d.pid); !ok || now.ticks == d.ticks {
				return true
			}
		}
	}
	return p.parent == t.self && p.pid != t.child && t.isMarked(p)
}

func (t *tree) isMarked(p process) bool {
	var env []byte
	for _, d := range t.daemons {
		if d.mark == "" {
			continue
		}
		if env == nil {
			env = p.environment()
		}
		if bytes.Contains(env, []byte("\x00"+d.mark+"\x00")) {
			return true
		}
	}
	return false
}

// members are the live processes of the tree with the child, parents before their
// children.
func (t *tree) members() []process {
	children := t.listChildren
	if t.scan || !t.kernelLists() {
		t.scan = true
		children = scanChildren()
	}
	var all []process
	seen := map[int]bool{t.self: true}
	for queue := []int{t.self}; len(queue) > 0; queue = queue[1:] {
		for _, pid := range children(queue[0]) {
			p, ok := inspect(pid)
			if !ok || seen[pid] || t.isDaemon(p) {
				continue
			}
			seen[pid] = true
			queue = append(queue, pid)
			if !p.dead {
				all = append(all, p)
			}
		}
	}
	return all
}

// kernelLists reports whether the kernel was built with CONFIG_PROC_CHILDREN.
func (t *tree) kernelLists() bool {
	_, err := os.Stat("/proc/self/task/" + strconv.Itoa(t.self) + "/children")
	return err == nil
}

// listChildren reads /proc/PID/task/TID/children of every thread: the kernel keeps
// children by the thread that forked. While children end, it may leave some out
// (proc_tid_children(5)), so who must miss none looks again until none is left.
//
// Of this process the main thread is enough. It forked the child, and orphans come
// to the first thread that lives (find_alive_thread in kernel/exit.c).
func (t *tree) listChildren(pid int) []int {
	dir := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads := []string{strconv.Itoa(pid)}
	if pid != t.self {
		threads = names(dir)
	}
	var pids []int
	for _, thread := range threads {
		raw, _ := readFile(dir + thread + "/children")
		for _, word := range strings.Fields(string(raw)) {
			if n, err := strconv.Atoi(word); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}

// scanChildren reads every process once.
func scanChildren() func(pid int) []int {
	children := map[int][]int{}
	for _, name := range names("/proc") {
		if pid, err := strconv.Atoi(name); err == nil {
			if p, ok := inspect(pid); ok {
				children[p.parent] = append(children[p.parent], pid)
			}
		}
	}
	return func(pid int) []int { return children[pid] }
}

// names lists a folder, unsorted.
func names(dir string) []string {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	list, _ := f.Readdirnames(-1)
	return list
}
