package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/demohome"
)

// patience is how long a condition may take on a busy machine. Nothing waits so
// long unless the test fails.
const patience = 20 * time.Second

// eventually waits until ok, or fails with what was seen last.
func eventually(ts *testscript.TestScript, ok func() (bool, string)) {
	var seen string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var done bool
		if done, seen = ok(); done {
			return
		}
	}
	ts.Fatalf("waited for %s: %s", patience, seen)
}

// cmdHome makes a folder of the script a home: home DIR. Its scripts may be
// executed; its registry must name CORTEX_HOME and CORTEX_RUN_DIR in home.env, by
// which its daemons are known.
func cmdHome(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: home DIR")
	}
	dir, err := filepath.EvalSymlinks(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.MkdirAll(filepath.Join(dir, "run"), 0o755))
	scripts, err := filepath.Glob(filepath.Join(dir, "scripts", "*"))
	ts.Check(err)
	for _, path := range scripts {
		ts.Check(makeProgram(path))
	}
	useHome(ts, &demohome.Home{Dir: dir, RunDir: dir})
}

// makeProgram makes a file that can be executed at once. A child that another test
// forks while the file is open for writing has it open too, until it executes its
// own program, and the kernel refuses to execute a file that is open for writing
// (golang/go#22315). So it is written anew while nobody can fork.
func makeProgram(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.Remove(path); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o755)
}

// useHome sets the script's home. Whatever it leaves running is killed at its
// end.
func useHome(ts *testscript.TestScript, home *demohome.Home) {
	setHome(ts, home)
	ts.Setenv("CORTEX_HOME", home.Dir)
	ts.Defer(func() {
		killed, err := home.Kill(context.Background())
		if err != nil {
			ts.Logf("cannot clean up: %v", err)
		}
		for _, p := range killed {
			ts.Logf("was left running: %d %s", p.PID, p.Command)
		}
	})
}

// cmdCode runs a program as exec does and checks its exit code: code N PROGRAM
// [ARG...].
func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM [ARG...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%s: %v", args[1], err)
	}
	got := 0
	if exit != nil {
		got = exit.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("the exit code of %s is %d, not %s", args[1], got, args[0])
	}
}

// background is a program that runs while the script goes on.
type background struct {
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
}

// backgrounds keeps those that a script has not ended yet, by script and name.
var backgrounds sync.Map

func backgroundKey(ts *testscript.TestScript, name string) string {
	return fmt.Sprintf("%p %s", ts, name)
}

// cmdBegin runs a program while the script goes on: begin NAME PROGRAM [ARG...].
func cmdBegin(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: begin NAME PROGRAM [ARG...]")
	}
	b := &background{cmd: command(ts, args[1:])}
	b.cmd.Stdout, b.cmd.Stderr = &b.stdout, &b.stderr
	ts.Check(b.cmd.Start())
	backgrounds.Store(backgroundKey(ts, args[0]), b)
	ts.Defer(func() {
		if _, running := backgrounds.LoadAndDelete(backgroundKey(ts, args[0])); running {
			_ = b.cmd.Process.Kill()
			_ = b.cmd.Wait()
		}
	})
}

// command is a program with the script's environment and folder, in a session
// of its own.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	program := args[0]
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, program); !strings.Contains(program, "/") && isFile(path) {
			program = path
			break
		}
	}
	cmd := exec.Command(program, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "NO_COLOR", "WORK", "CORTEX_HOME"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = patience
	return cmd
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func takeBackground(ts *testscript.TestScript, name string) *background {
	b, ok := backgrounds.Load(backgroundKey(ts, name))
	if !ok {
		ts.Fatalf("nothing was begun as %q", name)
	}
	return b.(*background)
}

// cmdSend signals what begin has started: send SIGNAL NAME.
func cmdSend(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || unix.SignalNum("SIG"+args[0]) == 0 {
		ts.Fatalf("usage: send SIGNAL NAME, such as send TERM run")
	}
	ts.Check(takeBackground(ts, args[1]).cmd.Process.Signal(unix.SignalNum("SIG" + args[0])))
}

// cmdEnd waits for the end of what begin has started and checks its exit code:
// end NAME CODE, or CODE|CODE. What it wrote is in NAME.out and NAME.err.
func cmdEnd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: end NAME CODE")
	}
	b := takeBackground(ts, args[0])
	late := time.AfterFunc(2*patience, func() { _ = b.cmd.Process.Kill() })
	_ = b.cmd.Wait()
	late.Stop()
	backgrounds.Delete(backgroundKey(ts, args[0]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), b.stdout.Bytes(), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".err"), b.stderr.Bytes(), 0o644))
	code := b.cmd.ProcessState.ExitCode()
	if status := b.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		code = 128 + int(status.Signal())
	}
	if !slices.Contains(strings.Split(args[1], "|"), strconv.Itoa(code)) {
		ts.Fatalf("the exit code of %s is %d, not %s:\n%s%s", args[0], code, args[1], b.stdout.String(), b.stderr.String())
	}
}

// cmdLaunch starts a program in the home as an operator's shell would, in a
// session of its own, and sets $VAR to its pid: launch VAR PROGRAM [ARG...]. It is
// reaped when it ends, and killed with its group at the end of the script.
func cmdLaunch(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: launch VAR PROGRAM [ARG...]")
	}
	home := homeOf(ts)
	cmd := command(ts, args[1:])
	cmd.Dir = home.Dir
	cmd.Env = append(cmd.Env, "CORTEX_RUN_DIR="+home.RunDir)
	startReaped(ts, args[0], cmd)
}

// cmdStranger is launch for a program that is no daemon of the home: stranger VAR
// PROGRAM [ARG...].
func cmdStranger(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: stranger VAR PROGRAM [ARG...]")
	}
	cmd := command(ts, args[1:])
	cmd.Dir = "/"
	startReaped(ts, args[0], cmd)
}

func startReaped(ts *testscript.TestScript, variable string, cmd *exec.Cmd) {
	ts.Check(cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	ts.Defer(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	ts.Setenv(variable, strconv.Itoa(cmd.Process.Pid))
}

// cmdAlive checks that processes live: alive PID...; with ! it waits until none
// does. A zombie is dead.
func cmdAlive(ts *testscript.TestScript, neg bool, args []string) {
	for _, text := range args {
		pid, err := strconv.Atoi(strings.TrimSpace(text))
		ts.Check(err)
		if !neg && !lives(pid) {
			ts.Fatalf("process %d is gone", pid)
		}
		if neg {
			eventually(ts, func() (bool, string) { return !lives(pid), fmt.Sprintf("process %d lives", pid) })
		}
	}
}

func lives(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	rest := stat[bytes.LastIndexByte(stat, ')')+1:]
	return !bytes.HasPrefix(rest, []byte(" Z")) && !bytes.HasPrefix(rest, []byte(" X"))
}

// cmdAwait waits until a file is there, or matches: await FILE [REGEXP].
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: await FILE [REGEXP]")
	}
	pattern := regexp.MustCompile("(?m)" + strings.Join(args[1:], ""))
	eventually(ts, func() (bool, string) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && pattern.Match(text), fmt.Sprintf("%s: %v %q", args[0], err, text)
	})
}

// cmdReadPid sets $VAR to the pid in a file: readpid VAR FILE.
func cmdReadPid(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: readpid VAR FILE")
	}
	var pid int
	eventually(ts, func() (bool, string) {
		text, err := os.ReadFile(ts.MkAbs(args[1]))
		if err == nil {
			pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		return err == nil, fmt.Sprint(err)
	})
	ts.Setenv(args[0], strconv.Itoa(pid))
}

// cmdJSON checks that a file holds exactly one JSON object on one line, and that
// the value at a path matches: json FILE [PATH REGEXP]. Steps of the path are
// keys and, in lists, numbers from 0, joined by dots.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 && len(args) != 3 {
		ts.Fatalf("usage: json FILE [PATH REGEXP]")
	}
	text := ts.ReadFile(args[0])
	dec := json.NewDecoder(strings.NewReader(text))
	var object map[string]any
	ts.Check(dec.Decode(&object))
	if _, err := dec.Token(); !errors.Is(err, io.EOF) || strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		ts.Fatalf("%s holds more than one JSON object on one line: %q", args[0], text)
	}
	if len(args) == 1 {
		return
	}
	value, err := json.Marshal(at(object, strings.Split(args[1], ".")))
	ts.Check(err)
	if regexp.MustCompile(args[2]).Match(value) == neg {
		ts.Fatalf("%s is %s", args[1], value)
	}
}

func at(value any, path []string) any {
	for _, step := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}
