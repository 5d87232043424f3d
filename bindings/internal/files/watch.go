package files

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Pacing of Wait.
const (
	// slowPoll is how often the condition is looked at although nothing was
	// reported: inotify is silent on network file systems and when the event
	// queue overflows.
	slowPoll = time.Second
	// fastPoll replaces it when no inotify instance can be had
	// (fs.inotify.max_user_instances).
	fastPoll = 100 * time.Millisecond
	// calm is the least time between two looks, so that a log which is written
	// at full speed does not keep us busy.
	calm = 5 * time.Millisecond
)

// Wait returns nil as soon as check says true. It looks once at the start and
// again whenever one of the paths is made, written, renamed, replaced or
// removed; the files and their directories need not exist yet. An error of check
// ends the wait. When the context ends first its cause is returned.
func (r *Roots) Wait(ctx context.Context, paths []string, check func() (bool, error)) error {
	w, err := r.newWatch(paths)
	if err != nil {
		return err
	}
	defer w.close()
	for {
		// Arm first, look second: a change between the two is not missed.
		w.arm()
		if ok, err := check(); ok || err != nil {
			return err
		}
		if err := w.changed(ctx); err != nil {
			return err
		}
	}
}

// watch observes directories, not files: a watch on a file stays with the inode
// and goes deaf when the file is replaced by a rename.
type watch struct {
	notify *fsnotify.Watcher // nil: polling only
	places []Place
}

func (r *Roots) newWatch(paths []string) (*watch, error) {
	w := &watch{}
	for _, name := range paths {
		p, err := r.Resolve(name)
		if err != nil {
			return nil, err
		}
		w.places = append(w.places, p)
	}
	if n, err := fsnotify.NewWatcher(); err == nil {
		w.notify = n
	}
	return w, nil
}

func (w *watch) close() {
	if w.notify != nil {
		w.notify.Close()
	}
}

// arm watches the directory of each path, or the nearest one above that exists.
// Directories are watched again if they were replaced, which fsnotify reports by
// dropping them from its list.
func (w *watch) arm() {
	if w.notify == nil {
		return
	}
	live := map[string]bool{}
	for _, dir := range w.notify.WatchList() {
		live[dir] = true
	}
	for _, p := range w.places {
		if dir := nearestDir(p); dir != "" && !live[dir] {
			live[dir] = w.notify.Add(dir) == nil
		}
	}
}

// nearestDir goes through the root to look, so that a link which leads out is
// not watched either.
func nearestDir(p Place) string {
	abs, rel := p.Path, p.Rel
	for rel != "." {
		abs, rel = filepath.Dir(abs), path.Dir(rel)
		fi, err := p.FS.Stat(rel)
		if err == nil && fi.IsDir() {
			return abs
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return ""
		}
	}
	return filepath.Dir(p.Path) // the root itself is waited for
}

// changed blocks until something that concerns us happened, or the poll is due.
func (w *watch) changed(ctx context.Context) error {
	pause := time.NewTimer(calm)
	defer pause.Stop()
	poll := slowPoll
	var events <-chan fsnotify.Event
	var errs <-chan error
	if w.notify == nil {
		poll = fastPoll
	} else {
		events, errs = w.notify.Events, w.notify.Errors
	}
	due := time.NewTimer(poll)
	defer due.Stop()
	hit, calmed := false, false
	for !hit || !calmed {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-due.C:
			return nil
		case <-pause.C:
			calmed = true
		case <-errs: // overflow: something was missed
			hit = true
		case e := <-events:
			hit = hit || w.concerns(e.Name)
		}
	}
	return nil
}

// concerns keeps busy neighbours in the same directory from waking us: the path
// itself, or a directory on the way to it, must have changed.
func (w *watch) concerns(name string) bool {
	for _, p := range w.places {
		if p.Path == name || strings.HasPrefix(p.Path, name+"/") {
			return true
		}
	}
	return false
}
