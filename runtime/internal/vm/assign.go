package vm

import (
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// assign works around bugs of upstream's compiler.
//
// It assigns to locals one after the other, so that "a, b = b, a" makes both equal
// to b. A multiple assignment therefore becomes
//
//	do local v1, v2 = b, a; b = v2; a = v1 end
//
// with the tables and keys on its left evaluated before, as Lua does in practice.
//
// And a call that is cut to one value and assigned to the last parameter of a
// function is built in that parameter's own register: in
//
//	function f(s) s = (g(s)) end
//
// g is called with itself. Where one value is taken anyway the cut is dropped, which
// avoids the path.
//
// Last, "a = t.x and 1" leaves the local a as it was when t.x is nil; the value has
// to go through a register of its own, as in the first case.
func assign(s *ast.AssignStmt) ast.Stmt {
	if len(s.Lhs) == 1 && len(s.Rhs) == 1 {
		switch e := s.Rhs[0].(type) {
		case *ast.FuncCallExpr:
			e.AdjustRet = false
			return s
		case *ast.LogicalOpExpr, *ast.TableExpr:
			if _, ok := s.Lhs[0].(*ast.IdentExpr); !ok {
				return s
			}
		default:
			return s
		}
	} else if harmless(s) {
		return s
	}
	b := &block{line: s.Line(), last: s.LastLine()}
	targets := make([]ast.Expr, len(s.Lhs))
	for i, l := range s.Lhs {
		targets[i] = b.target(l, i)
	}
	values := make([]string, len(s.Lhs))
	for i := range values {
		values[i] = hidden("v", i)
	}
	b.local(values, s.Rhs)
	for i := len(targets) - 1; i >= 0; i-- {
		b.add(&ast.AssignStmt{Lhs: []ast.Expr{targets[i]}, Rhs: []ast.Expr{b.name(values[i])}})
	}
	do := &ast.DoBlockStmt{Stmts: b.stmts}
	do.SetLine(b.line)
	do.SetLastLine(b.last)
	return do
}

// harmless tells assignments that come out right one after the other: those of
// constants, and those of all the results of one call.
func harmless(s *ast.AssignStmt) bool {
	if len(s.Rhs) == 1 {
		switch e := s.Rhs[0].(type) {
		case *ast.FuncCallExpr:
			return !e.AdjustRet
		case *ast.Comma3Expr:
			return !e.AdjustRet
		}
	}
	for _, e := range s.Rhs {
		if _, ok := e.(ast.ConstExpr); !ok {
			return false
		}
	}
	for _, l := range s.Lhs {
		if _, ok := l.(*ast.IdentExpr); !ok {
			return false
		}
	}
	return true
}

// block builds statements that all stand at one place of the source.
type block struct {
	line, last int
	stmts      []ast.Stmt
}

// hidden is a name that no script can write.
func hidden(kind string, i int) string { return "\x00" + kind + strconv.Itoa(i) }

func (b *block) add(s ast.Stmt) {
	s.SetLine(b.line)
	s.SetLastLine(b.last)
	b.stmts = append(b.stmts, s)
}

func (b *block) name(n string) ast.Expr {
	e := &ast.IdentExpr{Value: n}
	e.SetLine(b.line)
	e.SetLastLine(b.last)
	return e
}

func (b *block) local(names []string, values []ast.Expr) {
	b.add(&ast.LocalAssignStmt{Names: names, Exprs: values})
}

// target evaluates table and key of what is assigned to.
func (b *block) target(l ast.Expr, i int) ast.Expr {
	a, ok := l.(*ast.AttrGetExpr)
	if !ok {
		return l
	}
	out := &ast.AttrGetExpr{Key: a.Key}
	out.SetLine(a.Line())
	out.SetLastLine(a.LastLine())
	b.local([]string{hidden("t", i)}, []ast.Expr{a.Object})
	out.Object = b.name(hidden("t", i))
	if _, ok := a.Key.(ast.ConstExpr); !ok {
		b.local([]string{hidden("k", i)}, []ast.Expr{a.Key})
		out.Key = b.name(hidden("k", i))
	}
	return out
}
