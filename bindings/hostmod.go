package bindings

import (
	"context"
	"path/filepath"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/hostinfo"
	"github.com/cortexlua/cortexlua/runtime"
)

// hostModule is the module "host"; the type Host is what all modules share.
func hostModule(h *Host) runtime.Module {
	return runtime.Module{
		Name: "host",
		Doc:  "Figures of this machine: what it is, its load, memory and disks.",
		Funcs: []runtime.Func{
			runtime.Query("info", "Tells what machine this is and who runs here.", hostInfo, runtime.HostRead).
				Example(`host.info().cpus >= 1  --> true`),
			runtime.Query("load", "Gives the load averages of the last 1, 5 and 15 minutes.", hostLoad, runtime.HostRead).
				Example(`host.load().one >= 0  --> true`),
			runtime.Query("memory", "Gives the machine's memory in bytes.", hostMemory, runtime.HostRead).
				Example(`host.memory().total > 0  --> true`),
			runtime.Query("disk", "Gives the size and use of the file system that holds a path.", h.hostDisk, runtime.HostRead).
				Example(`host.disk("/").total > 0  --> true`),
		},
	}
}

type hostInfoResult struct {
	Hostname string        `lua:"hostname"`
	Kernel   string        `lua:"kernel" doc:"the kernel's release"`
	Arch     string        `lua:"arch" doc:"amd64, arm64"`
	CPUs     int           `lua:"cpus" doc:"processors that this program may use"`
	Uptime   time.Duration `lua:"uptime" doc:"seconds since boot"`
	BootID   string        `lua:"boot_id" doc:"random, new at every boot"`
	User     string        `lua:"user" doc:"who runs this"`
	UID      int           `lua:"uid"`
}

func hostInfo(context.Context, *runtime.Call, struct{}) (hostInfoResult, error) {
	info, err := hostinfo.Read()
	return hostInfoResult(info), err
}

type hostLoadResult struct {
	One     float64 `lua:"one" doc:"tasks that ran or waited, averaged over the last minute"`
	Five    float64 `lua:"five" doc:"over 5 minutes"`
	Fifteen float64 `lua:"fifteen" doc:"over 15 minutes"`
	Running int     `lua:"running" doc:"tasks that run at this moment"`
	Tasks   int     `lua:"tasks" doc:"tasks in all; threads count"`
}

func hostLoad(context.Context, *runtime.Call, struct{}) (hostLoadResult, error) {
	load, err := hostinfo.ReadLoad()
	return hostLoadResult(load), err
}

type hostMemoryResult struct {
	Total       int64   `lua:"total" doc:"bytes"`
	Available   int64   `lua:"available" doc:"bytes that programs can get without swapping"`
	UsedPercent float64 `lua:"used_percent" doc:"of the total, what is not available"`
	SwapTotal   int64   `lua:"swap_total" doc:"bytes"`
	SwapFree    int64   `lua:"swap_free" doc:"bytes"`
}

func hostMemory(context.Context, *runtime.Call, struct{}) (hostMemoryResult, error) {
	m, err := hostinfo.ReadMemory()
	if err != nil {
		return hostMemoryResult{}, err
	}
	return hostMemoryResult{
		Total: m.Total, Available: m.Available, SwapTotal: m.SwapTotal, SwapFree: m.SwapFree,
		UsedPercent: percent(m.Total-m.Available, m.Total),
	}, nil
}

type hostDiskArgs struct {
	Path string `lua:"path" doc:"any path on the file system, relative to the home or absolute"`
}

type hostDiskResult struct {
	Total             int64   `lua:"total" doc:"bytes"`
	Free              int64   `lua:"free" doc:"bytes that this user can still write"`
	Used              int64   `lua:"used" doc:"bytes"`
	UsedPercent       float64 `lua:"used_percent" doc:"as df counts it: without root's reserve"`
	Inodes            int64   `lua:"inodes" doc:"0 where they are made as needed"`
	InodesFree        int64   `lua:"inodes_free"`
	InodesUsedPercent float64 `lua:"inodes_used_percent"`
}

func (h *Host) hostDisk(_ context.Context, _ *runtime.Call, a hostDiskArgs) (hostDiskResult, error) {
	path := a.Path
	if !filepath.IsAbs(path) {
		home, err := h.home()
		if err != nil {
			return hostDiskResult{}, err
		}
		path = filepath.Join(home, path)
	}
	d, err := hostinfo.ReadDisk(path)
	if err != nil {
		return hostDiskResult{}, err
	}
	return hostDiskResult{
		Total: d.Total, Free: d.Free, Used: d.Used, UsedPercent: d.UsedPercent,
		Inodes: d.Inodes, InodesFree: d.InodesFree, InodesUsedPercent: percent(d.Inodes-d.InodesFree, d.Inodes),
	}, nil
}

func percent(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
