package probes

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/bindings/internal/pidfile"
)

// Pidfile passes when a pidfile that the daemon writes itself names its process.
// Close it.
type Pidfile struct {
	path string
	pid  int
	dir  *files.Roots // only to watch
}

// NewPidfile makes a probe of the pidfile at an absolute path.
func NewPidfile(path string, pid int) (*Pidfile, error) {
	dir, err := files.NewRoots([]files.Root{{Name: "pidfile", Dir: filepath.Dir(path)}})
	if err != nil {
		return nil, err
	}
	return &Pidfile{path: path, pid: pid, dir: dir}, nil
}

// String says what is waited for.
func (p *Pidfile) String() string { return fmt.Sprintf("%s to name pid %d", p.path, p.pid) }

func (p *Pidfile) watch() (*files.Roots, string) { return p.dir, p.path }

// Close lets go of the pidfile's folder.
func (p *Pidfile) Close() error { return p.dir.Close() }

// Check reads the pidfile.
func (p *Pidfile) Check(context.Context) error {
	f, err := pidfile.Read(p.path)
	if err != nil {
		return err
	}
	if f.PID != p.pid {
		return fmt.Errorf("%s names pid %d, not %d", p.path, f.PID, p.pid)
	}
	return nil
}
