// Package bindings is the list of primitives that scripts can call. One file is
// one Lua module, so the folder listing is the list of modules; All is the same
// list for the program. Each file only adapts: it declares functions, checks
// arguments and permissions, and turns errors into kinds. What touches the
// machine lives in the engines below internal/.
//
// # Permissions
//
// A primitive declares the kinds that every call needs, and with MayNeed those
// that its arguments can bring in; the runtime refuses a call without them. A
// primitive whose kind has scopes then checks the scope that its arguments name,
// with Call.Require, before it looks at anything or makes any other check:
//
//	fs.read, fs.write    the root that holds the path (Host.at); a tree also needs
//	                     the roots below it (Host.atTree), a link the root it leads to
//	process.spawn        the program (Host.mayRun); its directory must be readable,
//	                     its log writable (Host.workDir, Host.logToWrite)
//	process.signal       the daemon's name
//	git.fetch            the remote
//	net.dial             the host (hostScope), or "unix"
//	env.read             the variable
//
// Scopes are exact, without wildcards. What the registry declares for a daemon is
// the operator's own word and needs no scope. TestNoPrimitiveWithoutItsPermission
// and TestScopesOfArguments hold all of this for every primitive.
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
