package runtime

import (
	"slices"
	"strings"
)

// PermissionKind describes one kind of permission, for the manual.
type PermissionKind struct {
	Kind Permission
	// Allows completes "it may": "change files".
	Allows string
	// Within is Allows for one scope, which takes the place of %s. It is empty for
	// a kind that has no scopes: such a permission is given whole or not at all.
	Within string
	// Scope says what a scope names.
	Scope string
}

// PermissionKinds is the closed set, in the order of the manual.
func PermissionKinds() []PermissionKind {
	const root = "a root: home, state, config, backups, logs, run, or one that the registry declares"
	return []PermissionKind{
		{FSRead, "read files", "read files below the root %s", root},
		{FSWrite, "change files", "change files below the root %s", root},
		{ProcessRead, "look at processes and at the daemons of the registry", "", ""},
		{ProcessSpawn, "start programs", "start the program %s",
			"a program: its name when PATH finds it, its path from the home (with a slash: ./a.sh), or its absolute path"},
		{ProcessSignal, "signal and stop processes that were proved to be a daemon's", "signal and stop the daemon %s", "a daemon"},
		{GitRead, "look at the git work tree and its history", "", ""},
		{GitFetch, "fetch commits from git remotes", "fetch commits from the git remote %s", "a configured remote"},
		{GitWrite, "move the git work tree to another commit", "", ""},
		{NetDial, "connect to hosts", "connect to the host %s", "a host, as the address names it, without the port; unix for sockets that are files"},
		{EnvRead, "read environment variables", "read the environment variable %s", "a variable"},
		{HostRead, "look at this machine's load, memory and disks", "", ""},
	}
}

// kindOf finds the description of a permission's kind.
func kindOf(p Permission) (PermissionKind, bool) {
	kinds := PermissionKinds()
	i := slices.IndexFunc(kinds, func(k PermissionKind) bool { return k.Kind == p.Kind() })
	if i < 0 {
		return PermissionKind{}, false
	}
	return kinds[i], true
}

// Describe says in plain words what a permission allows: "change files below the
// root logs".
func (p Permission) Describe() string {
	k, ok := kindOf(p)
	switch {
	case !ok:
		return string(p)
	case p.Scope() == "" || k.Within == "":
		return k.Allows
	}
	return strings.Replace(k.Within, "%s", p.Scope(), 1)
}

// ParsePermission checks the text of a permission: a known kind, and a scope only
// where the kind has scopes. There are no wildcards: a kind without a scope is all
// of it.
func ParsePermission(text string) (Permission, error) {
	p := Permission(text)
	k, known := kindOf(p)
	_, scope, scoped := strings.Cut(text, ":")
	switch {
	case !known:
		return "", unknownPermission(p)
	case !scoped:
		return p, nil
	case k.Within == "":
		return "", Errorf(Invalid, "the permission %q cannot be: %s has no scopes, it is given whole or not at all", text, k.Kind)
	case scope == "" || strings.TrimSpace(scope) != scope:
		return "", Errorf(Invalid, "the permission %q names no scope: after the colon stands %s; %s alone is all of it", text, k.Scope, k.Kind)
	case strings.ContainsAny(scope, "*?"):
		return "", Errorf(Invalid, "the permission %q has a wildcard: a scope is exact; %s alone is all of it", text, k.Kind)
	}
	return p, nil
}

func unknownPermission(p Permission) error {
	var names []string
	for _, k := range PermissionKinds() {
		names = append(names, string(k.Kind))
	}
	return Errorf(Invalid, "unknown permission %q%s; permissions are %s, some with a scope as in %q",
		string(p), Suggest(string(p.Kind()), names), strings.Join(names, ", "), "fs.write:logs")
}

// ParsePermissions checks a list of permissions.
func ParsePermissions(texts []string) ([]Permission, error) {
	out := make([]Permission, 0, len(texts))
	for _, t := range texts {
		p, err := ParsePermission(t)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
