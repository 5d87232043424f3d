package vm

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// Compile compiles a chunk. A first line that starts with '#' is skipped. The chunk
// name stands in positions and messages. The error is a *[SyntaxError].
func (m *VM) Compile(chunk string, src []byte) (p *lua.FunctionProto, err error) {
	defer func() {
		if v := recover(); v != nil { // the parser and the compiler panic on what they do not expect
			p, err = nil, &SyntaxError{Chunk: chunk, Msg: clip(fmt.Sprint(v), 200)}
		}
	}()
	chunk = clip(chunk, 200)
	if err := precheck(chunk, src, m.limits.Source); err != nil {
		return nil, err
	}
	stmts, err := parse.Parse(bytes.NewReader(skipShebang(src)), chunk)
	if err != nil {
		err = syntaxError(chunk, err)
		if e, ok := err.(*SyntaxError); ok && e.Line == 0 { // at the end
			e.Line = 1 + bytes.Count(bytes.TrimRight(src, "\n"), []byte{'\n'})
		}
		return nil, err
	}
	wrapped, err := rewrite(chunk, stmts)
	if err != nil {
		return nil, err
	}
	outer, err := lua.Compile(wrapped, chunk)
	if err != nil {
		return nil, syntaxError(chunk, err)
	}
	if err := checkProto(chunk, outer, 0); err != nil {
		return nil, err
	}
	return outer.FunctionPrototypes[0], nil
}

// skipShebang blanks a first line that starts with '#', keeping its line end so
// that line numbers stay.
func skipShebang(src []byte) []byte {
	if len(src) == 0 || src[0] != '#' {
		return src
	}
	if i := bytes.IndexByte(src, '\n'); i >= 0 {
		return src[i:]
	}
	return nil
}

// maxUpvalues is below what upstream can count: it keeps the number in a byte and
// crashes past it. Lua 5.1 allows 60.
const maxUpvalues = 200

// checkProto refuses functions that the machine cannot run.
func checkProto(chunk string, p *lua.FunctionProto, depth int) error {
	if len(p.DbgUpvalues) > maxUpvalues {
		return &SyntaxError{chunk, p.LineDefined, fmt.Sprintf("function has more than %d upvalues", maxUpvalues)}
	}
	for _, sub := range p.FunctionPrototypes {
		if err := checkProto(chunk, sub, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// syntaxError puts the parser's and the compiler's errors into one shape, worded
// as Lua words them.
func syntaxError(chunk string, err error) error {
	var pe *parse.Error
	if errors.As(err, &pe) {
		msg := strings.TrimSpace(pe.Message)
		switch {
		case pe.Pos.Line == parse.EOF:
			return &SyntaxError{chunk, 0, msg + " near '<eof>'"}
		case pe.Token != "":
			msg += " near '" + clip(pe.Token, 80) + "'"
		}
		return &SyntaxError{chunk, pe.Pos.Line, msg}
	}
	var ce *lua.CompileError
	if errors.As(err, &ce) {
		return &SyntaxError{chunk, ce.Line, ce.Message}
	}
	return &SyntaxError{Chunk: chunk, Msg: clip(err.Error(), 200)}
}
