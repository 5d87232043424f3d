package demohome

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Process is a live process that has to do with a home.
type Process struct {
	PID     int
	Parent  int
	Group   int    // the process group
	Start   uint64 // when it began: clock ticks since boot, as in proc_pid_stat(5)
	Command string // its arguments, joined by spaces
	// Daemon: its environment carries the home's run directory, so it is a daemon of
	// the home or a child of one. Others merely name the home or stand in it, like
	// the shell of somebody who looks around.
	Daemon bool
}

// Processes lists the live processes of the home: those with CORTEX_HOME or the run
// directory in their environment, and those that work in a directory of it. Zombies
// and the calling process are not among them, nor are processes of other users that
// cannot be looked at. An empty list after a stop is the proof that nothing is left.
func (h *Home) Processes() ([]Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("cannot list the processes of the demo home: %w", err)
	}
	var found []Process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if p, ok := h.look(pid); ok {
			found = append(found, p)
		}
	}
	return found, nil
}

// Kill ends with SIGKILL every process of the home that is marked Daemon, waits until
// they are gone, and returns those that it met. It is for cleaning up after a test or
// an interrupted demo; daemons in order are stopped with TERM.
func (h *Home) Kill(ctx context.Context) ([]Process, error) {
	var met []Process
	for {
		live, err := h.Processes()
		if err != nil {
			return met, err
		}
		live = slices.DeleteFunc(live, func(p Process) bool { return !p.Daemon })
		if len(live) == 0 {
			return met, nil
		}
		for _, p := range live {
			if !slices.ContainsFunc(met, p.same) {
				met = append(met, p)
			}
			if err := h.kill(p); err != nil {
				return met, err
			}
		}
		select {
		case <-ctx.Done():
			return met, fmt.Errorf("cannot end what is left of the demo home: %w: %s", context.Cause(ctx), describe(live))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// kill proves the process again between taking hold of it (os.FindProcess holds a
// pidfd on Linux) and the signal, so a reused pid is not hit.
func (h *Home) kill(p Process) error {
	handle, err := os.FindProcess(p.PID)
	if err != nil {
		return err
	}
	defer func() { _ = handle.Release() }()
	if now, ok := h.look(p.PID); !ok || !now.same(p) {
		return nil
	}
	if err := handle.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("cannot end process %d (%s): %w", p.PID, p.Command, err)
	}
	return nil
}

func (p Process) same(q Process) bool { return p.PID == q.PID && p.Start == q.Start }

// look describes the process if it is alive and has to do with the home.
func (h *Home) look(pid int) (Process, bool) {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	p, ok := readStat(proc)
	if !ok {
		return Process{}, false
	}
	environ, _ := os.ReadFile(filepath.Join(proc, "environ"))
	variables := strings.Split(string(environ), "\x00")
	p.Daemon = slices.Contains(variables, runDirVariable+"="+h.RunDir)
	if !p.Daemon && !slices.Contains(variables, "CORTEX_HOME="+h.Dir) && !h.contains(proc) {
		return Process{}, false
	}
	arguments, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
	p.PID = pid
	p.Command = strings.TrimSpace(strings.ReplaceAll(string(arguments), "\x00", " "))
	return p, true
}

// contains tells whether the process works in a directory of the home, be it deleted.
func (h *Home) contains(proc string) bool {
	cwd, err := os.Readlink(filepath.Join(proc, "cwd"))
	if err != nil {
		return false
	}
	cwd = strings.TrimSuffix(cwd, " (deleted)")
	return cwd == h.Dir || strings.HasPrefix(cwd, h.Dir+"/")
}

// readStat reads what is needed of /proc/PID/stat. The name of the program, in
// parentheses, may hold anything, so the fields are counted from the last one.
func readStat(proc string) (Process, bool) {
	stat, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return Process{}, false
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return Process{}, false
	}
	parent, _ := strconv.Atoi(fields[1])
	group, _ := strconv.Atoi(fields[2])
	start, err := strconv.ParseUint(fields[19], 10, 64)
	return Process{Parent: parent, Group: group, Start: start}, err == nil
}

func describe(processes []Process) string {
	names := make([]string, len(processes))
	for i, p := range processes {
		names[i] = fmt.Sprintf("%d (%s)", p.PID, p.Command)
	}
	return strings.Join(names, ", ")
}
