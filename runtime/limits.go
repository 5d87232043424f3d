package runtime

import (
	"fmt"
	"reflect"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// Limits are the budgets of one run. A runbook may ask for others with the header
// key limits, as in limits = { memory = "512MiB" }. An error over a budget names
// it; one that nobody catches ends the run with exit code 125.
type Limits struct {
	Memory       Size `lua:"memory,opt" default:"256MiB" doc:"memory of the program that runs the script; daemons do not count"`
	String       Size `lua:"string,opt" default:"16MiB" doc:"the longest single string"`
	Output       Size `lua:"output,opt" default:"16MiB" doc:"what print may write"`
	Log          Size `lua:"log,opt" default:"4MiB" doc:"what log lines may add up to"`
	Processes    int  `lua:"processes,opt" default:"64" min:"1" max:"10000" doc:"programs of process.run that may run at once"`
	FileSize     Size `lua:"file_size,opt" default:"64MiB" doc:"the largest file that is read or written whole"`
	JSONDepth    int  `lua:"json_depth,opt" default:"200" min:"1" max:"10000" doc:"how deep JSON may nest"`
	Decompressed Size `lua:"decompressed,opt" default:"16GiB" doc:"what an archive may unpack to"`
	Coroutines   int  `lua:"coroutines,opt" default:"1000" min:"1" max:"100000" doc:"coroutines alive at once"`
	Tasks        int  `lua:"tasks,opt" default:"4096" min:"1" max:"100000" doc:"items of parallel, each and race at once"`
	Nesting      int  `lua:"nesting,opt" default:"190" min:"10" max:"190" doc:"nested protected calls, coroutines and callbacks"`
}

// DefaultLimits are the budgets of a run that asks for nothing else.
func DefaultLimits() Limits {
	var l Limits
	d := newDecoder(nil, nil)
	for _, f := range schemaOf(reflect.TypeFor[Limits]()).fields {
		if err := d.keyValue(reflect.ValueOf(&l).Elem(), f, lua.LNil, "limits", 0); err != nil {
			panic(err) // a default in the tags above does not fit its type
		}
	}
	return l
}

// LimitInfo describes one budget.
type LimitInfo struct {
	Name    string
	Default string
	Doc     string
}

// LimitTable lists every budget with its default, for help.
func LimitTable() []LimitInfo {
	var out []LimitInfo
	for _, f := range schemaOf(reflect.TypeFor[Limits]()).fields {
		out = append(out, LimitInfo{Name: f.name, Default: f.def, Doc: f.doc})
	}
	return out
}

// machine gives the part of the budgets that the Lua machine holds.
func (l Limits) machine() vm.Limits {
	return vm.Limits{
		Memory: int64(l.Memory), String: int(l.String), Output: int64(l.Output),
		Coroutines: l.Coroutines, Tasks: l.Tasks, Nesting: l.Nesting,
	}
}

// setLimits puts the budgets of a header in force; nil leaves the defaults.
func (r *Run) setLimits(l *Limits) {
	if l == nil {
		return
	}
	r.limits = *l
	r.vm.SetLimits(l.machine())
}

// LimitError is the error of a primitive that would go over a budget.
func LimitError(name string, limit, want int64) *Error {
	cause := &vm.LimitError{Name: name, Limit: limit, Want: want}
	return (&Error{Kind: Failed, Message: cause.Error(), Err: cause}).
		With("limit", name).
		WithHint("a runbook may ask for more with limits = { %s = ... } in its header; cortexlua help limits", name)
}

// Differences shows the budgets that differ from the defaults: "memory = 512MiB".
func (l Limits) Differences() string {
	def := reflect.ValueOf(DefaultLimits())
	have := reflect.ValueOf(l)
	var parts []string
	for _, f := range schemaOf(reflect.TypeFor[Limits]()).fields {
		if v := have.Field(f.index); v.Interface() != def.Field(f.index).Interface() {
			parts = append(parts, fmt.Sprintf("%s = %v", f.name, v.Interface()))
		}
	}
	return strings.Join(parts, ", ")
}
