package jsonq

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestQueryWithVariables(t *testing.T) {
	got, err := New().Query(context.Background(), `.[] | select(.s == $status) | .n + $more`,
		[]any{map[string]any{"s": "a", "n": 1}, map[string]any{"s": "b", "n": 2}},
		map[string]any{"status": "b", "more": 40})
	if err != nil || !reflect.DeepEqual(got, []any{42}) {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestQueryTellsErrorsApart(t *testing.T) {
	ctx := context.Background()
	var compile *CompileError
	var program *ProgramError
	var limit *LimitError
	for _, c := range []struct {
		program string
		vars    map[string]any
		as      any
		text    string
	}{
		{".[", nil, &compile, "not valid"},
		{".a $b", nil, &compile, "at byte 3"},
		{"$missing", map[string]any{"other": 1}, &compile, "$missing"},
		{".", map[string]any{"bad name": 1}, &compile, "bad name"},
		{".[]", nil, &program, "cannot iterate over: number"},
		{`error("mine")`, nil, &program, "mine"},
		{`"stop" | halt_error`, nil, &program, "stop"},
		{strings.Repeat(" ", maxProgram) + ".", nil, &limit, "program has"},
		{"range(1000000)", nil, &limit, "more than 100000 results"},
		{"reduce range(300) as $i (0; [.])", nil, &limit, "nests deeper"},
	} {
		_, err := New().Query(ctx, c.program, 1, c.vars)
		if !errors.As(err, c.as) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%.40q: %v, want %T with %q", c.program, err, c.as, c.text)
		}
	}
	if _, err := New().Query(ctx, `error({code: 7})`, nil, nil); !errors.As(err, &program) || !reflect.DeepEqual(program.Value, map[string]any{"code": 7}) {
		t.Errorf("the value of error is lost: %v", err)
	}
	if _, err := New().Query(ctx, ".", struct{}{}, nil); err == nil || !strings.Contains(err.Error(), "not data") {
		t.Errorf("a value that is not data: %v", err)
	}
	if _, err := New().Query(ctx, ".", nil, map[string]any{"v": "\xff"}); err == nil || !strings.Contains(err.Error(), "$v is text") {
		t.Errorf("a variable that is not data: %v", err)
	}
}

func TestQueryEndsWithItsContext(t *testing.T) {
	cause := errors.New("the run was stopped")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Millisecond, cause)
	defer cancel()
	_, err := New().Query(ctx, "def f: f; f", nil, nil)
	if !errors.Is(err, cause) {
		t.Fatalf("got %v, want the cause of the context", err)
	}
}

func TestQueryDoesNotAlterItsInput(t *testing.T) {
	input := map[string]any{"a": []any{1, 2}}
	_, err := New().Query(context.Background(), `.a[0] = 9 | .b = 1`, input, nil)
	if err != nil || !reflect.DeepEqual(input, map[string]any{"a": []any{1, 2}}) {
		t.Fatalf("input is now %v, %v", input, err)
	}
}

func TestQueryReaderRefusesBadText(t *testing.T) {
	_, err := New().QueryReader(context.Background(), strings.NewReader(`{"tasks": [`), ".tasks | length", nil)
	var se *SyntaxError
	if !errors.As(err, &se) || !se.Truncated {
		t.Fatalf("got %v, want a truncated SyntaxError", err)
	}
}

// The race detector watches that constants of a compiled program are not altered.
func TestEngineServesManyTasks(t *testing.T) {
	e := New()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 3 * keptPrograms {
				program := fmt.Sprintf("[%d, 1.50, {a: 9007199254740993}] | .[0] + $n", j)
				got, err := e.Query(context.Background(), program, nil, map[string]any{"n": i})
				if err != nil || !reflect.DeepEqual(got, []any{i + j}) {
					t.Errorf("got %v, %v, want %d", got, err, i+j)
					return
				}
				if _, err := e.Query(context.Background(), "[1.50, {a: 9007199254740993}]", nil, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := e.recent.Len(); n != keptPrograms || len(e.byText) != n {
		t.Errorf("%d programs are kept and %d indexed, want %d", n, len(e.byText), keptPrograms)
	}
}

func BenchmarkQuery(b *testing.B) {
	e := New()
	text := `{"tasks":[` + strings.Repeat(`{"id":"t","status":"pending"},`, 99) + `{"id":"t","status":"pending"}]}`
	for b.Loop() {
		if _, err := e.QueryReader(context.Background(), strings.NewReader(text), `[.tasks[] | select(.status == "pending")] | length`, nil); err != nil {
			b.Fatal(err)
		}
	}
}
