package jsonq

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of a text, unless a caller gives others.
const (
	DefaultMaxBytes = 64 << 20
	DefaultMaxDepth = 200
)

// maxDigits bounds one number: converting decimal text costs more than linear
// time.
const maxDigits = 1000

// Limits bounds a text. A zero field means the default.
type Limits struct {
	MaxBytes int64 // size of the text
	MaxDepth int   // how deep lists and objects nest
}

func (l Limits) filled() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = DefaultMaxBytes
	}
	if l.MaxDepth <= 0 {
		l.MaxDepth = DefaultMaxDepth
	}
	return l
}

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	Offset    int64 // in bytes, from 0
	Line, Col int   // from 1; Col counts characters
	Truncated bool  // the text ends too early: perhaps it is still being written
	Why       string
}

// Error gives "line 3, column 7: why".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d (byte %d): %s", e.Line, e.Col, e.Offset, e.Why)
}

// LimitError says which limit a text or a query went over.
type LimitError struct {
	What  string
	Depth int // the limit, if it is that of nesting
}

// Error names the limit.
func (e *LimitError) Error() string { return e.What }

// Decode reads one JSON text into nil, bool, int, *big.Int, float64, string,
// []any and map[string]any. Of two equal keys the later one counts. A byte order
// mark in front is skipped, as jq does; anything behind the value is an error.
// Errors are [*SyntaxError] and [*LimitError].
func Decode(text []byte, limits Limits) (any, error) {
	limits = limits.filled()
	if int64(len(text)) > limits.MaxBytes {
		return nil, &LimitError{What: fmt.Sprintf("the text has %d bytes and the limit is %d", len(text), limits.MaxBytes)}
	}
	body := bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if err := scan(body, limits.MaxDepth); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, syntaxError(body, dec.InputOffset(), err)
	}
	rest := body[dec.InputOffset():]
	if junk := bytes.TrimLeft(rest, " \t\r\n"); len(junk) > 0 {
		at := len(body) - len(junk)
		return nil, locate(body, at, "there is more text after the end of the value")
	}
	return exact(v)
}

// DecodeReader is Decode for a stream, which it reads to its end.
func DecodeReader(r io.Reader, limits Limits) (any, error) {
	limits = limits.filled()
	text, err := io.ReadAll(io.LimitReader(r, limits.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return Decode(text, limits)
}

// scan refuses what encoding/json would let pass: bytes that are not UTF-8, which
// it replaces, and nesting beyond our limit.
func scan(text []byte, maxDepth int) error {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				return locate(text, i, fmt.Sprintf("the byte 0x%02x is not valid UTF-8", c))
			}
			i += size - 1
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return &LimitError{What: fmt.Sprintf("the text nests deeper than %d lists and objects", maxDepth), Depth: maxDepth}
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

// syntaxError gives an error of encoding/json its place.
func syntaxError(text []byte, offset int64, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		why := "the text ends before its value does: it is cut off, or still being written"
		if len(bytes.TrimSpace(text)) == 0 {
			why = "the text is empty"
		}
		e := locate(text, len(text), why)
		e.Truncated = true
		return e
	}
	var se *json.SyntaxError
	if errors.As(err, &se) {
		return locate(text, int(se.Offset)-1, strings.TrimPrefix(se.Error(), "json: "))
	}
	return locate(text, int(offset), err.Error())
}

func locate(text []byte, at int, why string) *SyntaxError {
	at = min(max(at, 0), len(text))
	before := text[:at]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &SyntaxError{
		Offset: int64(at),
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Col:    utf8.RuneCount(before[start:]) + 1,
		Why:    why,
	}
}

// exact replaces each number text by the Go number that holds it.
func exact(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		return number(string(v))
	case []any:
		for i, item := range v {
			if v[i], err = exact(item); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k, item := range v {
			if v[k], err = exact(item); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func number(text string) (any, error) {
	if n, err := strconv.Atoi(text); err == nil {
		return n, nil
	}
	if len(text) > maxDigits {
		return nil, &LimitError{What: fmt.Sprintf("a number has %d digits and the limit is %d", len(text), maxDigits)}
	}
	if !strings.ContainsAny(text, ".eE") {
		n, _ := new(big.Int).SetString(text, 10)
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, &LimitError{What: fmt.Sprintf("the number %s is out of range", text)}
	}
	return f, nil
}
