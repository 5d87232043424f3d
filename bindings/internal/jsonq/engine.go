package jsonq

import (
	"container/list"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/itchyny/gojq"
)

// keptPrograms is how many compiled programs an Engine remembers. Runbooks have
// a handful; the bound is for scripts that build programs.
const keptPrograms = 64

// Engine runs jq programs and remembers the compiled ones. The zero value is not
// ready; use [New]. It is safe for concurrent use.
type Engine struct {
	mu     sync.Mutex
	byText map[string]*list.Element
	recent *list.List // of *compiled, the latest used first
}

type compiled struct {
	key  string
	code *gojq.Code
}

// New makes an Engine. It costs nothing until a program is run.
func New() *Engine {
	return &Engine{byText: map[string]*list.Element{}, recent: list.New()}
}

// compile gives the compiled form of a program with these variables.
func (e *Engine) compile(program string, names []string) (*gojq.Code, error) {
	key := strings.Join(names, " ") + "\n" + program
	if code := e.remembered(key); code != nil {
		return code, nil
	}
	code, err := compileText(program, names)
	if err != nil {
		return nil, err
	}
	e.remember(key, code)
	return code, nil
}

func (e *Engine) remembered(key string) *gojq.Code {
	e.mu.Lock()
	defer e.mu.Unlock()
	at, ok := e.byText[key]
	if !ok {
		return nil
	}
	e.recent.MoveToFront(at)
	return at.Value.(*compiled).code
}

func (e *Engine) remember(key string, code *gojq.Code) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.byText[key]; ok {
		return // another task compiled it meanwhile
	}
	e.byText[key] = e.recent.PushFront(&compiled{key, code})
	if e.recent.Len() > keptPrograms {
		oldest := e.recent.Back()
		e.recent.Remove(oldest)
		delete(e.byText, oldest.Value.(*compiled).key)
	}
}

func compileText(program string, names []string) (*gojq.Code, error) {
	if len(program) > maxProgram {
		return nil, &LimitError{What: fmt.Sprintf("the jq program has %d bytes and the limit is %d", len(program), maxProgram)}
	}
	query, err := gojq.Parse(program)
	if err != nil {
		offset := -1
		var pe *gojq.ParseError
		if errors.As(err, &pe) {
			offset = pe.Offset - len(pe.Token)
		}
		return nil, &CompileError{Program: program, Offset: max(offset, 0), Err: err}
	}
	code, err := gojq.Compile(query, gojq.WithVariables(names))
	if err != nil {
		return nil, &CompileError{Program: program, Offset: -1, Err: err}
	}
	return code, nil
}
