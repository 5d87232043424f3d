package runtime

import (
	"slices"
	"strings"
)

// Permission names something a script may do: a kind, such as "fs.write", or a
// kind within a scope, such as "fs.write:logs" (a named root) or
// "process.spawn:git" (a program). Scopes are exact; see [PermissionKinds].
type Permission string

// The kinds of permission. Those that end in ".read" only look.
const (
	FSRead        Permission = "fs.read"
	FSWrite       Permission = "fs.write"
	ProcessRead   Permission = "process.read"
	ProcessSpawn  Permission = "process.spawn"
	ProcessSignal Permission = "process.signal"
	GitRead       Permission = "git.read"
	GitFetch      Permission = "git.fetch"
	GitWrite      Permission = "git.write"
	NetDial       Permission = "net.dial"
	EnvRead       Permission = "env.read"
	HostRead      Permission = "host.read"
)

// ReadOnly is what a script without a header may do: look, and nothing else.
// EnvRead is not in it, since the environment often holds secrets.
var ReadOnly = []Permission{FSRead, ProcessRead, GitRead, HostRead}

// Everything is all kinds of permission: what an operator allows who sets no
// bounds of their own.
func Everything() []Permission {
	var all []Permission
	for _, k := range PermissionKinds() {
		all = append(all, k.Kind)
	}
	return all
}

// In gives the permission within a scope: FSWrite.In("logs") is "fs.write:logs".
func (p Permission) In(scope string) Permission { return p + ":" + Permission(scope) }

// Kind is the part before the scope.
func (p Permission) Kind() Permission {
	kind, _, _ := strings.Cut(string(p), ":")
	return Permission(kind)
}

// Scope is the part after the kind, or "".
func (p Permission) Scope() string {
	_, scope, _ := strings.Cut(string(p), ":")
	return scope
}

// covers tells whether holding p is enough to do want: the same kind, and either
// no scope of its own (all of it) or the same scope.
func (p Permission) covers(want Permission) bool {
	return p == want || (p == p.Kind() && p == want.Kind())
}

// Layer is one of the hands that a permission passes through: what the runbook
// asks for, what the operator allows. Each layer can only narrow.
type Layer struct {
	// Name says whose layer it is: "the runbook's header".
	Name string
	// Remedy completes "to allow it, ...": `add "fs.write" to needs in upgrade.lua`.
	// Each %s is replaced by the permission.
	Remedy string
	Allow  []Permission
	Deny   []Permission
}

func (l Layer) permits(want Permission) bool {
	for _, d := range l.Deny {
		if d.covers(want) {
			return false
		}
	}
	return slices.ContainsFunc(l.Allow, func(p Permission) bool { return p.covers(want) })
}

// permitsSome tells whether want, or any scope within it, may pass: the check
// made before a primitive knows which scope it needs.
func (l Layer) permitsSome(want Permission) bool {
	if slices.ContainsFunc(l.Deny, func(d Permission) bool { return d.covers(want) }) {
		return false
	}
	return slices.ContainsFunc(l.Allow, func(p Permission) bool { return p.covers(want) || want.covers(p) })
}

// Grant is what a run may do: the intersection of its layers. The zero Grant
// allows nothing.
type Grant struct{ Layers []Layer }

// Check returns nil, or a [Denied] error that names the layer that said no and
// what would allow it.
func (g Grant) Check(want Permission) error { return g.check(want, Layer.permits) }

func (g Grant) checkKind(want Permission) error { return g.check(want, Layer.permitsSome) }

func (g Grant) check(want Permission, permits func(Layer, Permission) bool) error {
	if len(g.Layers) == 0 {
		return Errorf(Denied, "permission %s is not granted: this script was given none", want)
	}
	for _, l := range g.Layers {
		if !permits(l, want) {
			return l.denial(want)
		}
	}
	return nil
}

func (l Layer) denial(want Permission) *Error {
	e := Errorf(Denied, "permission %s is not granted by %s", want, l.Name).With("permission", string(want))
	if l.Remedy == "" {
		return e
	}
	return e.WithHint("to allow it, %s", strings.ReplaceAll(l.Remedy, "%s", string(want)))
}
