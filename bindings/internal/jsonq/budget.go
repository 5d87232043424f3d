package jsonq

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// budget bounds results by what they will cost once they are copied elsewhere.
type budget struct{ nodes, text int }

// take counts a result. gojq leaves the numbers of literals and of fromjson as
// text; a value that holds such a number is replaced by a copy (fresh is true),
// because the original may be a constant of the compiled program.
func (b *budget) take(v any, depth int) (out any, fresh bool, err error) {
	if depth > DefaultMaxDepth {
		return nil, false, &LimitError{What: fmt.Sprintf("a result nests deeper than %d lists and objects", DefaultMaxDepth)}
	}
	b.nodes--
	switch v := v.(type) {
	case json.Number:
		out, err = number(string(v))
		return out, true, err
	case string:
		b.text -= len(v)
	case []any:
		out, fresh, err = b.takeList(v, depth)
	case map[string]any:
		out, fresh, err = b.takeObject(v, depth)
	}
	if err == nil && (b.nodes < 0 || b.text < 0) {
		err = &LimitError{What: fmt.Sprintf("the results hold more than %d values or %d bytes of text", maxNodes, maxText)}
	}
	if !fresh {
		out = v
	}
	return out, fresh, err
}

func (b *budget) takeList(v []any, depth int) (out []any, fresh bool, err error) {
	out = v
	for i, item := range v {
		item, changed, err := b.take(item, depth+1)
		if err != nil {
			return nil, false, err
		}
		if changed && !fresh {
			out, fresh = slices.Clone(v), true
		}
		if changed {
			out[i] = item
		}
	}
	return out, fresh, nil
}

func (b *budget) takeObject(v map[string]any, depth int) (out map[string]any, fresh bool, err error) {
	out = v
	for k, item := range v {
		b.text -= len(k)
		item, changed, err := b.take(item, depth+1)
		if err != nil {
			return nil, false, err
		}
		if changed && !fresh {
			out, fresh = maps.Clone(v), true
		}
		if changed {
			out[k] = item
		}
	}
	return out, fresh, nil
}
