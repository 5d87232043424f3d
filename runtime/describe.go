package runtime

import "slices"

// Arg describes one argument or option of a primitive, as scripts pass it.
type Arg struct {
	Name string
	Type string // as the manual writes it: string, duration, list of string, process
	Doc  string
	// Option tells that it stands in the trailing table and may be left out.
	Option  bool
	Default string   // as Lua writes it; "" when there is none
	Values  []string // the values that a string may have; none: any
}

// Args lists the arguments of the primitive in their order, then its options.
func (f Func) Args() []Arg {
	s := schemaOf(f.args)
	var out []Arg
	for _, at := range slices.Concat(s.positional, s.options) {
		a := s.fields[at]
		out = append(out, Arg{
			Name: a.name, Type: typeName(a.typ), Doc: a.doc, Option: a.opt, Default: a.def, Values: slices.Clone(a.enum),
		})
	}
	return out
}

// Needs are the permissions that every call needs.
func (f Func) Needs() []Permission { return slices.Clone(f.needs) }

// May are the kinds of permission that a call can need by its arguments.
func (f Func) May() []Permission { return slices.Clone(f.mayNeed) }

// Mode tells whether the primitive only looks.
func (f Func) Mode() Mode { return f.mode }
