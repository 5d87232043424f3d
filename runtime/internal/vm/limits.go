package vm

import "fmt"

// Limits are the budgets of one machine. A zero field takes its default.
type Limits struct {
	// Memory is what the Go heap, its stacks and its overhead may take, in bytes.
	// It is measured for the process: a machine is meant to be the only big
	// thing in it. Default 256 MiB; scripts are stopped at 7/8 of it.
	Memory int64
	// String is the longest string a library function or ".." builds, in bytes.
	// Default 16 MiB.
	String int
	// Output is how much print may write in the life of the machine, in bytes.
	// Default 16 MiB.
	Output int64
	// Coroutines is how many coroutines may be alive at once. Default 1,000.
	Coroutines int
	// Tasks is how many tasks (see [VM.Go]) may be alive at once. Default 4,096.
	Tasks int
	// Nesting is how deep protected calls, coroutines and calls from
	// host code may nest in each other. Default 190, near Lua's own
	// LUAI_MAXCCALLS of 200.
	Nesting int
	// Source is the longest chunk that is compiled, in bytes. Default 1 MiB.
	Source int
}

// LimitInfo describes one limit, for help texts.
type LimitInfo struct {
	Name    string
	Default int64
	Unit    string // "bytes" or "" for a count
	Doc     string
}

// LimitTable lists the limits in the order in which help shows them. The names
// are those that a [LimitError] carries.
func LimitTable() []LimitInfo {
	return []LimitInfo{
		{"memory", 256 << 20, "bytes", "memory of the runtime process"},
		{"string", 16 << 20, "bytes", "longest single string"},
		{"output", 16 << 20, "bytes", "what print may write"},
		{"coroutines", 1000, "", "coroutines alive at once"},
		{"tasks", 4096, "", "tasks alive at once"},
		{"nesting", 190, "", "nested protected calls, coroutines and callbacks"},
		{"source", 1 << 20, "bytes", "size of one Lua source file"},
	}
}

// withDefaults fills zero fields.
func (l Limits) withDefaults() Limits {
	def := func(v, d int64) int64 {
		if v <= 0 {
			return d
		}
		return v
	}
	t := LimitTable()
	l.Memory = def(l.Memory, t[0].Default)
	l.String = int(def(int64(l.String), t[1].Default))
	l.Output = def(l.Output, t[2].Default)
	l.Coroutines = int(def(int64(l.Coroutines), t[3].Default))
	l.Tasks = int(def(int64(l.Tasks), t[4].Default))
	l.Nesting = int(def(int64(l.Nesting), t[5].Default))
	l.Source = int(def(int64(l.Source), t[6].Default))
	return l
}

// LimitError says which budget a script went over.
type LimitError struct {
	Name  string // a name of [LimitTable]
	Limit int64  // the budget
	Want  int64  // what was asked for, or 0 when not known
}

func (e *LimitError) Error() string {
	if e.Want > 0 {
		return fmt.Sprintf("limit %q exceeded: wanted %d, the limit is %d", e.Name, e.Want, e.Limit)
	}
	return fmt.Sprintf("limit %q exceeded: the limit is %d", e.Name, e.Limit)
}
