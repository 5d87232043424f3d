package bindings

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/runtime"
)

func isGone(err error) bool { return errors.Is(err, proc.ErrGone) }

// processError gives an engine's error its kind and names the process.
func processError(err error, verb string, p *process) error {
	if err == nil {
		return nil
	}
	who := p.String()
	if p.planned {
		who = p.name
	}
	kind := runtime.KindOf(err)
	if isGone(err) {
		kind = runtime.NotFound
	}
	return runtime.Errorf(kind, "cannot %s %s: %w", verb, who, err)
}

// environment is what a program is started with: nothing of ours is inherited
// but what programs need to be found and to speak.
func (h *Host) environment(extra map[string]string) []string {
	env := map[string]string{
		"PATH": h.cfg.Path,
		"HOME": h.cfg.UserHome,
		"LANG": "C.UTF-8",
	}
	maps.Copy(env, extra)
	out := make([]string, 0, len(env))
	for _, k := range slices.Sorted(maps.Keys(env)) {
		out = append(out, k+"="+env[k])
	}
	return out
}

func lastLine(text string) string {
	text = strings.TrimRight(text, "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}
