package runtime

import (
	"context"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// exitTimeout is what the handlers of on_exit get together, after a run that may
// have used all of its own time.
const exitTimeout = 2 * time.Second

// luaOnExit is run:on_exit(fn): fn runs when the run ends, however it ends, after
// the undos and under a short time limit of its own.
func (r *Run) luaOnExit(L *lua.LState) int {
	fn := L.CheckFunction(2)
	r.mu.Lock()
	r.exits = append(r.exits, fn)
	r.mu.Unlock()
	r.nameDeadline(func(e *ending) { e.exits = true })
	return 0
}

// leave runs the handlers of on_exit, the last first. It returns the first error.
func (r *Run) leave(ctx context.Context) *Error {
	r.mu.Lock()
	exits := r.exits
	r.exits = nil
	r.mu.Unlock()
	if len(exits) == 0 {
		return nil
	}
	r.nameDeadline(func(e *ending) {
		*e = ending{deadline: time.Now().Add(exitTimeout), why: (&DeadlineError{What: "on_exit", Limit: exitTimeout}).Error()}
	})
	ctx, cancel := withDeadline(context.WithoutCancel(ctx), "on_exit", exitTimeout)
	defer cancel()
	var first *Error
	for i := len(exits) - 1; i >= 0; i-- {
		if _, err := r.vm.Run(ctx, exits[i]); err != nil && first == nil {
			first = fromVM(err)
		}
	}
	return first
}
