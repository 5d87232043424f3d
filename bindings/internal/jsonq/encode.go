package jsonq

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Encode writes a value as JSON with sorted keys and without a line end. indent
// is the number of blanks of each level; 0 writes one line. The value is made of
// the types that [Decode] gives. NaN, infinities and strings that are not UTF-8
// are errors, since a reader would get something else than was meant.
func Encode(v any, indent int) ([]byte, error) {
	if err := check(v, 0); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", strings.Repeat(" ", max(indent, 0)))
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// valueError is what check found, and where.
type valueError struct{ path, why string }

func (e *valueError) Error() string {
	if e.path == "" {
		return "the value " + e.why
	}
	return e.path + " " + e.why
}

// within puts a step of the way in front, while the walk unwinds.
func within(step string, err error) error {
	var ve *valueError
	if errors.As(err, &ve) {
		ve.path = step + ve.path
	}
	return err
}

// check walks a value that comes from a caller: gojq panics on types it does not
// know, and encoding/json alters bad UTF-8.
func check(v any, depth int) error {
	if depth > DefaultMaxDepth {
		return &LimitError{What: fmt.Sprintf("the value nests deeper than %d lists and objects", DefaultMaxDepth)}
	}
	switch v := v.(type) {
	case nil, bool, int, *big.Int:
		return nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return &valueError{why: fmt.Sprintf("is %v, which JSON cannot express", v)}
		}
		return nil
	case string:
		if !utf8.ValidString(v) {
			return &valueError{why: "is text that is not valid UTF-8"}
		}
		return nil
	case []any:
		for i, item := range v {
			if err := check(item, depth+1); err != nil {
				return within("["+strconv.Itoa(i)+"]", err)
			}
		}
		return nil
	case map[string]any:
		return checkObject(v, depth)
	}
	return &valueError{why: fmt.Sprintf("is a %T, which is not data", v)}
}

func checkObject(v map[string]any, depth int) error {
	for k, item := range v {
		if !utf8.ValidString(k) {
			return &valueError{why: fmt.Sprintf("has the key %q, which is not valid UTF-8", k)}
		}
		if err := check(item, depth+1); err != nil {
			return within("."+k, err)
		}
	}
	return nil
}
