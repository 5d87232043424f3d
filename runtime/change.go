package runtime

import "context"

// Change is what an action is about to do. Every check is made before it is
// returned; Apply is the only code that may alter the machine.
//
// Between check and apply the world may move, so Apply proves again what it
// depends on (that a pid is still the same process, that a file is still the
// one it looked at) and fails with [Conflict] rather than act on another thing.
type Change[R any] struct {
	// Summary says in one line what will happen, starting with a verb: "stop
	// worker (pid 4711)". It is what a plan shows and what the record keeps.
	Summary string
	// Result is what the action returns in a dry run, and when there is nothing
	// to apply.
	Result R
	// Apply alters the machine and returns the true result. Nil means that
	// everything is already as wanted: nothing is recorded as changed.
	Apply func(ctx context.Context) (R, error)
	// Planned holds what later queries of a dry run should see, by a key that
	// the module chooses, such as "process:4711". See [Call.Planned].
	Planned map[string]any
}

// Unchanged is the change of an action that finds everything as wanted.
func Unchanged[R any](result R) Change[R] { return Change[R]{Result: result} }

// pendingChange is a Change without its result type.
type pendingChange struct {
	summary string
	apply   func(ctx context.Context) (any, error)
	planned map[string]any
}

func (c Change[R]) pending() *pendingChange {
	p := &pendingChange{summary: c.Summary, planned: c.Planned}
	if c.Apply != nil {
		p.apply = func(ctx context.Context) (any, error) { return c.Apply(ctx) }
	}
	return p
}
