package bindings

import (
	"context"
	"fmt"

	"github.com/cortexlua/cortexlua/bindings/internal/registry"
	"github.com/cortexlua/cortexlua/runtime"
)

func registryModule(h *Host) runtime.Module {
	return runtime.Module{
		Name: "registry",
		Doc:  "The daemons that this home runs, as its registry file declares them.",
		Funcs: []runtime.Func{
			runtime.Query("daemons", "Gives daemons in the order in which they start: all of them, or those named.", h.registryDaemons, runtime.ProcessRead).
				Example(`registry.daemons()[1].name  --> "coordinator"`),
			runtime.Query("release", "Gives what the registry says about releases: scripts to check, folders to back up, the queue of work.", h.registryRelease, runtime.GitRead),
		},
	}
}

type registryDaemonsArgs struct {
	Names []string `lua:"names,opt" doc:"only these; unknown names are an error"`
}

func (h *Host) registryDaemons(ctx context.Context, _ *runtime.Call, a registryDaemonsArgs) ([]registry.Daemon, error) {
	reg, err := h.Registry(ctx)
	if err != nil {
		return nil, err
	}
	daemons, err := reg.Select(a.Names)
	if err != nil {
		return nil, unknownDaemon(reg, err)
	}
	return daemons, nil
}

func (h *Host) registryRelease(ctx context.Context, _ *runtime.Call, _ struct{}) (registry.Release, error) {
	reg, err := h.Registry(ctx)
	if err != nil {
		return registry.Release{}, err
	}
	return reg.Release, nil
}

// checkDurations reads every duration of the registry once, so that a misspelt
// one is found before a daemon is touched. They stay texts, because scripts pass
// them on to primitives.
func checkDurations(reg *registry.Registry) error {
	for _, d := range reg.Daemons {
		for key, text := range map[string]string{
			"settle": d.Settle, "stop.grace": d.Stop.Grace,
			"ready.timeout": d.Ready.Timeout, "ready.interval": d.Ready.Interval, "ready.fresh": d.Ready.Fresh,
		} {
			if text == "" {
				continue
			}
			if _, err := runtime.ParseDuration(text); err != nil {
				return fmt.Errorf("daemon %q: %s: %w", d.Name, key, err)
			}
		}
	}
	return nil
}
