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

// Grants tells whether a permission is left whole, with no scope within it denied:
// what a program may be given that cannot be held to scopes.
func (g Grant) Grants(p Permission) bool {
	a := g.Allows(p)
	return len(a.Left) == 1 && a.Left[0] == p && len(a.Except) == 0
}

// GrantedWhole tells whether the run has a permission with all its scopes.
func (c *Call) GrantedWhole(p Permission) bool { return c.run.grant.Grants(p) }

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
