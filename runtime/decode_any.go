package runtime

import (
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
	if depth > maxDepth {
		return nil, Errorf(Invalid, "%s nests deeper than %d tables (does it contain itself?)", path, maxDepth)
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
		item, err := d.any(tbl.RawGetInt(i+1), path, depth+1)
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
			err = Errorf(Invalid, "%s has both names and the key %s: a table must be a list or have string keys", path, keyText(k))
			return
		}
		out[string(name)], err = d.any(v, join(path, string(name)), depth+1)
	})
	return out, err
}
