package jsonq

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/itchyny/gojq"
)

// The limits of a query.
const (
	maxProgram = 64 << 10 // bytes of the program's text
	maxResults = 100_000
	maxNodes   = 4_000_000 // values within all results
	maxText    = 64 << 20  // bytes of strings within all results
)

// CompileError says that a program is not valid jq.
type CompileError struct {
	Program string
	Offset  int // in bytes; -1 when the parser did not say
	Err     error
}

// Error shows the program and the place.
func (e *CompileError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("the jq program %q is not valid: %s", clip(e.Program), e.Err)
	}
	return fmt.Sprintf("the jq program %q is not valid at byte %d: %s", clip(e.Program), e.Offset, e.Err)
}

// Unwrap gives gojq's own error.
func (e *CompileError) Unwrap() error { return e.Err }

// ProgramError says that a program was run and failed on its input.
type ProgramError struct {
	Program string
	Value   any // what the program gave to error(...); nil for errors of the language
	Err     error
}

// Error shows the program and the cause.
func (e *ProgramError) Error() string {
	return fmt.Sprintf("the jq program %q failed: %s", clip(e.Program), e.Err)
}

// Unwrap gives gojq's own error.
func (e *ProgramError) Unwrap() error { return e.Err }

// clip keeps messages readable when a program is long.
func clip(program string) string {
	const most = 120
	if len(program) <= most {
		return program
	}
	return program[:most] + "..."
}

// Query runs a jq program on a value and returns its results. vars become the
// variables $name of the program. The value and the variables are made of the
// types that [Decode] gives; they are not altered, and results may share parts
// with them. Errors are [*CompileError], [*ProgramError], [*LimitError], or the
// context's cause.
func (e *Engine) Query(ctx context.Context, program string, input any, vars map[string]any) ([]any, error) {
	if err := check(input, 0); err != nil {
		return nil, err
	}
	return e.run(ctx, program, input, vars)
}

// QueryReader decodes the JSON text of a stream and queries it.
func (e *Engine) QueryReader(ctx context.Context, r io.Reader, program string, vars map[string]any) ([]any, error) {
	input, err := DecodeReader(r, Limits{})
	if err != nil {
		return nil, err
	}
	return e.run(ctx, program, input, vars)
}

func (e *Engine) run(ctx context.Context, program string, input any, vars map[string]any) ([]any, error) {
	names, values, err := variables(vars)
	if err != nil {
		return nil, err
	}
	code, err := e.compile(program, names)
	if err != nil {
		return nil, err
	}
	return collect(ctx, program, code, input, values)
}

// variables gives the names, sorted, and the values in the same order.
func variables(vars map[string]any) (names []string, values []any, err error) {
	for name := range vars {
		names = append(names, "$"+name)
	}
	slices.Sort(names)
	for _, name := range names {
		v := vars[name[1:]]
		if err := check(v, 0); err != nil {
			return nil, nil, fmt.Errorf("cannot use a variable: %w", within(name, err))
		}
		values = append(values, v)
	}
	return names, values, nil
}

// collect gathers the results. gojq panics on values it does not know; none
// should get there, but a defect of a library must not end the run.
func collect(ctx context.Context, program string, code *gojq.Code, input any, values []any) (out []any, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, &ProgramError{Program: program, Err: fmt.Errorf("defect in gojq: %v", p)}
		}
	}()
	size := budget{nodes: maxNodes, text: maxText}
	for iter := code.RunWithContext(ctx, input, values...); ; {
		v, ok := iter.Next()
		if !ok {
			return out, nil
		}
		if err, isErr := v.(error); isErr {
			return stopped(ctx, program, out, err)
		}
		if len(out) == maxResults {
			return nil, &LimitError{What: fmt.Sprintf("the jq program %q gives more than %d results", clip(program), maxResults)}
		}
		if v, _, err = size.take(v, 0); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

// stopped sorts what ended a program early. halt without a value is a regular
// end.
func stopped(ctx context.Context, program string, out []any, err error) ([]any, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var halt *gojq.HaltError
	if errors.As(err, &halt) && halt.Value() == nil {
		return out, nil
	}
	pe := &ProgramError{Program: program, Err: err}
	if ve, ok := err.(gojq.ValueError); ok {
		pe.Value = ve.Value()
	}
	return nil, pe
}
