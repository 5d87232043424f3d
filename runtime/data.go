package runtime

import (
	"context"
	"io"
	"reflect"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// Decode reads a Lua table into the struct that out points to, by the tags that
// schemaOf describes: unknown keys, missing keys and wrong types are [Invalid]
// errors that name the place under where.
func Decode(tbl *lua.LTable, out any, where string) error {
	return decodeStruct(newDecoder(nil, nil), tbl, out, where)
}

func decodeStruct(d decoder, tbl *lua.LTable, out any, where string) error {
	return d.structure(reflect.ValueOf(out).Elem(), tbl, where, 0)
}

// LoadData runs a Lua file that returns a table of data, and reads the table
// into the struct that out points to. The file sees no primitive and no other
// file: it can compute, within limits, and nothing else.
func LoadData(ctx context.Context, src Source, out any) error {
	m := vm.New(vm.Limits{})
	defer m.Close()
	m.SetOutput(io.Discard)
	tbl, plain := m.Literal(src.Path, src.Text)
	if !plain {
		var err error
		if tbl, err = computeData(ctx, m, src); err != nil {
			return fromVM(err)
		}
	}
	if tbl == nil {
		return Errorf(Invalid, "%s: the file must return a table", src.Path)
	}
	if err := Decode(tbl, out, ""); err != nil {
		return Errorf(Invalid, "%s: %s", src.Path, err)
	}
	return nil
}

// computeData runs a file whose table is more than constants. It gives nil if the
// file returns something else.
func computeData(ctx context.Context, m *vm.VM, src Source) (*lua.LTable, error) {
	proto, err := m.Compile(src.Path, src.Text)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, loadLimit, &DeadlineError{What: "loading " + src.Path, Limit: loadLimit})
	defer cancel()
	results, err := m.Run(ctx, m.Load(proto))
	if err != nil || len(results) == 0 {
		return nil, err
	}
	tbl, _ := results[0].(*lua.LTable)
	return tbl, nil
}
