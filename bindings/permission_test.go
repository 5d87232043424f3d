package bindings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

// needless are the primitives that need no permission, and why.
var needless = map[string]string{
	"clock.format":    "computes",
	"clock.monotonic": "tells the time",
	"clock.now":       "tells the time",
	"clock.seconds":   "computes",
	"clock.sleep":     "waits, within the run's deadline",
	"json.decode":     "computes",
	"json.encode":     "computes",
	"json.query":      "computes; the jq language has no way to files, variables or programs here",
	"json.query_all":  "computes, as json.query",
	"lock.release":    "takes a lock that lock.acquire gave, which needs the permission",
	"log.debug":       "speaks to the operator",
	"log.error":       "speaks to the operator",
	"log.info":        "speaks to the operator",
	"log.warn":        "speaks to the operator",
	"syntax.check":    "computes on a text; a shell that is asked only parses it (-n) and has no environment",
}

// given are the arguments, as Lua, of primitives whose schema does not say enough.
// Those of the others are made from names and types.
var given = map[string]string{
	"archive.create":   `"backups/new.tar.gz", { sources = { { name = "dir", dir = "dir" } } }`,
	"archive.compare":  `"backups/a.tar.gz"`,
	"archive.list":     `"backups"`,
	"archive.manifest": `"backups/a.tar.gz"`,
	"archive.restore":  `"backups/a.tar.gz"`,
	"archive.verify":   `"backups/a.tar.gz"`,
	"fs.chmod":         `"notes.txt", "0600"`,
	"fs.copy":          `"notes.txt", "copy.txt"`,
	"fs.mkdir":         `"made"`,
	"fs.list":          `"dir"`,
	"fs.remove_tree":   `"dir"`,
	"fs.rename":        `"notes.txt", "moved.txt"`,
	"fs.tree_hash":     `"dir"`,
	"fs.wait":          `"notes.txt", { event = "exists" }`,
	"fs.walk":          `"dir"`,
	"git.fast_forward": `"origin/main"`,
	"git.show_file":    `"HEAD", "scripts/worker.sh"`,
	"host.disk":        `"/"`,
	"json.decode":      `'{"a":1}'`,
	"json.query_file":  `"data.json", ".a"`,
	"pidfile.clear":    `run.home .. "/run/worker.pid"`,
	"pidfile.read":     `run.home .. "/run/worker.pid"`,
	"pidfile.remove":   `run.home .. "/run/worker.pid", 4711`,
	"pidfile.write":    `run.home .. "/run/worker.pid", given.process()`,
	"probe.mark":       ``,
	"probe.check":      `{ alive = true }`,
	"probe.validate":   `{ alive = true }`,
	"process.check":    `"other", { "./worker.sh" }`,
	"probe.settle":     `given.process(), "1ms"`,
	"probe.wait":       `given.process(), { alive = true }`,
	"process.clean_up": `"worker"`,
	"process.signal":   `given.process(), "USR1"`,
	"process.spawn":    `"other", { "./worker.sh" }`,
	"process.run":      `{ "touch", "made" }`,
	"process.wait":     `given.process(), { timeout = "1ms" }`,
	"registry.daemons": ``,
	"registry.release": ``,
	"git.return_to":    `"HEAD", { branch = "main" }`,
	"lock.acquire":     `"a-lock"`,
	"env.get":          `"PATH"`,
}

// byName are arguments that mean the same wherever they stand.
var byName = map[string]string{
	"path": `"notes.txt"`, "dir": `"."`, "name": `"worker"`, "names": `{ "worker" }`, "pattern": `"*.txt"`, "lines": `2`,
	"text": `"text"`, "remote": `"origin"`, "commit": `"HEAD"`, "target": `"HEAD"`, "ancestor": `"HEAD"`, "descendant": `"HEAD"`,
	"from": `"HEAD"`, "to": `"HEAD"`, "duration": `"1ms"`, "process": `given.process()`, "lock": `given.lock()`, "message": `"text"`, "fields": `{ a = 1 }`, "value": `{ a = 1 }`, "program": `"."`, "time": `0`, "log": `"agents/logs/worker.log"`,
}

// call is one call of a primitive with plausible arguments.
func call(t *testing.T, module string, f runtime.Func) string {
	t.Helper()
	op := module + "." + f.Name()
	if args, ok := given[op]; ok {
		return op + "(" + args + ")"
	}
	var args []string
	for _, a := range f.Args() {
		if a.Option {
			break
		}
		text, ok := byName[a.Name]
		if len(a.Values) > 0 {
			text, ok = fmt.Sprintf("%q", a.Values[0]), true
		}
		if !ok {
			t.Errorf("%s: nothing is known to give for the argument %s (%s): add the primitive to the table given", op, a.Name, a.Type)
		}
		args = append(args, text)
	}
	return op + "(" + strings.Join(args, ", ") + ")"
}

// without is everything but one kind, and perhaps one scope of it.
func without(kind runtime.Permission, but ...runtime.Permission) []runtime.Permission {
	return append(slices.DeleteFunc(runtime.Everything(), func(p runtime.Permission) bool { return p == kind }), but...)
}

// TestNoPrimitiveWithoutItsPermission takes from every declared primitive each
// permission that it needs, in every way, and looks that it is refused by name
// and that nothing happened. Then it runs with just what it declares.
func TestNoPrimitiveWithoutItsPermission(t *testing.T) {
	scoped := map[runtime.Permission]bool{}
	for _, k := range runtime.PermissionKinds() {
		scoped[k.Kind] = k.Within != ""
	}
	seen := map[string]bool{}
	for _, m := range All(NewHost(Config{})) {
		for _, f := range m.Funcs {
			op := m.Name + "." + f.Name()
			seen[op] = true
			needs := f.Needs()
			if why := needless[op]; (why == "") != (len(needs) > 0) {
				t.Errorf("%s needs %v; the list of those that need nothing says %q", op, needs, why)
			}
			t.Run(op, func(t *testing.T) {
				s, line := newScene(t, m.Name == "git"), call(t, m.Name, f)
				before := s.snapshot(t)
				for _, need := range needs {
					for how, err := range s.refusals(t, line, need, scoped[need.Kind()]) {
						s.mustDeny(t, how, err, op, need)
					}
				}
				if diff := changed(before, s.snapshot(t)); len(diff) > 0 {
					t.Errorf("it was refused, and yet something happened:\n%s", strings.Join(diff, "\n"))
				}
				exactly := runtime.Layer{Name: "the test", Remedy: "give the test %s", Allow: needs}
				if err := s.attempt(t, line, nil, false, runtime.Order{Operator: exactly}); err != nil {
					t.Errorf("%s with what it declares to need: %v", line, err)
				}
			})
		}
	}
	for _, op := range slices.Sorted(maps.Keys(needless)) {
		if !seen[op] {
			t.Errorf("%s is on the list of those that need nothing, and does not exist", op)
		}
	}
}

// refusals are the errors of a call whose need is not met.
func (s *scene) refusals(t *testing.T, line string, need runtime.Permission, scoped bool) map[string]*runtime.Error {
	t.Helper()
	kind := need.Kind()
	operator := func(allow []runtime.Permission, deny ...runtime.Permission) runtime.Order {
		return runtime.Order{Operator: runtime.Layer{Name: "the operator", Remedy: "ask for %s", Allow: allow, Deny: deny}}
	}
	policy := func(allow []runtime.Permission, deny ...runtime.Permission) runtime.Order {
		return runtime.Order{Policy: []runtime.Layer{{Name: "the policy", Remedy: "mend it for %s", Allow: allow, Deny: deny}}}
	}
	out := map[string]*runtime.Error{
		"the operator: not allowed":          s.attempt(t, line, nil, false, operator(without(kind))),
		"the operator: in a dry run":         s.attempt(t, line, nil, true, operator(without(kind))),
		"the operator: denied":               s.attempt(t, line, nil, false, operator(runtime.Everything(), kind)),
		"the runbook's header: does not ask": s.attempt(t, line, without(kind), false, runtime.Order{}),
		"the policy: asked, and denied":      s.attempt(t, line, runtime.Everything(), false, policy(runtime.Everything(), kind)),
		"the policy: asked, and not allowed": s.attempt(t, line, runtime.Everything(), false, policy(without(kind))),
		"the operator: asked, and refused":   s.attempt(t, line, runtime.Everything(), false, operator(without(kind))),
	}
	if scoped {
		out["the operator: another scope"] = s.attempt(t, line, nil, false, operator(without(kind, kind.In("elsewhere"))))
		named := append(runtime.Everything(), kind.In("elsewhere"))
		out["the operator: asked and named, denied"] = s.attempt(t, line, named, false, operator(named, kind))
		out["the runbook's header: another scope"] = s.attempt(t, line, without(kind, kind.In("elsewhere")), false, runtime.Order{})
	}
	return out
}

// mustDeny holds a refusal against what an operator needs to read.
func (s *scene) mustDeny(t *testing.T, how string, err *runtime.Error, op string, need runtime.Permission) {
	t.Helper()
	layer, _, _ := strings.Cut(how, ":")
	asked, _ := errDetail(err, "permission").(string)
	switch {
	case err == nil:
		t.Errorf("%s (%s): it was not refused", how, need)
	case err.Kind != runtime.Denied || err.Op != op:
		t.Errorf("%s (%s): refused as %s by %q: %v", how, need, err.Kind, err.Op, err)
	case runtime.Permission(asked).Kind() != need.Kind() || !strings.Contains(err.Message, asked):
		t.Errorf("%s: the permission %s is not named: %v", how, need, err)
	case !strings.Contains(err.Message, layer) || !strings.Contains(err.Hint, asked):
		t.Errorf("%s (%s): the layer or its remedy is not named: %v", how, need, err)
	}
}

func errDetail(err *runtime.Error, key string) any {
	if err == nil {
		return nil
	}
	return err.Details[key]
}
