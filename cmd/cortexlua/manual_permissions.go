package main

import (
	"fmt"
	"strings"

	"github.com/cortexlua/cortexlua/runtime"
)

// permissionsTopic is the page of doc that is not a module.
const permissionsTopic = "permissions"

// permissionsManual is cortexlua doc permissions.
func permissionsManual() string {
	var b strings.Builder
	b.WriteString(`permissions: what a runbook may do, and who says so

A run may do what three hands give it. Each can only take away:

  the primitive needs it    cortexlua doc process.stop
  the runbook asks for it   needs in its header; cortexlua inspect NAME shows it
  the operator allows it    policy files, then --deny; all of it without either

A script without a header may look (`)
	b.WriteString(strings.Join(words(runtime.ReadOnly), ", "))
	b.WriteString(`) and nothing else;
run --allow gives it more. A denial names the hand that refused, and the line that
would allow it. It comes before anything is done, and ends the run with code 3
unless the script catches it.

Kinds:
`)
	for _, k := range runtime.PermissionKinds() {
		fmt.Fprintf(&b, "  %-15s %s\n", k.Kind, k.Allows)
		if k.Within != "" {
			fmt.Fprintf(&b, "  %-15s   :SCOPE is %s\n", "", k.Scope)
		}
	}
	b.WriteString(`
Scopes:
  fs.write is all of it, fs.write:logs only what lies below the root logs. A scope is
  exact: there are no wildcards, and the name of a host is not its address. The root
  nearest to a file counts, so fs.write:home does not reach the log folder, nor what
  cortexlua keeps in HOME/.cortexlua: registry, runbooks and modules are the root
  config, locks and records the root state. A symbolic link leads out of no root, and
  into another one only with that one's permission. Pidfiles that the registry
  declares belong to the root run wherever they lie.

  A program is allowed with all that it can do: its arguments are not looked at. An
  environment with PATH or LD_ variables needs the whole of process.spawn, and so do
  git hooks. What the registry declares for a daemon (log, directory, environment)
  is the operator's word and needs no permission of its own.

Confinement:
  A program that is started is not held to any of this, unless the kernel does it
  (Landlock): process.run and process.spawn with confine = true, confine = true for a
  daemon in registry.lua, or run --confine for all of them. Then the program and what
  it starts may do what the run may do, or what the registry's allow = { ... } names:
  read and change the roots, execute what it may read (with the whole of
  process.spawn), use the network (the whole of net.dial), signal others (the whole
  of process.signal) and read /proc (process.read). Beside that it has the programs
  and libraries of the system, and no temporary folder: give it TMPDIR in a root.
  setuid programs such as sudo gain nothing in it. It may still look at names, sizes
  and times of files, and reach unix sockets that have a path, before Linux 7.1.

  Linux 6.12 holds all of it. A kernel that cannot hold what is asked is an error,
  and nothing is started. A root around one that is not granted cannot be held, and
  is an error as well. git and cortexlua itself are not confined.

Policy files cap every runbook and script:
  /etc/cortexlua/policy.lua               the machine's: owned by root, written by nobody else
  $XDG_CONFIG_HOME/cortexlua/policy.lua   the user's (~/.config if it is not set)
  run --policy FILE                       one more

  return {
    allow = { "fs.read", "process.read" },    -- all that anything may do; left out: no bound
    deny = { "net.dial" },                    -- whatever allow says
    runbooks = { ["upgrade"] = { deny = { "git.write" } } },
    scripts = { allow = { "fs.read:logs" } }, -- those without a header
  }

  Each file can only narrow what the others leave. No variable and no flag leads
  around the machine's file; one that cannot be read or trusted stops every run.

next: cortexlua inspect RUNBOOK
`)
	return b.String()
}
