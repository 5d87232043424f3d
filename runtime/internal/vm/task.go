package vm

import (
	"context"

	lua "github.com/yuin/gopher-lua"
)

// Task is a Lua function that runs beside its parent: on a stack and a goroutine
// of its own, whenever it gets the baton.
type Task struct {
	done chan struct{}
	out  []lua.LValue
	err  error
}

// Done is closed when the task has ended.
func (t *Task) Done() <-chan struct{} { return t.done }

// Wait waits for the end of the task and gives its results or its error, as Run
// does. The caller must not hold the baton: a primitive waits inside
// [VM.Block].
func (t *Task) Wait() ([]lua.LValue, error) {
	<-t.done
	return t.out, t.err
}

// Go starts fn as a task under ctx, which is the task's own: its deadline is seen
// by its loops as well as by its waits. parent is the state that started it.
func (m *VM) Go(ctx context.Context, parent *lua.LState, fn *lua.LFunction, args ...lua.LValue) *Task {
	task := &Task{done: make(chan struct{})}
	if n := m.tasks.Add(1); int(n) > m.limits.Tasks {
		m.tasks.Add(-1)
		task.err = &LimitError{Name: "tasks", Limit: int64(m.limits.Tasks)}
		close(task.done)
		return task
	}
	s := m.open(ctx)
	t := m.newThread(&exec{s, s.done}, 0, framesTask)
	t.parent = nil // its caller goes on without it
	go func() {
		defer close(task.done)
		defer m.tasks.Add(-1)
		defer s.close()
		if task.err = m.takeIn(s); task.err != nil {
			return
		}
		defer m.put()
		task.out, task.err = t.enterCall(fn, args)
	}()
	return task
}
