package runtime

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// Null stands for a null inside data, where Lua's nil would remove the key. Lua
// sees it as json.null.
type Null struct{}

// any turns a Lua value into plain Go data: nil, bool, float64, string, []any,
// map[string]any, [Null] or a handle. A table is a list when it has items 1..n
// and no other keys; an empty table is an empty map unless it came from an empty
// list.
func (d decoder) any(v lua.LValue, path string, depth int) (any, error) {
	if err := d.enter(path, depth); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(v), nil
	case lua.LNumber:
		return float64(v), nil
	case lua.LString:
		return string(v), nil
	case *lua.LTable:
		return d.anyTable(v, path, depth)
	case *lua.LUserData:
		switch v.Value.(type) {
		case Null, Handle:
			return v.Value, nil
		}
	}
	return nil, Errorf(Invalid, "%s is %s: only data can be passed here", path, describe(v))
}

func (d decoder) anyTable(tbl *lua.LTable, path string, depth int) (any, error) {
	tbl = behind(tbl)
	n := tbl.Len()
	keys := 0
	list := true
	tbl.ForEach(func(k, _ lua.LValue) {
		keys++
		i, ok := k.(lua.LNumber)
		list = list && ok && float64(i) == math.Trunc(float64(i)) && int(i) >= 1 && int(i) <= n
	})
	if keys == 0 {
		if isEmptyList(tbl) {
			return []any{}, nil
		}
		return map[string]any{}, nil
	}
	if list {
		return d.anyList(tbl, n, path, depth)
	}
	return d.anyMap(tbl, path, depth)
}

func (d decoder) anyList(tbl *lua.LTable, n int, path string, depth int) (any, error) {
	out := make([]any, n)
	for i := range n {
		v, at := tbl.RawGetInt(i+1), path
		if !isPlain(v) { // only then can there be an error that names the place
			at = fmt.Sprintf("%s[%d]", path, i+1)
		}
		item, err := d.any(v, at, depth+1)
		if err != nil {
			return nil, err
		}
		out[i] = item
	}
	return out, nil
}

func (d decoder) anyMap(tbl *lua.LTable, path string, depth int) (any, error) {
	out := make(map[string]any)
	var err error
	tbl.ForEach(func(k, v lua.LValue) {
		if err != nil {
			return
		}
		name, ok := k.(lua.LString)
		if !ok {
			what := "the key " + keyText(k)
			if tbl.Len() > 0 {
				what = "both items and other keys"
			}
			err = Errorf(Invalid, "%s has %s: a table must be a list or have string keys", path, what)
			return
		}
		out[string(name)], err = d.any(v, join(path, string(name)), depth+1)
	})
	return out, err
}

// isPlain tells values that are always data.
func isPlain(v lua.LValue) bool {
	switch v.Type() {
	case lua.LTNil, lua.LTBool, lua.LTNumber, lua.LTString:
		return true
	}
	return false
}
