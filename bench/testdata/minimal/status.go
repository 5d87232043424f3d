package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ticksPerSecond is USER_HZ, 100 on every platform that Go runs on.
const ticksPerSecond = 100

// status prints one line for each daemon: state, pid, uptime, CPU time, memory.
func (f fleet) status() error {
	members, err := f.load()
	if err != nil {
		return err
	}
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		return err
	}
	out := make([]byte, 0, 64*len(members))
	for _, m := range members {
		stat := statFields(m.pid)
		out = append(out, m.name...)
		if len(stat) < 22 || stat[19] != m.ticks || stat[0] == "Z" {
			out = append(out, " dead\n"...)
			continue
		}
		out = append(out, " running "...)
		out = strconv.AppendInt(out, int64(m.pid), 10)
		out = append(out, ' ')
		out = strconv.AppendInt(out, info.Uptime-number(stat[19])/ticksPerSecond, 10)
		out = append(out, "s "...)
		out = strconv.AppendInt(out, (number(stat[11])+number(stat[12]))*1000/ticksPerSecond, 10)
		out = append(out, "ms "...)
		out = strconv.AppendInt(out, number(stat[21])*int64(os.Getpagesize())/1024, 10)
		out = append(out, "KiB\n"...)
	}
	_, err = os.Stdout.Write(out)
	return err
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// statFields gives the fields of /proc/PID/stat from the third on, the state;
// nil when there is no such process.
func statFields(pid int) []string {
	fd, err := syscall.Open("/proc/"+strconv.Itoa(pid)+"/stat", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer syscall.Close(fd)
	var buf [1024]byte
	n, err := syscall.Read(fd, buf[:])
	if err != nil {
		return nil
	}
	_, rest, ok := bytes.Cut(buf[:n], []byte(") "))
	if !ok {
		return nil
	}
	return strings.Fields(string(rest))
}

func startTicks(pid int) string {
	if stat := statFields(pid); len(stat) > 19 {
		return stat[19]
	}
	return ""
}

// save replaces the state file.
func (f fleet) save(members []member) error {
	var out []byte
	for _, m := range members {
		out = append(out, m.name+" "+strconv.Itoa(m.pid)+" "+m.ticks+"\n"...)
	}
	tmp := f.bed + "/minimal.state.new"
	if err := os.WriteFile(tmp, out, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, f.bed+"/minimal.state")
}

func (f fleet) load() ([]member, error) {
	text, err := os.ReadFile(f.bed + "/minimal.state")
	if err != nil {
		return nil, err
	}
	var members []member
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		pid, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, err
		}
		members = append(members, member{name: fields[0], pid: pid, ticks: fields[2]})
	}
	return members, nil
}
