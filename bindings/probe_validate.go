package bindings

import (
	"context"

	"github.com/cortexlua/cortexlua/bindings/internal/probes"
	"github.com/cortexlua/cortexlua/runtime"
)

type probeValidateArgs struct {
	Spec probeSpec `lua:"spec" doc:"a probe, such as the ready of a daemon"`
	Log  string    `lua:"log,opt" doc:"the log of the daemon, for a spec of log"`
}

// validate makes the checks of a probe, permissions among them, without looking at
// what it probes.
func (p *probeFuncs) validate(ctx context.Context, c *runtime.Call, a probeValidateArgs) (runtime.None, error) {
	none := runtime.None{}
	if err := a.Spec.check(); err != nil {
		return none, err
	}
	switch {
	case a.Spec.Pidfile != "":
		_, err := p.host.ownPidfile(ctx, a.Spec.Pidfile)
		return none, err
	case a.Spec.Log != "":
		if _, err := pattern("spec.log", a.Spec.Log); err != nil {
			return none, err
		}
		_, err := p.host.at(c, a.Log, runtime.FSRead)
		return none, err
	}
	probe, err := p.build(ctx, c, a.Spec, target{})
	if err == nil {
		probes.Close(probe)
	}
	return none, err
}
