package vm

import (
	"bytes"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// Literal reads a chunk that is nothing but "return { constants }", as data files
// mostly are, without compiling it: upstream's compiler looks through all constants
// of a function for each of them, which takes the time of their square. ok is false
// for any other chunk, also for one that does not parse: [VM.Compile] then tells why.
func (m *VM) Literal(chunk string, src []byte) (tbl *lua.LTable, ok bool) {
	defer func() {
		if recover() != nil { // the parser panics on what it does not expect
			tbl, ok = nil, false
		}
	}()
	if precheck(chunk, src, m.limits.Source) != nil {
		return nil, false
	}
	stmts, err := parse.Parse(bytes.NewReader(skipShebang(src)), chunk)
	if err != nil || len(stmts) != 1 {
		return nil, false
	}
	ret, isReturn := stmts[0].(*ast.ReturnStmt)
	if !isReturn || len(ret.Exprs) != 1 {
		return nil, false
	}
	v, ok := m.constant(ret.Exprs[0])
	if !ok {
		return nil, false
	}
	tbl, ok = v.(*lua.LTable)
	return tbl, ok
}

// constant gives the value of an expression without names, calls and operators.
// The pre-check has bounded how deep it nests.
func (m *VM) constant(e ast.Expr) (lua.LValue, bool) {
	switch e := e.(type) {
	case *ast.TrueExpr:
		return lua.LTrue, true
	case *ast.FalseExpr:
		return lua.LFalse, true
	case *ast.NilExpr:
		return lua.LNil, true
	case *ast.StringExpr:
		return lua.LString(e.Value), true
	case *ast.NumberExpr:
		n, ok := parseNumber(e.Value)
		return lua.LNumber(n), ok
	case *ast.TableExpr:
		return m.constantTable(e)
	}
	return nil, false
}

func (m *VM) constantTable(e *ast.TableExpr) (lua.LValue, bool) {
	tbl := m.base.CreateTable(0, len(e.Fields))
	items := 0
	for _, f := range e.Fields {
		v, ok := m.constant(f.Value)
		if !ok {
			return nil, false
		}
		if f.Key == nil {
			items++
			tbl.RawSetInt(items, v)
			continue
		}
		key, isName := f.Key.(*ast.StringExpr)
		if !isName {
			return nil, false
		}
		tbl.RawSetString(key.Value, v)
	}
	return tbl, true
}
