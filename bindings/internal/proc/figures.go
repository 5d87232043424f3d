package proc

import (
	"context"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v3/host"
	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
)

// Figures are for people to read. Nothing decides by them: what a process is, and
// whether it lives, is the business of Identity and Handle.

// CPUPercent measures the processor time that a process uses during an interval,
// in percent of one core. It fails with [ErrGone] if the process ends meanwhile.
func CPUPercent(ctx context.Context, id Identity, interval time.Duration) (float64, error) {
	before, err := Prove(id)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	timer := time.NewTimer(interval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	after, err := Prove(id)
	if err != nil {
		return 0, err
	}
	return 100 * float64(after.CPU()-before.CPU()) / float64(max(time.Since(start), 1)), nil
}

// HostFigures describe the machine.
type HostFigures struct {
	Hostname     string
	Platform     string // such as "debian 12.5"
	Kernel       string
	Uptime       time.Duration
	Load1        float64 // processes that run or wait, mean over the last minute
	Load5        float64
	Load15       float64
	MemTotal     uint64 // bytes
	MemAvailable uint64 // bytes that programs can have without swapping
	SwapTotal    uint64 // bytes
	SwapUsed     uint64 // bytes
}

// Host reads the figures of the machine.
func Host(ctx context.Context) (HostFigures, error) {
	info, err := host.InfoWithContext(ctx)
	if err != nil {
		return HostFigures{}, fmt.Errorf("cannot read the figures of the machine: %w", err)
	}
	avg, err := load.AvgWithContext(ctx)
	if err != nil {
		return HostFigures{}, fmt.Errorf("cannot read the load: %w", err)
	}
	vm, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return HostFigures{}, fmt.Errorf("cannot read the memory: %w", err)
	}
	return HostFigures{
		Hostname: info.Hostname,
		Platform: info.Platform + " " + info.PlatformVersion,
		Kernel:   info.KernelVersion,
		Uptime:   time.Duration(info.Uptime) * time.Second,
		Load1:    avg.Load1, Load5: avg.Load5, Load15: avg.Load15,
		MemTotal: vm.Total, MemAvailable: vm.Available,
		SwapTotal: vm.SwapTotal, SwapUsed: vm.SwapTotal - vm.SwapFree,
	}, nil
}
