package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// bed is the folder of one fleet under one system.
//
//	names/   an empty file for each daemon
//	run/     the ready files
//	logs/    the logs
//	pids/    the pidfiles of the shell procedures
type bed struct {
	dir   string
	names []string
	tools tools
	// manager is the process of a resident system; nil for the others.
	manager *os.Process
}

func newBed(work string, n int, t tools) (*bed, error) {
	dir, err := os.MkdirTemp(work, "bed")
	if err != nil {
		return nil, err
	}
	b := &bed{dir: dir, tools: t}
	for _, sub := range []string{"names", "run", "logs", "pids", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	for i := range n {
		name := fmt.Sprintf("d%04d", i+1)
		b.names = append(b.names, name)
		if err := os.WriteFile(filepath.Join(dir, "names", name), nil, 0o644); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// env is the environment of every command that is measured.
func (b *bed) env() []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + b.dir, "LANG=C.UTF-8", "TMPDIR=" + filepath.Join(b.dir, "tmp"),
		"BED=" + b.dir, "BIN=" + b.tools.daemon,
	}
}

func (b *bed) ready(name string) string { return filepath.Join(b.dir, "run", name+".ready") }
func (b *bed) log(name string) string   { return filepath.Join(b.dir, "logs", name+".log") }

// ready is what a daemon wrote when it became ready.
type ready struct {
	pid int
	at  instant
}

var errNotReady = errors.New("not ready")

func (b *bed) readReady(name string) (ready, error) {
	text, err := os.ReadFile(b.ready(name))
	if err != nil {
		return ready{}, err
	}
	pid, at, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	r := ready{}
	if r.pid, err = strconv.Atoi(pid); err != nil {
		return ready{}, errNotReady
	}
	nanos, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return ready{}, errNotReady
	}
	r.at = instant(nanos)
	return r, nil
}

// awaitReady waits until the daemon has become ready after since.
func (b *bed) awaitReady(name string, since instant, limit time.Duration) (ready, error) {
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		r, err := b.readReady(name)
		if err == nil && r.at > since {
			return r, nil
		}
		if time.Now().After(deadline) {
			return ready{}, fmt.Errorf("%s was not ready within %s", name, limit)
		}
	}
}

// awaitAllReady gives each daemon's process and the moment at which the last was
// ready.
func (b *bed) awaitAllReady(since instant, limit time.Duration) (pids []int, last instant, err error) {
	for _, name := range b.names {
		r, err := b.awaitReady(name, since, limit)
		if err != nil {
			return nil, 0, errors.Join(err, b.tail(name))
		}
		pids = append(pids, r.pid)
		last = max(last, r.at)
	}
	return pids, last, nil
}

// tail gives the end of a daemon's log as an error; nil when it is empty.
func (b *bed) tail(name string) error {
	text, err := os.ReadFile(b.log(name))
	if err != nil || len(text) == 0 {
		return nil
	}
	return errors.New("its log: " + strings.TrimSpace(string(text[max(0, len(text)-500):])))
}
