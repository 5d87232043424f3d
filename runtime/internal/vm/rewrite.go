package vm

import (
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// concatName is the hidden upvalue that ".." calls. No script can write a NUL into
// a name.
const concatName = "\x00concat"

// maxTreeDepth bounds the recursion over a syntax tree, here and in the compiler.
// The pre-check keeps real chunks below it.
const maxTreeDepth = 8000

// rewrite turns every ".." into a call of the bounded concatenation, and wraps
// the chunk into
//
//	local <concat> = ...
//	return function(...) chunk end
//
// so that the function is an upvalue of everything in it. Positions stay.
func rewrite(chunk string, stmts []ast.Stmt) (out []ast.Stmt, err error) {
	w := &rewriter{chunk: chunk}
	defer func() {
		if v := recover(); v != nil {
			e, ok := v.(*SyntaxError)
			if !ok {
				panic(v)
			}
			out, err = nil, e
		}
	}()
	w.stmts(stmts)
	body := &ast.FunctionExpr{ParList: &ast.ParList{HasVargs: true}, Stmts: stmts}
	if n := len(stmts); n > 0 {
		body.SetLastLine(max(stmts[n-1].LastLine(), stmts[n-1].Line()))
	}
	local := &ast.LocalAssignStmt{Names: []string{concatName}, Exprs: []ast.Expr{&ast.Comma3Expr{}}}
	return []ast.Stmt{local, &ast.ReturnStmt{Exprs: []ast.Expr{body}}}, nil
}

type rewriter struct {
	chunk string
	depth int
}

func (w *rewriter) enter(line int) {
	if w.depth++; w.depth > maxTreeDepth {
		panic(&SyntaxError{w.chunk, line, "chunk has too many syntax levels"})
	}
}

func (w *rewriter) stmts(list []ast.Stmt) {
	for i, s := range list {
		w.stmt(s)
		if a, ok := s.(*ast.AssignStmt); ok {
			list[i] = assign(a)
		}
	}
}

func (w *rewriter) stmt(s ast.Stmt) {
	w.enter(s.Line())
	defer func() { w.depth-- }()
	switch s := s.(type) {
	case *ast.AssignStmt:
		w.exprs(s.Lhs)
		w.exprs(s.Rhs)
	case *ast.LocalAssignStmt:
		w.exprs(s.Exprs)
	case *ast.FuncCallStmt:
		w.expr(&s.Expr)
	case *ast.DoBlockStmt:
		w.stmts(s.Stmts)
	case *ast.WhileStmt:
		w.expr(&s.Condition)
		w.stmts(s.Stmts)
	case *ast.RepeatStmt:
		w.expr(&s.Condition)
		w.stmts(s.Stmts)
	case *ast.IfStmt:
		w.expr(&s.Condition)
		w.stmts(s.Then)
		w.stmts(s.Else)
	case *ast.NumberForStmt:
		w.expr(&s.Init)
		w.expr(&s.Limit)
		w.expr(&s.Step)
		w.stmts(s.Stmts)
	case *ast.GenericForStmt:
		w.exprs(s.Exprs)
		w.stmts(s.Stmts)
	case *ast.FuncDefStmt:
		w.expr(&s.Name.Func)
		w.expr(&s.Name.Receiver)
		w.stmts(s.Func.Stmts)
	case *ast.ReturnStmt:
		w.exprs(s.Exprs)
	}
}

func (w *rewriter) exprs(list []ast.Expr) {
	for i := range list {
		w.expr(&list[i])
	}
}

func (w *rewriter) expr(p *ast.Expr) {
	if *p == nil {
		return
	}
	w.enter((*p).Line())
	defer func() { w.depth-- }()
	switch e := (*p).(type) {
	case *ast.StringConcatOpExpr:
		*p = w.concat(e)
	case *ast.NumberExpr:
		e.Value = decimal(e.Value)
	case *ast.AttrGetExpr:
		w.expr(&e.Object)
		w.expr(&e.Key)
	case *ast.TableExpr:
		w.countItems(e)
		for _, f := range e.Fields {
			w.expr(&f.Key)
			w.expr(&f.Value)
			if f.Key != nil { // upstream would add all results of a last "x = f()" to the array
				f.Value = single(f.Value)
			}
		}
	case *ast.FuncCallExpr:
		w.expr(&e.Func)
		w.expr(&e.Receiver)
		w.exprs(e.Args)
	case *ast.LogicalOpExpr:
		w.expr(&e.Lhs)
		w.expr(&e.Rhs)
	case *ast.RelationalOpExpr:
		w.expr(&e.Lhs)
		w.expr(&e.Rhs)
	case *ast.ArithmeticOpExpr:
		w.expr(&e.Lhs)
		w.expr(&e.Rhs)
	case *ast.UnaryMinusOpExpr:
		w.expr(&e.Expr)
	case *ast.UnaryNotOpExpr:
		w.expr(&e.Expr)
	case *ast.UnaryLenOpExpr:
		w.expr(&e.Expr)
	case *ast.FunctionExpr:
		w.stmts(e.Stmts)
	}
}

// maxItems is how many items a table constructor may list. Upstream puts those
// beyond 511 batches of 50 at wrong places.
const maxItems = 25_000

func (w *rewriter) countItems(e *ast.TableExpr) {
	n := 0
	for _, f := range e.Fields {
		if f.Key == nil {
			n++
		}
	}
	if n > maxItems {
		panic(&SyntaxError{w.chunk, e.Line(), fmt.Sprintf("table constructor lists more than %d items", maxItems)})
	}
}

// concatOperands is how many operands one call takes; more would not fit into the
// registers of a function.
const concatOperands = 40

// concat makes one call of a chain a..b..c. The operator is right-associative, so a
// long chain nests at its end.
func (w *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	var operands []ast.Expr
	var cur ast.Expr = e
	for {
		c, ok := cur.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		operands = append(operands, c.Lhs)
		cur = c.Rhs
	}
	operands = append(operands, cur)
	w.exprs(operands)
	call := w.call(e, operands)
	return call
}

func (w *rewriter) call(e *ast.StringConcatOpExpr, operands []ast.Expr) ast.Expr {
	if len(operands) > concatOperands {
		rest := w.call(e, operands[concatOperands-1:])
		operands = append(operands[:concatOperands-1:concatOperands-1], rest)
	}
	name := &ast.IdentExpr{Value: concatName}
	name.SetLine(e.Line())
	name.SetLastLine(e.LastLine())
	for i, o := range operands {
		operands[i] = single(o)
	}
	call := &ast.FuncCallExpr{Func: name, Args: operands, AdjustRet: true}
	call.SetLine(e.Line())
	call.SetLastLine(e.LastLine())
	return call
}

// single cuts a multi-valued last operand to one value.
func single(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}

// decimal drops leading zeros, which upstream would read as octal.
func decimal(v string) string {
	if len(v) < 2 || v[0] != '0' || v[1] == 'x' || v[1] == 'X' {
		return v
	}
	t := strings.TrimLeft(v, "0")
	if t == "" || t[0] < '0' || t[0] > '9' {
		t = "0" + t
	}
	return t
}
