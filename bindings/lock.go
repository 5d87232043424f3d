package bindings

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/lockfile"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/bindings/internal/statefile"
	"github.com/cortexlua/cortexlua/runtime"
)

func lockModule(h *Host) runtime.Module {
	return runtime.Module{
		Name: "lock",
		Doc:  "Let one run at a time do something. A lock is freed by its holder's death.",
		Funcs: []runtime.Func{
			runtime.Query("acquire", "Takes a named lock, waiting for it at most so long; a conflict error tells who holds it.", h.lockAcquire, runtime.FSWrite.In("state")),
			runtime.Query("release", "Gives a lock back. The end of the run does so too.", h.lockRelease),
			runtime.Query("holder", "Tells who holds a lock, or nil.", h.lockHolder, runtime.FSRead.In("state")),
		},
	}
}

// Lock is the handle of a held lock.
type Lock struct {
	Name string `lua:"name"`
	l    *heldLock
}

type heldLock struct {
	mu   sync.Mutex
	lock *lockfile.Lock // nil in a dry run
}

// HandleType implements runtime.Handle.
func (Lock) HandleType() string { return "lock" }

func (l *heldLock) release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lock == nil {
		return nil
	}
	err := l.lock.Release()
	l.lock = nil
	return err
}

type lockAcquireArgs struct {
	Name    string        `lua:"name" doc:"the lock's name: lower-case words with dashes"`
	Wait    time.Duration `lua:"wait,opt" default:"0s" doc:"how long to wait for it"`
	Purpose string        `lua:"purpose,opt" doc:"shown to others who want it"`
}

// lockAcquire is a query: a lock alters nothing that outlives the run. A dry run
// takes none, so that looking at a plan never holds up real work.
func (h *Host) lockAcquire(ctx context.Context, c *runtime.Call, a lockAcquireArgs) (Lock, error) {
	path, err := h.lockPath(a.Name)
	if err != nil {
		return Lock{}, err
	}
	held := &heldLock{}
	if c.DryRun() {
		return Lock{Name: a.Name, l: held}, nil
	}
	if err := statefile.MakeDir(h.statePath("locks")); err != nil {
		return Lock{}, err
	}
	held.lock, err = h.takeLock(ctx, path, a)
	if err != nil {
		return Lock{}, lockError(err, a.Name)
	}
	c.OnEnd(func() { _ = held.release() })
	return Lock{Name: a.Name, l: held}, nil
}

func (h *Host) takeLock(ctx context.Context, path string, a lockAcquireArgs) (*lockfile.Lock, error) {
	self, err := proc.IdentityOf(h.cfg.PID)
	if err != nil {
		return nil, err
	}
	info := lockfile.Info{Identity: self, User: h.cfg.User, For: a.Purpose}
	if a.Wait <= 0 {
		return lockfile.Try(path, info)
	}
	ctx, cancel := context.WithTimeout(ctx, a.Wait)
	defer cancel()
	return lockfile.Acquire(ctx, path, info)
}

func lockError(err error, name string) error {
	var held *lockfile.HeldError
	if errors.As(err, &held) {
		return runtime.Errorf(runtime.Conflict, "the lock %q is held by %s", name, held.Owner).
			With("holder", held.Owner.String()).
			WithHint("wait for it to end, or look at that process")
	}
	return runtime.Errorf(runtime.KindOf(err), "cannot take the lock %q: %w", name, err)
}

func (h *Host) lockPath(name string) (string, error) {
	if _, err := h.home(); err != nil {
		return "", err
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return "", runtime.Errorf(runtime.Invalid, "cannot name a lock %q: use lower-case letters, digits, dashes and dots", name)
		}
	}
	if name == "" || name[0] == '.' {
		return "", runtime.Errorf(runtime.Invalid, "cannot name a lock %q: it must begin with a letter or digit", name)
	}
	return h.statePath("locks", name+".lock"), nil
}

type lockArgs struct {
	Lock Lock `lua:"lock" doc:"a lock from acquire"`
}

func (h *Host) lockRelease(_ context.Context, _ *runtime.Call, a lockArgs) (runtime.None, error) {
	return runtime.None{}, a.Lock.l.release()
}

type lockNameArgs struct {
	Name string `lua:"name" doc:"the lock's name"`
}

type lockOwner struct {
	PID   int       `lua:"pid"`
	User  string    `lua:"user,opt"`
	For   string    `lua:"purpose,opt"`
	Since time.Time `lua:"since,opt" doc:"seconds since 1970"`
}

func (h *Host) lockHolder(_ context.Context, _ *runtime.Call, a lockNameArgs) (*lockOwner, error) {
	path, err := h.lockPath(a.Name)
	if err != nil {
		return nil, err
	}
	info, held, err := lockfile.Holder(path)
	if err != nil || !held {
		return nil, err
	}
	return &lockOwner{PID: info.Identity.PID, User: info.User, For: info.For, Since: info.Since}, nil
}
