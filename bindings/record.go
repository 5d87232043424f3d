package bindings

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/bindings/internal/statefile"
	"github.com/cortexlua/cortexlua/runtime"
)

const levelWarn = slog.LevelWarn

// record is what is kept of a daemon that was started: enough to prove later
// that a process is the one. A record of another boot proves nothing, so it need
// not survive a power cut and is not synced.
type record struct {
	Name     string        `json:"name"`
	Identity proc.Identity `json:"identity"`
	Cookie   string        `json:"cookie,omitempty"`
	Command  []string      `json:"command"`
	Log      string        `json:"log,omitempty"`
	Started  time.Time     `json:"started"`
	Run      string        `json:"run"`
}

func (h *Host) recordPath(name string) string { return h.statePath("daemons", name+".json") }

// remember writes the record of a daemon, whole or not at all.
func (h *Host) remember(r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return statefile.Write(h.recordPath(r.Name), append(data, '\n'))
}

// recall reads the record of a daemon; nil if there is none. A record that
// cannot be read as one proves nothing and counts as none.
func (h *Host) recall(name string) (*record, error) {
	data, err := statefile.Read(h.recordPath(name))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, statefile.ErrBad) {
		return nil, nil
	}
	if err != nil {
		return nil, runtime.Errorf(runtime.KindOf(err), "cannot read the record of %s: %w", name, err)
	}
	r := &record{}
	if json.Unmarshal(data, r) != nil || r.Identity.IsZero() {
		return nil, nil
	}
	return r, nil
}

// forget removes the record of a daemon if it still names that process.
func (h *Host) forget(name string, id proc.Identity) error {
	r, err := h.recall(name)
	if err != nil || r == nil || r.Identity != id {
		return err
	}
	return statefile.Remove(h.recordPath(name))
}
