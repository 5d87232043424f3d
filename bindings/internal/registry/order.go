package registry

import (
	"fmt"
	"strings"
)

// sort puts daemons into an order in which each comes after those it needs;
// otherwise the order of the file is kept. A cycle is an error that shows its
// path.
func (r *Registry) sort() error {
	s := sorter{reg: r, mark: make([]mark, len(r.Daemons))}
	for i := range r.Daemons {
		if err := s.visit(i, nil); err != nil {
			return err
		}
	}
	r.Daemons = s.out
	for i, d := range r.Daemons {
		r.byName[d.Name] = i
	}
	return nil
}

type mark int8

const (
	unseen mark = iota
	inHand
	placed
)

type sorter struct {
	reg  *Registry
	mark []mark
	out  []Daemon
}

// visit places what daemon i needs, then i itself. path is how it was reached.
func (s *sorter) visit(i int, path []string) error {
	d := s.reg.Daemons[i]
	path = append(path, d.Name)
	switch s.mark[i] {
	case placed:
		return nil
	case inHand:
		return fmt.Errorf("the daemons wait for each other in a circle: %s", cycle(path))
	}
	s.mark[i] = inHand
	for _, name := range d.After {
		at, ok := s.reg.byName[name]
		if !ok {
			return &UnknownError{Name: name, By: d.Name}
		}
		if err := s.visit(at, path); err != nil {
			return err
		}
	}
	s.mark[i] = placed
	s.out = append(s.out, d)
	return nil
}

// cycle shows the path from the first visit of its last name.
func cycle(path []string) string {
	last := path[len(path)-1]
	for i, name := range path {
		if name == last {
			return strings.Join(path[i:], " -> ")
		}
	}
	return strings.Join(path, " -> ")
}

// Names gives the names of all daemons in starting order.
func (r *Registry) Names() []string {
	names := make([]string, len(r.Daemons))
	for i, d := range r.Daemons {
		names[i] = d.Name
	}
	return names
}

// Get gives the daemon of a name.
func (r *Registry) Get(name string) (Daemon, bool) {
	i, ok := r.byName[name]
	if !ok {
		return Daemon{}, false
	}
	return r.Daemons[i], true
}

// Select gives the daemons of some names in starting order; no names, or "all",
// gives every one.
func (r *Registry) Select(names []string) ([]Daemon, error) {
	if len(names) == 0 || len(names) == 1 && names[0] == "all" {
		return r.Daemons, nil
	}
	want := make(map[string]bool, len(names))
	for _, n := range names {
		if _, ok := r.byName[n]; !ok {
			return nil, &UnknownError{Name: n}
		}
		want[n] = true
	}
	var out []Daemon
	for _, d := range r.Daemons {
		if want[d.Name] {
			out = append(out, d)
		}
	}
	return out, nil
}

// UnknownError names a daemon that the registry does not have.
type UnknownError struct {
	Name string
	By   string // the daemon whose after names it; "" when a caller did
}

// Error reads `unknown daemon "wroker"`, or `daemon "pm": after names "wroker",
// which is not a daemon`.
func (e *UnknownError) Error() string {
	if e.By != "" {
		return fmt.Sprintf("daemon %q: after names %q, which is not a daemon", e.By, e.Name)
	}
	return fmt.Sprintf("unknown daemon %q", e.Name)
}
