package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// cmdTerminal runs a program whose input and output are a terminal of 120 columns:
// terminal FILE PROGRAM [ARG...]. FILE becomes what the terminal was sent.
func cmdTerminal(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: terminal FILE PROGRAM [ARG...]")
	}
	master, slave, err := openTerminal()
	ts.Check(err)
	defer master.Close()
	cmd := command(ts, args[1:])
	cmd.Env = append(cmd.Env, "TERM="+ts.Getenv("TERM"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr.Setctty = true
	err = cmd.Start()
	slave.Close()
	ts.Check(err)
	var screen bytes.Buffer
	_, _ = io.Copy(&screen, master) // ends with EIO when the last one closes the terminal
	err = cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), screen.Bytes(), 0o644))
	if (err != nil) != neg {
		ts.Fatalf("%v: %v\n%s", args[1:], err, screen.Bytes())
	}
}

// openTerminal opens a new pair of pseudo-terminals; see pts(4).
func openTerminal() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120})
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		master.Close()
		return nil, nil, err
	}
	return master, slave, nil
}
