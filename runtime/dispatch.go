package runtime

import (
	"context"
	"reflect"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// loadingKey marks the context of code that is being loaded: it may define
// things, not do them.
type loadingKey struct{}

func isLoading(ctx context.Context) bool { return ctx.Value(loadingKey{}) != nil }

// dispatch is the one door from Lua to a primitive: decode, permission, check,
// change, encode. The baton is given up while the primitive works.
func (r *Run) dispatch(L *lua.LState, op string, f *Func) int {
	ctx := vm.Context(L)
	if f.removed != "" {
		raise(L, (&Error{Kind: Invalid, Op: op, Message: "this primitive was removed"}).WithHint("%s", f.removed))
	}
	if isLoading(ctx) {
		raise(L, &Error{Kind: Denied, Op: op, Message: "a runbook may not act while it is loaded: call it inside run = function(run) ... end"})
	}
	args, err := newDecoder(L, r).args(f.args)
	if err != nil {
		raise(L, asError(ctx, op, err))
	}
	for _, p := range f.needs {
		if err := r.grant.checkKind(p); err != nil {
			raise(L, asError(ctx, op, err))
		}
	}
	var out outcome
	r.vm.Block(L, func() { out, err = r.perform(ctx, op, f, args) })
	if err != nil {
		raise(L, asError(ctx, op, err))
	}
	L.Push(encoder{L: L, host: r}.any(out.value))
	return 1
}

// perform runs a primitive without the baton. A query's answer is its value; an
// action's change is applied, or in a dry run recorded as planned.
func (r *Run) perform(ctx context.Context, op string, f *Func, args reflect.Value) (outcome, error) {
	out, err := f.invoke(ctx, &Call{run: r, op: op, declared: f}, args)
	if err != nil || out.change == nil || out.change.apply == nil {
		return out, err
	}
	ch := out.change
	if !r.opts.DryRun {
		if out.value, err = ch.apply(ctx); err != nil {
			return out, err
		}
	}
	r.record(ChangeRecord{Step: stepOf(ctx), Op: op, Summary: ch.summary}, ch.planned)
	r.emit(ctx, Event{Type: ChangeMade, Text: ch.summary, Planned: r.opts.DryRun})
	return out, nil
}
