package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/supervise"
	"github.com/cortexlua/cortexlua/runtime"
)

// machine is what a command line finds around it; tests have their own.
type machine struct {
	getenv func(string) string
	// policy is the policy file of the whole machine. No flag and no variable leads
	// to another one, or a user could step out of it.
	policy string
	// owner is the user who must own it: root.
	owner uint32
	// user is who runs this.
	user uint32
	// parent is the line to the process that watches this one; nil without one.
	parent *supervise.Child
}

func thisMachine() machine {
	return machine{getenv: os.Getenv, policy: "/etc/cortexlua/policy.lua", owner: 0, user: uint32(os.Geteuid())}
}

// userPolicy is the user's own file; "" when there can be none. A relative
// XDG_CONFIG_HOME counts as none (XDG Base Directory Specification).
func (m machine) userPolicy() string {
	dir := m.getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		if dir = m.getenv("HOME"); !filepath.IsAbs(dir) {
			return ""
		}
		dir = filepath.Join(dir, ".config")
	}
	return filepath.Join(dir, "cortexlua", "policy.lua")
}

// policyRules bound what may be done. A list that is left out bounds nothing; an
// empty allow allows nothing.
type policyRules struct {
	Allow []string `lua:"allow,opt" doc:"all that may be done"`
	Deny  []string `lua:"deny,opt" doc:"what may not be done, whatever allow says"`
}

// policyFile is the content of a policy file.
type policyFile struct {
	Allow    []string               `lua:"allow,opt" doc:"all that any runbook or script may do"`
	Deny     []string               `lua:"deny,opt" doc:"what none may do, whatever allow says"`
	Runbooks map[string]policyRules `lua:"runbooks,opt" doc:"further bounds for single runbooks, by name"`
	Scripts  policyRules            `lua:"scripts,opt" doc:"further bounds for scripts without a header"`
}

// policies is the loaded policy files of a run, the machine's first.
type policies []loadedPolicy

type loadedPolicy struct {
	path string
	policyFile
}

// loadPolicies reads the machine's file, the user's, and the one that a flag
// names. Files that are not there bound nothing, but for the flag's; a file that
// cannot be read, or that others may have written, stops everything.
func loadPolicies(ctx context.Context, m machine, flag string) (policies, error) {
	var all policies
	for _, p := range []struct {
		path  string
		trust trust
		must  bool
	}{
		{m.policy, trust{owners: []uint32{m.owner}, others: 0o022, folder: true}, false},
		{m.userPolicy(), trust{owners: []uint32{m.user, m.owner}, others: 0o002}, false},
		{flag, trust{}, true},
	} {
		if p.path == "" {
			continue
		}
		src, err := readTrusted(p.path, p.trust)
		if errors.Is(err, fs.ErrNotExist) && !p.must {
			continue
		}
		if err != nil {
			return nil, policyError(p.path, err)
		}
		loaded := loadedPolicy{path: p.path}
		if err := runtime.LoadData(ctx, src, &loaded.policyFile); err != nil {
			return nil, err
		}
		if err := loaded.check(); err != nil {
			return nil, runtime.Errorf(runtime.Invalid, "%s: %s", p.path, err)
		}
		all = append(all, loaded)
	}
	return all, nil
}

func policyError(path string, err error) error {
	var known *runtime.Error
	if errors.As(err, &known) {
		return err
	}
	return runtime.Errorf(runtime.KindOf(err), "cannot read the policy %s: %w", path, err).
		WithHint("nothing runs while the policy is unknown: mend the file or its permissions")
}

// check reads every permission, so that a misspelt one does not pass for a bound.
func (p *policyFile) check() error {
	rules := map[string]policyRules{"": {p.Allow, p.Deny}, "scripts.": p.Scripts}
	for name, r := range p.Runbooks {
		rules[fmt.Sprintf("runbooks[%q].", name)] = r
	}
	for where, r := range rules {
		if _, err := runtime.ParsePermissions(r.Allow); err != nil {
			return fmt.Errorf("%sallow: %w", where, err)
		}
		if _, err := runtime.ParsePermissions(r.Deny); err != nil {
			return fmt.Errorf("%sdeny: %w", where, err)
		}
	}
	return nil
}

// layers are the bounds for one runbook; name is "" for a script without a
// header. Each list of a file is a layer, so that a denial names the very key.
func (all policies) layers(name string) []runtime.Layer {
	var out []runtime.Layer
	for _, p := range all {
		out = append(out, p.rules("", policyRules{p.Allow, p.Deny})...)
		if name == "" {
			out = append(out, p.rules("scripts.", p.Scripts)...)
		} else if r, ok := p.Runbooks[name]; ok {
			out = append(out, p.rules(fmt.Sprintf("runbooks[%q].", name), r)...)
		}
	}
	return out
}

func (p loadedPolicy) rules(where string, r policyRules) []runtime.Layer {
	name := "the policy " + p.path
	var out []runtime.Layer
	if r.Allow != nil {
		allow, _ := runtime.ParsePermissions(r.Allow) // checked when it was loaded
		out = append(out, runtime.Layer{Name: name, Remedy: fmt.Sprintf(`add "%%s" to %sallow in %s`, where, p.path), Allow: allow})
	}
	if len(r.Deny) > 0 {
		deny, _ := runtime.ParsePermissions(r.Deny)
		out = append(out, runtime.Layer{
			Name: name, Remedy: fmt.Sprintf(`take what covers "%%s" out of %sdeny in %s`, where, p.path),
			Allow: runtime.Everything(), Deny: deny,
		})
	}
	return out
}

// trust says who may have written a file.
type trust struct {
	owners []uint32    // one of these owns it; none: anybody
	others fs.FileMode // bits that must not be set
	folder bool        // its folder is held against the same: who may rename there may replace the file
}

// readTrusted reads a file after checking who may have written it. What is checked
// is what is read: the file is looked at through its descriptor.
func readTrusted(path string, t trust) (runtime.Source, error) {
	// Without O_NONBLOCK, opening a FIFO would wait for ever.
	f, err := os.OpenFile(path, os.O_RDONLY|openNonblock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if _, linkErr := os.Lstat(path); linkErr == nil {
			return runtime.Source{}, runtime.Errorf(runtime.Denied, "cannot read the policy %s: it is a link that leads nowhere", path)
		}
	}
	if err != nil {
		return runtime.Source{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return runtime.Source{}, err
	case !info.Mode().IsRegular():
		return runtime.Source{}, runtime.Errorf(runtime.Invalid, "cannot read %s: it is not a regular file", path)
	case info.Size() > maxSource:
		return runtime.Source{}, runtime.Errorf(runtime.Invalid, "cannot read %s: %d bytes are too many for a policy", path, info.Size())
	}
	if err := t.check(path, info); err != nil {
		return runtime.Source{}, err
	}
	if t.folder {
		if err := t.checkFolders(path); err != nil {
			return runtime.Source{}, err
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSource))
	return runtime.Source{Path: path, Text: text}, err
}

// checkFolders looks at the folder of the path and, when that is a link, at the
// folder of the file itself.
func (t trust) checkFolders(path string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(real)} {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if err := t.check(dir, info); err != nil {
			return err
		}
	}
	return nil
}
