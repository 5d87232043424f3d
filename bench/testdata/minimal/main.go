// Command minimal does the least that a program can do to start, stop, restart
// and show daemons correctly: no script, no record, no locks, no checks beside
// the identity of a process. It is the floor that the benchmark compares with.
//
//	minimal start|stop|restart|status BED BIN COUNT
package main

import (
	"errors"
	"os"
	"strconv"
)

// fleet is a set of daemons in a folder: BED/run holds their ready files,
// BED/logs their logs, BED/minimal.state who they are.
type fleet struct {
	bed, bin string
	count    int
}

// member is a running daemon; ticks is its start time, /proc/PID/stat field 22.
type member struct {
	name  string
	pid   int
	ticks string
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		println("minimal:", err.Error())
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 4 {
		return errors.New("usage: minimal start|stop|restart|status BED BIN COUNT")
	}
	count, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	f := fleet{bed: args[1], bin: args[2], count: count}
	switch args[0] {
	case "start":
		members, err := f.start(f.names())
		if err != nil {
			return err
		}
		return f.save(members)
	case "stop":
		return f.stop()
	case "restart":
		return f.restart()
	case "status":
		return f.status()
	}
	return errors.New("unknown command " + args[0])
}

// names gives the names of all daemons: d0001 and so on.
func (f fleet) names() []string {
	names := make([]string, f.count)
	for i := range names {
		digits := strconv.Itoa(10000 + i + 1)
		names[i] = "d" + digits[1:]
	}
	return names
}
