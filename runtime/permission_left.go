package runtime

import "slices"

// Allowance is what the layers leave of one permission that was asked for.
type Allowance struct {
	Permission Permission
	// Left are the permissions that remain: the whole of it, some scopes, or none.
	Left []Permission
	// Except are scopes within Left that are denied all the same.
	Except []Permission
	// Cuts are the layers that took something away, in their order.
	Cuts []Layer
}

// Whole tells whether nothing was taken away.
func (a Allowance) Whole() bool { return len(a.Cuts) == 0 }

// Allows tells what the layers leave of a permission.
func (g Grant) Allows(p Permission) Allowance {
	a := Allowance{Permission: p, Left: []Permission{p}}
	if len(g.Layers) == 0 {
		a.Left = nil
	}
	for _, l := range g.Layers {
		left, except := l.narrow(a.Left)
		if !slices.Equal(left, a.Left) || len(except) > 0 {
			a.Cuts = append(a.Cuts, l)
		}
		a.Left = left
		a.Except = append(a.Except, except...)
	}
	return a
}

// narrow gives what the layer leaves of a list, and which scopes within what is
// left it denies.
func (l Layer) narrow(list []Permission) (left, except []Permission) {
	for _, p := range list {
		if l.permits(p) {
			left = append(left, p)
		} else {
			for _, a := range l.Allow {
				if p.covers(a) && l.permits(a) {
					left = append(left, a)
				}
			}
		}
	}
	for _, p := range left {
		for _, d := range l.Deny {
			if p.covers(d) {
				except = append(except, d)
			}
		}
	}
	return left, except
}
