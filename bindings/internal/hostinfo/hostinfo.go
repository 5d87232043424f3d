// Package hostinfo reads the figures of the machine from /proc and the kernel:
// load, memory, disks, uptime, and who runs this program.
package hostinfo

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Info says what machine this is.
type Info struct {
	Hostname string
	Kernel   string // release, such as "6.1.0-18-amd64"
	Arch     string // as Go names it: amd64, arm64
	CPUs     int    // that this program may use
	Uptime   time.Duration
	BootID   string // random, drawn at every boot
	User     string // effective user; the number when it has no name
	UID      int
}

// Read tells what machine this is.
func Read() (Info, error) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return Info{}, fmt.Errorf("cannot ask the kernel for its name: %w", err)
	}
	boot, err := readProc("sys/kernel/random/boot_id")
	if err != nil {
		return Info{}, err
	}
	up, err := uptime()
	if err != nil {
		return Info{}, err
	}
	uid := os.Geteuid()
	return Info{
		Hostname: unix.ByteSliceToString(uts.Nodename[:]),
		Kernel:   unix.ByteSliceToString(uts.Release[:]),
		Arch:     runtime.GOARCH,
		CPUs:     runtime.NumCPU(),
		Uptime:   up,
		BootID:   strings.TrimSpace(string(boot)),
		User:     userName(uid),
		UID:      uid,
	}, nil
}

func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// uptime includes time asleep (proc_uptime(5), CLOCK_BOOTTIME).
func uptime() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0, fmt.Errorf("cannot read the clock since boot: %w", err)
	}
	return time.Duration(ts.Nano()), nil
}

// Load is the average number of tasks that ran or waited for a CPU or a disk.
type Load struct {
	One, Five, Fifteen float64 // minutes
	Running, Tasks     int     // at this moment; threads count
}

// ReadLoad reads /proc/loadavg.
func ReadLoad() (Load, error) {
	text, err := readProc("loadavg")
	if err != nil {
		return Load{}, err
	}
	return parseLoad(text)
}

// parseLoad reads "0.20 0.18 0.12 1/80 11206" (proc_loadavg(5)).
func parseLoad(text []byte) (Load, error) {
	var l Load
	_, err := fmt.Sscanf(string(text), "%f %f %f %d/%d", &l.One, &l.Five, &l.Fifteen, &l.Running, &l.Tasks)
	if err != nil {
		return Load{}, fmt.Errorf("cannot understand /proc/loadavg: %q", bytes.TrimSpace(text))
	}
	return l, nil
}

// Memory is in bytes.
type Memory struct {
	Total     int64
	Available int64 // what programs can get without swapping, as the kernel estimates
	SwapTotal int64
	SwapFree  int64
}

// ReadMemory reads /proc/meminfo. It is the machine's memory: a control group
// may allow less.
func ReadMemory() (Memory, error) {
	text, err := readProc("meminfo")
	if err != nil {
		return Memory{}, err
	}
	return parseMemory(text)
}

// parseMemory reads lines such as "MemTotal:  8023420 kB", where kB means 1,024
// bytes (proc_meminfo(5)).
func parseMemory(text []byte) (Memory, error) {
	var m Memory
	fields := map[string]*int64{
		"MemTotal": &m.Total, "MemAvailable": &m.Available, "SwapTotal": &m.SwapTotal, "SwapFree": &m.SwapFree,
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		at, ok := fields[name]
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return Memory{}, fmt.Errorf("cannot understand /proc/meminfo: %q", lines.Text())
		}
		*at = n << 10
		delete(fields, name)
	}
	if m.Total == 0 {
		return Memory{}, fmt.Errorf("cannot understand /proc/meminfo: it has no MemTotal")
	}
	return m, nil
}

func readProc(name string) ([]byte, error) {
	text, err := os.ReadFile("/proc/" + name)
	if err != nil {
		return nil, fmt.Errorf("%w: is /proc mounted?", err)
	}
	return text, nil
}
