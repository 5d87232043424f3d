package vm

import lua "github.com/yuin/gopher-lua"

// A stack that an error has left in the middle could be thrown away, but making one
// costs several times what pcall does, and scripts that retry catch many
// errors. gopher-lua resets stacks in PCall only, which renders a traceback first
// (see the package comment). This does it from outside:
//
// A Go function is called on top of the dead frames and removes its callers, one by
// one, until it stands at the bottom. When it returns, gopher-lua pops that last
// frame, and the stack is empty. The upvalues of the dead frames were closed
// when the error was raised.

// segment is how many frames gopher-lua keeps together. Frames beyond the first
// segment go back to a pool when they are removed, while gopher-lua still
// looks at the one it called from; so deeper stacks are not reset.
const segment = lua.FramesPerSegment

// reset empties the stack after an error and tells whether it can be used again.
func (t *thread) reset() (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	if t.broken {
		return false
	}
	L := t.L
	if _, framed := L.GetStack(0); framed {
		L.Push(t.vm.unwinder)
		L.Call(0, 0)
		if _, framed = L.GetStack(0); framed {
			return false
		}
	}
	L.SetTop(0)
	return true
}

// unwind removes the frames below its own.
func unwind(L *lua.LState) int {
	for {
		f := L.RemoveCallerFrame()
		if f.Idx == 0 {
			return 0
		}
		if f.Idx >= segment-1 {
			panic("too deep to reset")
		}
	}
}
