package runtime

import "github.com/yuin/gopher-lua/ast"

// refKind says what a piece of code refers to.
type refKind int

const (
	refPrimitive refKind = iota // a primitive: module.name
	refModule                   // a module of primitives as a value: any of its functions
	refMethod                   // name called as a method of something
	refMember                   // a function of a required module
	refRequired                 // a required module as a value: any of its functions
	refOwn                      // a named function of the same file
	refOwnAll                   // a table of the file as a value: any of its functions
	refUnknown                  // what cannot be told without running it
)

// ref is one reference, with its place.
type ref struct {
	kind   refKind
	module string // of a primitive, or a required one
	name   string
	line   int
}

// unit is a function that the top of a file gives a name to, or, named "", all
// the rest of the file. Units are what is reached or not.
type unit struct{ refs []ref }

// outline is what a file refers to, unit by unit. Keys are "f" for a local
// function, "M.f" for a function in a table of the file.
type outline struct {
	units    map[string]*unit
	exports  string // the table that the file returns; "" when it is something else
	requires []ref  // literal ones, wherever they stand
}

// nameKind is what a local name stands for, as far as it can be told.
type nameKind int

const (
	plainLocal nameKind = iota
	aliasOfModule
	aliasOfRequired
	ownFunction
	ownTable
)

type localName struct {
	kind   nameKind
	target string
}

// names is a scope: the local names of a block, and the block around it.
type names struct {
	local map[string]localName
	outer *names
}

func (n *names) inner() *names { return &names{local: map[string]localName{}, outer: n} }

func (n *names) find(name string) (localName, bool) {
	for s := n; s != nil; s = s.outer {
		if l, ok := s.local[name]; ok {
			return l, true
		}
	}
	return localName{}, false
}

func (n *names) hide(list ...string) {
	for _, name := range list {
		n.local[name] = localName{}
	}
}

// walker goes through a file's syntax tree.
type walker struct {
	isModule func(name string) bool // is a global one of the modules of primitives?
	out      *outline
	unit     *unit
}

// outlineOf reads a file. It errs on the side of too many references.
func outlineOf(chunk []ast.Stmt, isModule func(string) bool) *outline {
	w := &walker{isModule: isModule, out: &outline{units: map[string]*unit{}}}
	main := w.named("")
	w.unit = main
	top := (&names{}).inner()
	for _, s := range chunk {
		if key, fn := w.definition(s, top); fn != nil {
			w.unit = w.named(key)
			w.function(fn, top)
			w.unit = main
			continue
		}
		if ret, ok := s.(*ast.ReturnStmt); ok && returnsOwnTable(ret, top) {
			w.out.exports = ret.Exprs[0].(*ast.IdentExpr).Value
			continue // what others take out of it is followed from there
		}
		w.stmt(s, top)
	}
	return w.out
}

func (w *walker) named(key string) *unit {
	if w.out.units[key] == nil {
		w.out.units[key] = &unit{}
	}
	return w.out.units[key]
}

// definition tells whether a statement at the top of a file names a function:
// local function f, function M.f, M.f = function. It makes the name known.
func (w *walker) definition(s ast.Stmt, top *names) (key string, fn *ast.FunctionExpr) {
	switch s := s.(type) {
	case *ast.LocalAssignStmt:
		if len(s.Names) == 1 && len(s.Exprs) == 1 {
			if fn, ok := s.Exprs[0].(*ast.FunctionExpr); ok {
				top.local[s.Names[0]] = localName{ownFunction, s.Names[0]}
				return s.Names[0], fn
			}
		}
	case *ast.FuncDefStmt:
		if s.Name.Func != nil {
			return memberKey(s.Name.Func, top), definedBy(s.Func, memberKey(s.Name.Func, top))
		}
	case *ast.AssignStmt:
		if len(s.Lhs) == 1 && len(s.Rhs) == 1 {
			fn, _ := s.Rhs[0].(*ast.FunctionExpr)
			return memberKey(s.Lhs[0], top), definedBy(fn, memberKey(s.Lhs[0], top))
		}
	}
	return "", nil
}

func definedBy(fn *ast.FunctionExpr, key string) *ast.FunctionExpr {
	if key == "" {
		return nil
	}
	return fn
}

// memberKey is "M.f" for M.f where M is a table of the file, else "".
func memberKey(e ast.Expr, top *names) string {
	get, ok := e.(*ast.AttrGetExpr)
	if !ok {
		return ""
	}
	key, ok := get.Key.(*ast.StringExpr)
	if l := kindOfName(get.Object, top); ok && l.kind == ownTable {
		return l.target + "." + key.Value
	}
	return ""
}

func kindOfName(e ast.Expr, in *names) localName {
	if id, ok := e.(*ast.IdentExpr); ok {
		l, _ := in.find(id.Value)
		return l
	}
	return localName{}
}

func returnsOwnTable(s *ast.ReturnStmt, top *names) bool {
	return len(s.Exprs) == 1 && kindOfName(s.Exprs[0], top).kind == ownTable
}
