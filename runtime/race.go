package runtime

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// errLost ends the items of a race that somebody else has won.
var errLost = Errorf(Canceled, "another item of race came first")

// luaRace is race(list, fn, options): fn(item, index) for every item at once. The
// first that succeeds wins: its result and its index are returned, and the
// others are ended. When none succeeds, the error of the first item is raised.
func (r *Run) luaRace(L *lua.LState) int {
	list, fn := L.CheckTable(1), L.CheckFunction(2)
	b, err := r.batchOf(L, "race", list, fn)
	if err != nil {
		raise(L, asError(vm.Context(L), "race", err))
	}
	if len(b.items) == 0 {
		raise(L, (&Error{Kind: Invalid, Op: "race", Message: "the list is empty: nobody can win"}))
	}
	winner := -1
	r.vm.Block(L, func() { winner = b.race() })
	if winner < 0 {
		b.run.rethrow(L, b.errs[0])
	}
	L.Push(b.results[winner])
	L.Push(lua.LNumber(winner + 1))
	return 2
}

// race runs all items and gives the index of the first that succeeded, or -1.
func (b *batch) race() int {
	b.racing = true
	b.start()
	return b.winner
}

// luaEach is each(list, fn, options): parallel without results.
func (r *Run) luaEach(L *lua.LState) int {
	n := r.luaParallel(L)
	if n == 2 { // on_error = "wait": the errors
		return 1
	}
	return 0
}

// batchOf reads the arguments that parallel, each and race have in common.
func (r *Run) batchOf(L *lua.LState, op string, list *lua.LTable, fn *lua.LFunction) (*batch, error) {
	opts := parallelOptions{Limit: 16, OnError: "cancel"}
	if op == "race" {
		opts.Limit = max(1, list.Len())
	}
	if L.GetTop() > 2 && L.Get(3) != lua.LNil {
		if err := Decode(L.CheckTable(3), &opts, ""); err != nil {
			return nil, err
		}
	}
	if n := min(list.Len(), opts.Limit); n > r.limits.Tasks {
		return nil, LimitError("tasks", int64(r.limits.Tasks), int64(n))
	}
	return newBatch(r, L, list, fn, opts)
}
