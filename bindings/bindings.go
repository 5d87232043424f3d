// Package bindings is the list of primitives that scripts can call. One file is
// one Lua module, so the folder listing is the list of modules; All is the same
// list for the program. Each file only adapts: it declares functions, checks
// arguments and permissions, and turns errors into kinds. What touches the
// machine lives in the engines below internal/.
package bindings

import "github.com/cortexlua/cortexlua/runtime"

// All is the list of modules that scripts see.
func All(h *Host) []runtime.Module {
	return []runtime.Module{
		archiveModule(h),
		clockModule(h),
		envModule(h),
		fsModule(h),
		gitModule(h),
		hostModule(h),
		jsonModule(h),
		lockModule(h),
		logModule(h),
		pidfileModule(h),
		probeModule(h),
		processModule(h),
		registryModule(h),
		syntaxModule(h),
	}
}
