package runtime

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"
)

func (w *walker) refer(kind refKind, module, name string, at ast.PositionHolder) {
	w.unit.refs = append(w.unit.refs, ref{kind, module, name, at.Line()})
}

func (w *walker) block(list []ast.Stmt, outer *names) {
	in := outer.inner()
	for _, s := range list {
		w.stmt(s, in)
	}
}

func (w *walker) stmt(s ast.Stmt, in *names) {
	switch s := s.(type) {
	case *ast.LocalAssignStmt:
		w.locals(s, in)
	case *ast.AssignStmt:
		w.exprs(s.Lhs, in)
		w.exprs(s.Rhs, in)
	case *ast.FuncCallStmt:
		w.expr(s.Expr, in)
	case *ast.DoBlockStmt:
		w.block(s.Stmts, in)
	case *ast.WhileStmt:
		w.expr(s.Condition, in)
		w.block(s.Stmts, in)
	case *ast.RepeatStmt: // the condition sees the block's names
		inner := in.inner()
		for _, b := range s.Stmts {
			w.stmt(b, inner)
		}
		w.expr(s.Condition, inner)
	case *ast.IfStmt:
		w.expr(s.Condition, in)
		w.block(s.Then, in)
		w.block(s.Else, in)
	case *ast.NumberForStmt:
		w.exprs([]ast.Expr{s.Init, s.Limit, s.Step}, in)
		inner := in.inner()
		inner.hide(s.Name)
		w.block(s.Stmts, inner)
	case *ast.GenericForStmt:
		w.exprs(s.Exprs, in)
		inner := in.inner()
		inner.hide(s.Names...)
		w.block(s.Stmts, inner)
	case *ast.FuncDefStmt:
		if s.Name.Func != nil {
			w.expr(s.Name.Func, in)
		} else {
			w.expr(s.Name.Receiver, in)
		}
		w.function(s.Func, in)
	case *ast.ReturnStmt:
		w.exprs(s.Exprs, in)
	}
}

// locals learns what the new names stand for.
func (w *walker) locals(s *ast.LocalAssignStmt, in *names) {
	learned := map[string]localName{}
	for i, name := range s.Names {
		learned[name] = localName{}
		if i < len(s.Exprs) {
			if l, ok := w.meaning(name, s.Exprs[i], in); ok {
				learned[name] = l
				continue
			}
		}
	}
	for i, e := range s.Exprs {
		if i < len(s.Names) && (learned[s.Names[i]].kind == aliasOfModule || learned[s.Names[i]].kind == aliasOfRequired) {
			continue // followed from where the name is used
		}
		if fn, ok := e.(*ast.FunctionExpr); ok && len(s.Names) == 1 { // local function sees itself
			in.hide(s.Names[0])
			w.function(fn, in)
			continue
		}
		w.expr(e, in)
	}
	for name, l := range learned {
		in.local[name] = l
	}
}

// meaning tells what a name stands for that is given this value.
func (w *walker) meaning(name string, e ast.Expr, in *names) (localName, bool) {
	switch e := e.(type) {
	case *ast.TableExpr:
		return localName{ownTable, name}, in.outer != nil && in.outer.outer == nil // at the top of the file
	case *ast.IdentExpr:
		l, local := in.find(e.Value)
		if !local && w.isModule(e.Value) {
			return localName{aliasOfModule, e.Value}, true
		}
		return l, local && (l.kind == aliasOfModule || l.kind == aliasOfRequired)
	case *ast.FuncCallExpr:
		if module, ok := w.required(e, in); ok {
			w.out.requires = append(w.out.requires, ref{refRequired, module, "", e.Line()})
			return localName{aliasOfRequired, module}, true
		}
	}
	return localName{}, false
}

// required gives the name in require("name").
func (w *walker) required(e *ast.FuncCallExpr, in *names) (string, bool) {
	id, ok := e.Func.(*ast.IdentExpr)
	if !ok || id.Value != "require" || len(e.Args) != 1 {
		return "", false
	}
	if _, local := in.find("require"); local {
		return "", false
	}
	s, ok := e.Args[0].(*ast.StringExpr)
	if !ok {
		return "", false
	}
	return s.Value, true
}

func (w *walker) function(fn *ast.FunctionExpr, outer *names) {
	in := outer.inner()
	in.hide(fn.ParList.Names...)
	in.hide("self")
	w.block(fn.Stmts, in)
}

func (w *walker) exprs(list []ast.Expr, in *names) {
	for _, e := range list {
		w.expr(e, in)
	}
}

func (w *walker) expr(e ast.Expr, in *names) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		w.value(e, in)
	case *ast.AttrGetExpr:
		w.member(e, in)
	case *ast.FuncCallExpr:
		w.call(e, in)
	case *ast.FunctionExpr:
		w.function(e, in)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			w.exprs([]ast.Expr{f.Key, f.Value}, in)
		}
	case *ast.LogicalOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs}, in)
	case *ast.RelationalOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs}, in)
	case *ast.StringConcatOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs}, in)
	case *ast.ArithmeticOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs}, in)
	case *ast.UnaryMinusOpExpr:
		w.expr(e.Expr, in)
	case *ast.UnaryNotOpExpr:
		w.expr(e.Expr, in)
	case *ast.UnaryLenOpExpr:
		w.expr(e.Expr, in)
	}
}

// value is a name that stands alone: whatever it holds may be used in any way.
func (w *walker) value(e *ast.IdentExpr, in *names) {
	l, local := in.find(e.Value)
	switch {
	case !local && w.isModule(e.Value):
		w.refer(refModule, e.Value, "", e)
	case !local && (e.Value == "_G" || e.Value == "require"):
		w.refer(refUnknown, "", fmt.Sprintf("%s is used as a value", e.Value), e)
	case l.kind == aliasOfModule:
		w.refer(refModule, l.target, "", e)
	case l.kind == aliasOfRequired:
		w.refer(refRequired, l.target, "", e)
	case l.kind == ownFunction:
		w.refer(refOwn, "", l.target, e)
	case l.kind == ownTable:
		w.refer(refOwnAll, "", l.target, e)
	}
}

// member is object.key: with a known object and a literal key, just that function.
func (w *walker) member(e *ast.AttrGetExpr, in *names) {
	key, literal := e.Key.(*ast.StringExpr)
	id, named := e.Object.(*ast.IdentExpr)
	if !literal || !named {
		if call, ok := e.Object.(*ast.FuncCallExpr); ok && literal {
			if name, ok := w.required(call, in); ok {
				w.out.requires = append(w.out.requires, ref{refRequired, name, "", e.Line()})
				w.refer(refMember, name, key.Value, e)
				return
			}
		}
		w.exprs([]ast.Expr{e.Object, e.Key}, in)
		return
	}
	l, local := in.find(id.Value)
	switch {
	case !local && w.isModule(id.Value):
		w.refer(refPrimitive, id.Value, key.Value, e)
	case l.kind == aliasOfModule:
		w.refer(refPrimitive, l.target, key.Value, e)
	case l.kind == aliasOfRequired:
		w.refer(refMember, l.target, key.Value, e)
	case l.kind == ownTable:
		w.refer(refOwn, "", l.target+"."+key.Value, e)
	default:
		w.value(id, in)
	}
}

func (w *walker) call(e *ast.FuncCallExpr, in *names) {
	if name, ok := w.required(e, in); ok {
		w.out.requires = append(w.out.requires, ref{refRequired, name, "", e.Line()})
		w.refer(refRequired, name, "", e)
		return
	}
	if e.Receiver != nil {
		w.expr(e.Receiver, in)
		w.refer(refMethod, "", e.Method, e)
	} else if id, ok := e.Func.(*ast.IdentExpr); ok && id.Value == "require" {
		if _, local := in.find("require"); !local {
			w.refer(refUnknown, "", "it requires a module whose name is known only when it runs", e)
		}
	} else {
		w.expr(e.Func, in)
	}
	w.exprs(e.Args, in)
}
