package runtime

import (
	"cmp"
	"slices"
	"strings"
)

// Unused gives the permissions of a list that nothing in the script can need. It is
// empty when the text leaves anything unclear.
func (in Inspection) Unused(asked []Permission) []Permission {
	if len(in.Unclear) > 0 {
		return nil
	}
	var out []Permission
	for _, p := range asked {
		if !slices.ContainsFunc(in.Uses, func(u Use) bool { return u.wants(p) }) {
			out = append(out, p)
		}
	}
	return out
}

// wants tells whether a call of the primitive can need p.
func (u Use) wants(p Permission) bool {
	touches := func(q Permission) bool { return p.covers(q) || q.covers(p) }
	return slices.ContainsFunc(u.Needs, touches) || slices.ContainsFunc(u.May, touches)
}

// Lack is a primitive that will be refused if it is called.
type Lack struct {
	Permission Permission
	Use        Use
}

// Lacking gives the primitives that the script names although a list of
// permissions does not hold what they need. Needs that depend on arguments, and
// methods whose receiver is not known, do not count.
func (in Inspection) Lacking(asked []Permission) []Lack {
	layer := Layer{Allow: asked}
	var out []Lack
	for _, u := range in.Uses {
		for _, p := range u.Needs {
			if !u.Maybe && !layer.permitsSome(p) {
				out = append(out, Lack{p, u})
			}
		}
	}
	return out
}

// comparePlaces sorts "file:12" by file, then by number.
func comparePlaces(a, b string) int {
	fileA, lineA := splitPlace(a)
	fileB, lineB := splitPlace(b)
	return cmp.Or(cmp.Compare(fileA, fileB), cmp.Compare(len(lineA), len(lineB)), cmp.Compare(lineA, lineB))
}

func splitPlace(p string) (file, line string) {
	i := strings.LastIndexByte(p, ':')
	return p[:i], p[i+1:]
}
