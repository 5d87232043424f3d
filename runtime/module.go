package runtime

import (
	"context"
	"reflect"
	"slices"
	"sync"
)

// Module is one Lua module of primitives: a table of functions that scripts see
// as a read-only global of the same name. It is a plain value; bindings.All is
// the list of them, and nothing registers itself.
type Module struct {
	// Name is the global that scripts use, such as "process".
	Name string
	// Doc says in one sentence what the module is for.
	Doc string
	// Funcs are the primitives, in the order the manual shows them.
	Funcs []Func
}

// Mode tells what calling a primitive may do to the machine.
type Mode int

// The two modes of a primitive.
const (
	// ModeQuery only looks; it runs in a dry run too.
	ModeQuery Mode = iota
	// ModeAction may alter the machine, and only through its Change.
	ModeAction
)

// String gives the word that the manual uses.
func (m Mode) String() string {
	if m == ModeAction {
		return "action"
	}
	return "query"
}

// Func declares one primitive. Make it with [Query] or [Action]: from the
// declaration come the Lua function, the decoding of its arguments, its
// permission check, its dry run and its page of the manual.
type Func struct {
	name     string
	doc      string
	mode     Mode
	needs    []Permission
	mayNeed  []Permission
	examples []string
	removed  string

	args   reflect.Type
	result reflect.Type
	invoke func(context.Context, *Call, reflect.Value) (outcome, error)
}

// outcome is what a primitive answered, before it is turned into Lua.
type outcome struct {
	value  any
	change *pendingChange // nil for a query
}

// Name is the primitive's name within its module.
func (f Func) Name() string { return f.name }

// Query declares a primitive that only looks. A and R are plain Go types: a
// struct A is decoded from the call's arguments by the tags of its fields (see
// [Decode]), R is encoded as a plain table. The first sentence of doc starts
// with a verb in the third person: "Finds the process behind a pid, or nil."
func Query[A, R any](name, doc string, fn func(context.Context, *Call, A) (R, error), needs ...Permission) Func {
	return Func{
		name: name, doc: doc, mode: ModeQuery, needs: needs,
		args: reflect.TypeFor[A](), result: reflect.TypeFor[R](),
		invoke: func(ctx context.Context, c *Call, a reflect.Value) (outcome, error) {
			r, err := fn(ctx, c, a.Interface().(A))
			return outcome{value: r}, err
		},
	}
}

// Action declares a primitive that may alter the machine. fn makes every check
// and returns the [Change]; it must not alter anything itself. The runtime
// applies the change, or in a dry run only records it.
func Action[A, R any](name, doc string, fn func(context.Context, *Call, A) (Change[R], error), needs ...Permission) Func {
	return Func{
		name: name, doc: doc, mode: ModeAction, needs: needs,
		args: reflect.TypeFor[A](), result: reflect.TypeFor[R](),
		invoke: func(ctx context.Context, c *Call, a reflect.Value) (outcome, error) {
			ch, err := fn(ctx, c, a.Interface().(A))
			if err != nil {
				return outcome{}, err
			}
			return outcome{value: ch.Result, change: ch.pending()}, nil
		},
	}
}

// Example adds a line of Lua that shows the primitive, with its result after
// "-->". Examples are shown in the manual.
func (f Func) Example(lua string) Func {
	f.examples = append(f.examples[:len(f.examples):len(f.examples)], lua)
	return f
}

// MayNeed names the kinds of permission that a call may need beside the declared
// ones, by its arguments: probe.check needs net.dial only for an address.
func (f Func) MayNeed(kinds ...Permission) Func {
	f.mayNeed = append(f.mayNeed[:len(f.mayNeed):len(f.mayNeed)], kinds...)
	return f
}

// mayAsk tells whether the declaration names a kind of permission at all.
func (f *Func) mayAsk(kind Permission) bool {
	same := func(p Permission) bool { return p.Kind() == kind }
	return slices.ContainsFunc(f.needs, same) || slices.ContainsFunc(f.mayNeed, same)
}

// Removed marks a primitive that is gone: calling it fails with the advice, so
// that an old runbook explains itself.
func Removed(name, advice string) Func {
	return Func{
		name: name, doc: "Removed: " + advice + ".", removed: advice,
		args: reflect.TypeFor[struct{}](), result: reflect.TypeFor[None](),
	}
}

// None is the result of a primitive that returns nothing.
type None struct{}

// schemas remembers the decoded shape of argument and result types. It is a
// cache of pure values: a type always has the same schema.
var schemas sync.Map // reflect.Type -> *schema
