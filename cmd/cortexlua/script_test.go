package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/demohome"
)

var update = flag.Bool("update", false, "rewrite the expected output of testdata/script")

// TestMain lets the test binary act as the program, so that scripts drive what
// was built.
func TestMain(m *testing.M) {
	// Scripts mostly wait for daemons, so more of them run at once than there are
	// processors. A -parallel of the command line comes later and wins.
	_ = flag.Set("test.parallel", "6")
	testscript.Main(m, map[string]func(){"cortexlua": main, "hostile-warden": wardenMain})
}

// TestScripts runs testdata/script/*.txtar. Beside the commands of testscript
// they have:
//
//	demohome [DAEMON...]     makes a home in $WORK/home with these daemons (all)
//	publish KIND             publishes a release on its origin
//	queue critical STATUS    adds a critical task in a status to the queue
//	queue FAULT              makes the queue one that cannot be read
//	processes N              waits until N processes belong to the home
//	signal NUMBER PIDFILE    signals the process of a pidfile of the home
//	home DIR                 makes a folder of the script the home
//	code N PROGRAM...        runs a program, as exec does, that must end with code N
//	begin NAME PROGRAM...    runs a program while the script goes on
//	send SIGNAL NAME         signals it
//	end NAME CODE            waits for its end and checks its exit code; see NAME.out, NAME.err
//	launch VAR PROGRAM...    starts a program by hand; its pid is in $VAR
//	stranger VAR PROGRAM...  starts a program that is no daemon of the home
//	readpid VAR FILE         sets $VAR to the pid in a file
//	alive PID...             the processes live; with !, waits until they do not
//	await FILE [REGEXP]      waits until the file is there, or matches
//	terminal FILE PROGRAM... runs a program on a terminal, which FILE then shows
//	json FILE [PATH REGEXP]  the file is one JSON object on one line, with that value
//
// and those of releaseCommands. Whatever a script leaves running is killed at its end.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "1")
			e.Setenv("TMPDIR", e.Getenv("WORK")+"/.tmp")
			return os.MkdirAll(e.Getenv("WORK")+"/.tmp", 0o755)
		},
		Condition: scriptCondition,
		Cmds: withReleaseCommands(map[string]func(*testscript.TestScript, bool, []string){
			"demohome":  cmdDemoHome,
			"publish":   cmdPublish,
			"queue":     cmdQueue,
			"processes": cmdProcesses,
			"signal":    cmdSignal,
			"home":      cmdHome,
			"code":      cmdCode,
			"begin":     cmdBegin,
			"send":      cmdSend,
			"end":       cmdEnd,
			"launch":    cmdLaunch,
			"stranger":  cmdStranger,
			"readpid":   cmdReadPid,
			"alive":     cmdAlive,
			"await":     cmdAwait,
			"terminal":  cmdTerminal,
			"json":      cmdJSON,
		}),
	})
}

func cmdDemoHome(ts *testscript.TestScript, neg bool, args []string) {
	home, err := demohome.Build(context.Background(), ts.MkAbs("home"), demohome.Options{Daemons: args})
	ts.Check(err)
	useHome(ts, home)
}

func cmdPublish(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: publish KIND")
	}
	release, err := homeOf(ts).Publish(context.Background(), demohome.Kind(args[0]))
	ts.Check(err)
	ts.Setenv("RELEASE", release.Commit)
}

func cmdQueue(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case len(args) == 2 && args[0] == "critical":
		ts.Check(homeOf(ts).AddCriticalTask(args[1]))
	case len(args) == 1 && args[0] == "restore":
		ts.Check(homeOf(ts).RestoreQueue())
	case len(args) == 1:
		ts.Check(homeOf(ts).CorruptQueue(demohome.QueueFault(args[0])))
	default:
		ts.Fatalf("usage: queue critical STATUS | queue FAULT | queue restore")
	}
}

// cmdProcesses waits until just so many process groups of daemons are left.
func cmdProcesses(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: processes N")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var found []string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		list, err := homeOf(ts).Processes()
		ts.Check(err)
		found = found[:0]
		for _, p := range list {
			if p.Daemon && (want == 0 || p.PID == p.Group) {
				found = append(found, fmt.Sprintf("%d %s", p.PID, p.Command))
			}
		}
		if len(found) == want {
			return
		}
	}
	ts.Fatalf("%d daemons run, not %d:\n%s", len(found), want, strings.Join(found, "\n"))
}

// cmdSignal signals the process that a pidfile of the home names.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: signal NUMBER PIDFILE")
	}
	number, err := strconv.Atoi(args[0])
	ts.Check(err)
	text, err := os.ReadFile(filepath.Join(homeOf(ts).RunDir, args[1]))
	ts.Check(err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	ts.Check(err)
	process, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(process.Signal(signalNumber(number)))
}
