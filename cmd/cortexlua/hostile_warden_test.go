package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// wardenOrder is what one run of a hostile script is watched with.
type wardenOrder struct {
	Args     []string
	Env      []string
	Dir      string
	Stuck    bool          // read nothing before the end
	Patience time.Duration // when the run is given up and killed
}

// wardenReport is what the warden saw.
type wardenReport struct {
	Exit   int // -1: a signal ended it
	Signal string
	Start  time.Time
	End    time.Time
	Peak   int64         // bytes resident, the whole tree
	Stall  time.Duration // the longest that the machine kept the idle warden waiting
	Left   []string      // what still ran when the program had ended
	Stdout string        // head and tail
	Stderr string
}

// wardenMain is a process of its own for each script. As a subreaper it stays the
// ancestor of all that the script starts, whatever session that flees to; so what
// is left running is known, and killed.
func wardenMain() {
	var o wardenOrder
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		panic(err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	rep, err := o.watch()
	if err != nil {
		panic(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(rep)
	os.Exit(0)
}

func (o wardenOrder) watch() (rep wardenReport, err error) {
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return rep, err
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		return rep, err
	}
	cmd := exec.Command(o.Args[0], o.Args[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = o.Env, o.Dir, outWrite, errWrite
	// A group of its own: what it signals as its group is not the warden.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	rep.Start = time.Now()
	if err := cmd.Start(); err != nil {
		return rep, err
	}
	outWrite.Close()
	errWrite.Close()

	var stdout, stderr excerpt
	var readers sync.WaitGroup
	ended := make(chan struct{})
	readers.Go(func() { _, _ = io.Copy(&stderr, errRead) })
	readers.Go(func() {
		if o.Stuck {
			<-ended
		}
		_, _ = io.Copy(&stdout, outRead)
	})
	meter := &treeMeter{}
	readers.Go(func() { meter.watch(ended) })
	giveUp := time.AfterFunc(o.Patience, func() { _ = cmd.Process.Kill() })
	state, _ := cmd.Process.Wait() // blocks in the kernel: no poll adds to the time
	rep.End = time.Now()
	giveUp.Stop()
	close(ended)
	rep.Exit = state.ExitCode()
	if ws := state.Sys().(syscall.WaitStatus); ws.Signaled() {
		rep.Signal = ws.Signal().String()
	}
	rep.Left = leftOver()
	readers.Wait()
	rep.Peak, rep.Stall = max(meter.peak, largestChild(state)), meter.stall
	rep.Stdout, rep.Stderr = stdout.String(), stderr.String()
	return rep, nil
}

// leftOver names what still runs, after the moment that the kernel may need to end
// what was killed, and kills it.
func leftOver() []string {
	var names []string
	for end := time.Now().Add(300 * time.Millisecond); ; time.Sleep(5 * time.Millisecond) {
		names = names[:0]
		for _, pid := range descendants(os.Getpid()) {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if err != nil || bytes.Contains(stat, []byte(") Z ")) || bytes.Contains(stat, []byte(") X ")) {
				continue
			}
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			names = append(names, fmt.Sprintf("%d %s", pid, bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		}
		if len(names) == 0 || time.Now().After(end) {
			break
		}
	}
	for range 20 { // the killed may have forked meanwhile
		all := descendants(os.Getpid())
		for _, pid := range all {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
		if len(all) == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return names
}

// largestChild is the peak of the largest single process, by the kernel's count.
// It was waited for by its parent, or it does not count here.
func largestChild(state *os.ProcessState) int64 {
	ru, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return ru.Maxrss << 10
}

// treeMeter samples the resident memory of all descendants.
type treeMeter struct {
	peak  int64
	stall time.Duration
}

func (m *treeMeter) watch(ended <-chan struct{}) {
	const pause = 5 * time.Millisecond
	for {
		slept := time.Now()
		select {
		case <-ended:
			return
		case <-time.After(pause):
			m.stall = max(m.stall, time.Since(slept)-pause)
			m.sample()
		}
	}
}

// sample adds up resident memory. Pages that processes share count once for each,
// so that a sum above the bound is added up again by proportional shares.
func (m *treeMeter) sample() {
	pids := descendants(os.Getpid())
	var sum int64
	for _, pid := range pids {
		sum += residentOf(pid)
	}
	if sum > hostileMemory {
		sum = 0
		for _, pid := range pids {
			sum += shareOf(pid)
		}
	}
	m.peak = max(m.peak, sum)
}

func residentOf(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(data))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func shareOf(pid int) int64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "Pss:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// descendants lists the processes below pid, without pid.
func descendants(pid int) []int {
	var out []int
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range files {
		data, _ := os.ReadFile(f)
		for _, word := range strings.Fields(string(data)) {
			if child, err := strconv.Atoi(word); err == nil {
				out = append(append(out, child), descendants(child)...)
			}
		}
	}
	return out
}

// excerpt keeps the beginning and the end of a stream, and notices what must not
// be anywhere in it.
type excerpt struct {
	head, tail []byte
	escaped    bool
}

const excerptSize = 8 << 10

// Write takes a part of the stream.
func (e *excerpt) Write(p []byte) (int, error) {
	if n := excerptSize - len(e.head); n > 0 {
		e.head = append(e.head, p[:min(n, len(p))]...)
	}
	seam := append(e.tail[max(0, len(e.tail)-16):len(e.tail):len(e.tail)], p[:min(16, len(p))]...)
	e.escaped = e.escaped || bytes.Contains(seam, []byte("ESCAPED")) || bytes.Contains(p, []byte("ESCAPED"))
	e.tail = append(e.tail, p...)
	e.tail = bytes.Clone(e.tail[max(0, len(e.tail)-excerptSize):])
	return len(p), nil
}

func (e *excerpt) String() string {
	text := string(e.head)
	if len(e.head) == excerptSize {
		text += "\n...\n" + string(e.tail)
	}
	if e.escaped && !strings.Contains(text, "ESCAPED") {
		text += "\nESCAPED in what was left out\n"
	}
	return text
}
