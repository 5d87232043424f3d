// Package early makes the process the supervising parent before the rest of the
// program is initialised. The program imports it for that effect alone; the doc of
// package supervise says why it is an init.
//
// It must import nothing but package supervise and small packages of the standard
// library.
package early

import (
	"os"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/supervise"
)

// InProcess is the environment variable, and InProcessFlag the flag, by which a run
// has no parent: for debuggers and for tests of the inner wall.
const (
	InProcess     = "CORTEXLUA_IN_PROCESS"
	InProcessFlag = "--in-process"
)

func init() {
	if wanted(os.Args, os.Getenv(InProcess)) && !supervise.Supervised() {
		supervise.Parent(supervise.Options{Args: os.Args, Env: os.Environ(), Stderr: os.Stderr})
	}
}

// wanted reports whether a command line runs a script that needs a parent.
func wanted(args []string, inProcess string) bool {
	if len(args) < 3 || !runsScripts(args[1]) || inProcess != "" && inProcess != "0" {
		return false
	}
	for _, a := range args[2:] {
		switch a {
		case InProcessFlag:
			return false
		case "--":
			return true
		}
	}
	return true
}

// runsScripts names the commands that run scripts.
func runsScripts(command string) bool {
	switch command {
	case "run", "resume", "undo":
		return true
	}
	return false
}
