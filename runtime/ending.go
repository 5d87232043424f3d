package runtime

import "time"

// ending is what is known of the end of a run: its own deadline, and what may
// come after it. It is guarded by Run.mu.
type ending struct {
	deadline  time.Time
	why       string
	undoLimit time.Duration
	undos     bool
	exits     bool
}

// nameDeadline tells whoever watches the process when the run will be over at the
// latest. A run that can go back is given the time for that, too; one that cannot
// ends with its deadline, whatever a primitive is still waiting for.
func (r *Run) nameDeadline(change func(*ending)) {
	if r.opts.OnDeadline == nil {
		return
	}
	r.mu.Lock()
	change(&r.ending)
	e := r.ending
	r.mu.Unlock()
	if e.deadline.IsZero() {
		r.opts.OnDeadline(time.Time{}, "")
		return
	}
	end := e.deadline
	if e.undos {
		end = end.Add(e.undoLimit)
	}
	if e.exits {
		end = end.Add(exitTimeout)
	}
	r.opts.OnDeadline(end, e.why)
}
