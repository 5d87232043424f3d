package bindings

import (
	"path"
	"strings"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/runtime"
)

// filePlan is what a dry run planned for a path. Later queries and actions of the
// run see it in the place of what is really there.
type filePlan struct {
	kind   string  // files.TypeFile, files.TypeDir, or absent
	text   *string // the content of a file, where it is known
	origin string  // the path that it was moved or copied from, real until now
}

const absent = "absent"

func fileKey(abs string) string { return "fs:" + abs }

// planned finds what was planned for a path, or for a directory above it: below
// one that was removed or newly made, there is nothing.
func (p place) planned(c *runtime.Call) (filePlan, bool) {
	if !c.DryRun() {
		return filePlan{}, false
	}
	for at := p.abs; ; at = path.Dir(at) {
		if v, ok := c.Planned(fileKey(at)); ok {
			plan := v.(filePlan)
			rest := strings.TrimPrefix(p.abs, at)
			switch {
			case rest == "":
				return plan, true
			case plan.kind == files.TypeDir && plan.origin != "":
				return p.from(plan.origin + rest), true
			}
			return filePlan{kind: absent}, true
		}
		if at == "/" || at == "." {
			return filePlan{}, false
		}
	}
}

// from is the plan of something that will be as origin is now.
func (p place) from(origin string) filePlan {
	info, err := p.roots.Stat(origin, false)
	if err != nil {
		return filePlan{kind: absent}
	}
	return filePlan{kind: info.Type, origin: origin}
}

// real gives the path to look at for a query: a planned copy has the content of
// its origin. What is planned to be gone is not found; what is only planned cannot
// be looked at.
func (p place) real(c *runtime.Call, verb string) (string, error) {
	plan, ok := p.planned(c)
	switch {
	case !ok:
		return p.abs, nil
	case plan.kind == absent:
		return "", runtime.Errorf(runtime.NotFound, "cannot %s %s: no such file or directory", verb, p.abs).With("path", p.abs)
	case plan.origin != "":
		return plan.origin, nil
	}
	return "", runtime.Errorf(runtime.Failed, "cannot %s %s: it is only planned in this dry run", verb, p.abs).
		WithHint("leave this out when run.dry_run is true").With("path", p.abs)
}

// typeAt is the type of what is at a path, planned or real; a link is a link.
func (p place) typeAt(c *runtime.Call) (string, error) {
	if plan, ok := p.planned(c); ok {
		return plan.kind, nil
	}
	info, err := p.roots.Stat(p.abs, false)
	if isAbsent(err) {
		return absent, nil
	}
	return info.Type, fileError(err)
}
