package runtime

import (
	"regexp"
	"time"
)

// Risk tells an operator what a runbook may cost.
type Risk string

// The three risks.
const (
	Safe        Risk = "safe"        // only looks
	Disruptive  Risk = "disruptive"  // interrupts service
	Destructive Risk = "destructive" // loses data; needs --yes
)

// Header is what runbook.define was given. It can be read without running the
// runbook: loading a file calls no primitive.
type Header struct {
	Name        string        `lua:"name" doc:"the name that operators type"`
	Summary     string        `lua:"summary" doc:"one line for the list of runbooks"`
	Description string        `lua:"description,opt" doc:"more, shown by --help"`
	Risk        string        `lua:"risk" enum:"safe,disruptive,destructive" doc:"safe: only looks; disruptive: interrupts service; destructive: loses data"`
	Timeout     time.Duration `lua:"timeout,opt" default:"10m" doc:"the time limit of the whole run"`
	UndoTimeout time.Duration `lua:"undo_timeout,opt" default:"5m" doc:"the time limit for going back after a failure"`
	NeedsHome   bool          `lua:"needs_home,opt" default:"true" doc:"false: runs without a home"`
	Limits      *Limits       `lua:"limits,opt" doc:"budgets other than the usual ones; see cortexlua help limits"`
	Needs       []string      `lua:"needs" doc:"the permissions it asks for"`
	Params      []Param       `lua:"params,opt" doc:"the parameters, which become flags"`
	Run         Callback      `lua:"run" doc:"what the runbook does"`
}

// namePattern is compiled when a header is checked, not when the program starts.
const namePattern = `^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`

// maxParams bounds how many flags a runbook can have.
const maxParams = 200

// check holds the header against the rules that types cannot say.
func (h *Header) check() error {
	name := regexp.MustCompile(namePattern)
	if !name.MatchString(h.Name) {
		return Errorf(Invalid, "the name %q must be lower-case words joined by dashes, such as \"rolling-restart\"", h.Name)
	}
	if h.Timeout <= 0 || h.UndoTimeout <= 0 {
		return Errorf(Invalid, "timeout and undo_timeout must be more than 0s: nothing could run")
	}
	for _, n := range h.Needs {
		if _, err := ParsePermission(n); err != nil {
			return Errorf(Invalid, "needs: %s", err)
		}
	}
	if len(h.Params) > maxParams {
		return Errorf(Invalid, "params has %d parameters, and a runbook may have %d", len(h.Params), maxParams)
	}
	seen := map[string]bool{}
	for i := range h.Params {
		p := &h.Params[i]
		switch {
		case !name.MatchString(p.Name):
			return Errorf(Invalid, "the parameter name %q must be lower-case words joined by dashes", p.Name)
		case seen[p.Name]:
			return Errorf(Invalid, "the parameter %q is declared twice", p.Name)
		}
		seen[p.Name] = true
		if err := p.check(); err != nil {
			return err
		}
	}
	return nil
}

// Layer is what the header asks for, as the first layer of the run's grant.
func (h *Header) Layer(path string) Layer {
	l := Layer{Name: "the runbook's header", Remedy: `add "%s" to needs in ` + path}
	for _, n := range h.Needs {
		l.Allow = append(l.Allow, Permission(n))
	}
	return l
}
