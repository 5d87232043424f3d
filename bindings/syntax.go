package bindings

import (
	"context"
	"errors"

	"github.com/cortexlua/cortexlua/bindings/internal/shsyntax"
	"github.com/cortexlua/cortexlua/runtime"
)

func syntaxModule(*Host) runtime.Module {
	return runtime.Module{
		Name: "syntax",
		Doc:  "Tell whether a script parses, without running any of it.",
		Funcs: []runtime.Func{
			runtime.Query("check", "Parses a shell script. What is no shell script is not checked, and counts as right.", syntaxCheck).
				Example(`syntax.check("a.sh", "if true; then echo").ok  --> false`),
		},
	}
}

type syntaxCheckArgs struct {
	Name string `lua:"name" doc:"the script's name, for messages and, without a #! line, its language"`
	Text string `lua:"text" doc:"the script"`
}

type syntaxResult struct {
	OK      bool   `lua:"ok" doc:"nothing is wrong with it, as far as it was checked"`
	Checked bool   `lua:"checked" doc:"it was judged; false for what is no shell script, and when no judge is at hand"`
	Why     string `lua:"why,opt" doc:"what is wrong, or why it was not checked"`
	Line    int    `lua:"line,opt" doc:"the line of the mistake"`
}

func syntaxCheck(ctx context.Context, _ *runtime.Call, a syntaxCheckArgs) (syntaxResult, error) {
	err := shsyntax.Check(ctx, a.Name, []byte(a.Text))
	var wrong *shsyntax.SyntaxError
	switch {
	case err == nil:
		return syntaxResult{OK: true, Checked: true}, nil
	case ctx.Err() != nil:
		return syntaxResult{}, context.Cause(ctx)
	case errors.As(err, &wrong):
		return syntaxResult{Checked: true, Why: err.Error(), Line: wrong.Line}, nil
	case errors.Is(err, shsyntax.ErrNotShell):
		return syntaxResult{OK: true, Why: err.Error()}, nil
	case errors.Is(err, shsyntax.ErrCannotTell):
		return syntaxResult{Why: err.Error()}, nil
	}
	return syntaxResult{}, err
}
