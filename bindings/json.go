package bindings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/cortexlua/cortexlua/bindings/internal/jsonq"
	"github.com/cortexlua/cortexlua/runtime"
)

// jsonModule offers JSON and the jq language. The runtime adds json.null.
func jsonModule(h *Host) runtime.Module {
	j := &jsonFuncs{host: h, engine: jsonq.New()}
	return runtime.Module{
		Name: "json",
		Doc:  "Read, write and query JSON. Integers that a Lua number cannot hold exactly become their decimal text; json.null stands for a null inside a table.",
		Funcs: []runtime.Func{
			runtime.Query("decode", "Decodes a JSON text.", j.decode).
				Example(`json.decode('{"a":[1,2]}').a[2]  --> 2`),
			runtime.Query("encode", "Encodes a value as JSON, with sorted keys. An empty table becomes {}; an empty list is json.decode(\"[]\").", j.encode).
				Example(`json.encode({ b = { 1, 2 }, a = true })  --> '{"a":true,"b":[1,2]}'`),
			runtime.Query("query", "Runs a jq program on a value and gives its first result, or nil if it has none.", j.query).
				Example(`json.query({ { n = 1 }, { n = 5 } }, "map(.n) | add")  --> 6`),
			runtime.Query("query_all", "Runs a jq program on a value and gives the list of its results.", j.queryAll).
				Example(`json.query_all({ 1, 2 }, ".[] | select(. > $min)", { vars = { min = 1 } })[1]  --> 2`),
			runtime.Query("query_file", "Runs a jq program on a JSON file and gives its first result. No file is not_found, a file that is not JSON or does not fit the program is invalid: neither reads as an empty answer.", j.queryFile, runtime.FSRead),
		},
	}
}

type jsonFuncs struct {
	host   *Host
	engine *jsonq.Engine
}

type jsonDecodeArgs struct {
	Text string `lua:"text" doc:"one JSON value"`
}

func (j *jsonFuncs) decode(_ context.Context, c *runtime.Call, a jsonDecodeArgs) (any, error) {
	v, err := jsonq.Decode([]byte(a.Text), jsonLimits(c))
	if err != nil {
		if over := jsonBudget(c, err); over != nil {
			return nil, over
		}
		return nil, jsonError("cannot decode the text as JSON", err)
	}
	return v, nil
}

type jsonEncodeArgs struct {
	Value  any `lua:"value" doc:"data: tables, strings, numbers, booleans, nil and json.null"`
	Indent int `lua:"indent,opt" default:"0" min:"0" max:"8" doc:"blanks of each level; 0: one line"`
}

func (j *jsonFuncs) encode(_ context.Context, _ *runtime.Call, a jsonEncodeArgs) (string, error) {
	text, err := jsonq.Encode(fromLua(a.Value), a.Indent)
	if err != nil {
		return "", jsonError("cannot encode as JSON", err)
	}
	return string(text), nil
}

type jsonQueryArgs struct {
	Value   any            `lua:"value" doc:"data, as json.decode gives it"`
	Program string         `lua:"program" doc:"a program in the jq language"`
	Vars    map[string]any `lua:"vars,opt" doc:"values for the program's $name"`
}

func (j *jsonFuncs) query(ctx context.Context, _ *runtime.Call, a jsonQueryArgs) (any, error) {
	results, err := j.results(ctx, a)
	return first(results), err
}

func (j *jsonFuncs) queryAll(ctx context.Context, _ *runtime.Call, a jsonQueryArgs) ([]any, error) {
	results, err := j.results(ctx, a)
	return withNull(results), err
}

func (j *jsonFuncs) results(ctx context.Context, a jsonQueryArgs) ([]any, error) {
	results, err := j.engine.Query(ctx, a.Program, fromLua(a.Value), variables(a.Vars))
	if err != nil {
		return nil, jsonError("cannot query the value", err)
	}
	return results, nil
}

type jsonQueryFileArgs struct {
	Path    string         `lua:"path" doc:"a JSON file, relative to the home or absolute"`
	Program string         `lua:"program" doc:"a program in the jq language"`
	Vars    map[string]any `lua:"vars,opt" doc:"values for the program's $name"`
}

func (j *jsonFuncs) queryFile(ctx context.Context, c *runtime.Call, a jsonQueryFileArgs) (any, error) {
	at, err := j.host.at(c, a.Path, runtime.FSRead)
	if err != nil {
		return nil, err
	}
	limit, explain := readWhole(c, 0)
	text, err := at.roots.Read(at.abs, limit)
	if err != nil {
		return nil, explain(err)
	}
	results, err := j.engine.QueryReader(ctx, bytes.NewReader(text), a.Program, variables(a.Vars))
	if err != nil {
		return nil, jsonFileError(at.abs, err)
	}
	return first(results), nil
}

func first(results []any) any {
	if len(results) == 0 {
		return nil
	}
	return results[0]
}

// withNull keeps nulls visible in a list of results; Lua's nil would end it.
func withNull(results []any) []any {
	out := make([]any, len(results))
	for i, r := range results {
		if out[i] = r; r == nil {
			out[i] = runtime.Null{}
		}
	}
	return out
}

// fromLua makes plain data of what a script gave, in place, since the runtime
// made v for this call alone: json.null is nil, and whole numbers are integers,
// so that arithmetic on them is exact.
func fromLua(v any) any {
	switch v := v.(type) {
	case runtime.Null:
		return nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) <= 1<<53 {
			return int(v)
		}
	case []any:
		for i := range v {
			v[i] = fromLua(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = fromLua(v[k])
		}
	}
	return v
}

func variables(vars map[string]any) map[string]any {
	fromLua(vars)
	return vars
}

// jsonError gives an engine's error its kind: it is the text, the value or the
// program that makes no sense, unless the run was ended meanwhile.
func jsonError(what string, err error) error {
	return runtime.Errorf(jsonKind(err), "%s: %w", what, err)
}

func jsonFileError(path string, err error) error {
	e := runtime.Errorf(jsonKind(err), "cannot query %s: %w", path, err).With("path", path)
	var syntax *jsonq.SyntaxError
	if errors.As(err, &syntax) {
		e.Message = fmt.Sprintf("cannot read %s as JSON: %s", path, err)
		if syntax.Truncated {
			return e.WithHint("try again in a moment; if it stays so, the file was cut off: restore it from a backup")
		}
		return e.WithHint("mend the file: jq . %s shows the place too", path)
	}
	return e
}

func jsonKind(err error) runtime.Kind {
	kind := runtime.KindOf(err)
	if kind == runtime.Failed {
		kind = runtime.Invalid
	}
	return kind
}
