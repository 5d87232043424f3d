package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine tells what the figures were measured on.
func machine() string {
	return fmt.Sprintf("%s\ncpus: %d (%s)  memory: %s  kernel: %s  %s\nload average at the start: %s",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.NumCPU(), fact("/proc/cpuinfo", "model name"),
		fact("/proc/meminfo", "MemTotal"), firstLine("/proc/sys/kernel/osrelease"), runtime.Version(), loadAverage())
}

func loadAverage() string {
	fields := strings.Fields(firstLine("/proc/loadavg"))
	return strings.Join(fields[:min(3, len(fields))], " ")
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(line)
}

// fact gives the value of the first "key: value" line.
func fact(path, key string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// systemPython gives Debian's python3, not the wrapper of a version manager.
func systemPython() string {
	if _, err := os.Stat("/usr/bin/python3"); err == nil {
		return "/usr/bin/python3"
	}
	path, _ := exec.LookPath("python3")
	return path
}
