package probes

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
)

// Command passes when a program ends with code 0. Its output matters only for
// the message.
type Command struct {
	Argv []string // no shell reads them
	Env  []string // the whole environment
	Dir  string
	// Table is for ending a program that takes too long; may be nil.
	Table *proc.Table
	// Confine is the policy that holds it; nil: none.
	Confine *confine.Policy
}

// commandGrace is what the program gets between SIGTERM and SIGKILL: a wait must
// end soon after its process died.
const commandGrace = 200 * time.Millisecond

// String says what is waited for.
func (c *Command) String() string { return strings.Join(c.Argv, " ") + " to end with code 0" }

// Check runs the program.
func (c *Command) Check(ctx context.Context) error {
	res, err := proc.Run(ctx, proc.RunSpec{
		Argv: c.Argv, Env: c.Env, Dir: c.Dir, MaxOutput: 8 << 10, Grace: commandGrace, Table: c.Table, Confine: c.Confine,
	})
	switch {
	case err != nil:
		return err
	case res.Signal != "":
		return fmt.Errorf("%s was ended by %s%s", c.Argv[0], res.Signal, said(res))
	case res.Code != 0:
		return fmt.Errorf("%s ended with code %d%s", c.Argv[0], res.Code, said(res))
	}
	return nil
}

// said gives the last line that the program wrote, errors first.
func said(res proc.RunResult) string {
	for _, out := range [][]byte{res.Stderr, res.Stdout} {
		out = bytes.TrimSpace(out)
		if len(out) == 0 {
			continue
		}
		line := out[bytes.LastIndexByte(out, '\n')+1:]
		if len(line) > 200 {
			line = line[:200]
		}
		return ": " + string(line)
	}
	return ""
}
