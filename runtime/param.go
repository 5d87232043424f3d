package runtime

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Param is one parameter of a runbook; it becomes a flag of the command line,
// and with positional = true an argument.
type Param struct {
	Name       string   `lua:"name" doc:"the flag's name, without dashes"`
	Type       string   `lua:"type" enum:"string,boolean,integer,number,duration,size,list" doc:"what kind of value it takes"`
	Doc        string   `lua:"doc" doc:"one line for --help"`
	Default    any      `lua:"default,opt" doc:"the value when it is not given"`
	Required   bool     `lua:"required,opt" doc:"refuse to run without it"`
	Positional bool     `lua:"positional,opt" doc:"also taken from the words after the runbook's name"`
	Values     []string `lua:"values,opt" doc:"the values it may have"`
}

func (p *Param) check() error {
	if p.Positional && p.Type != "list" && p.Type != "string" {
		return Errorf(Invalid, "the parameter %q is positional: its type must be string or list", p.Name)
	}
	if p.Default == nil {
		return nil
	}
	if _, err := p.Value(p.Default); err != nil {
		return Errorf(Invalid, "the default of the parameter %q: %s", p.Name, err)
	}
	return nil
}

// Parse reads the parameter from the text of the command line. A list takes
// several texts, each of which may hold several items with commas between.
func (p *Param) Parse(texts []string) (any, error) {
	if p.Type == "list" {
		var items []any
		for _, t := range texts {
			for item := range strings.SplitSeq(t, ",") {
				if item = strings.TrimSpace(item); item != "" {
					items = append(items, item)
				}
			}
		}
		return p.Value(items)
	}
	if len(texts) == 0 {
		return nil, p.refuse("", "a "+p.Type)
	}
	text := texts[len(texts)-1]
	switch p.Type {
	case "boolean":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, p.refuse(text, "true or false")
		}
		return p.Value(b)
	case "integer", "number":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, p.refuse(text, "a number")
		}
		return p.Value(n)
	}
	return p.Value(text)
}

// Value checks a value given as data and returns what the runbook sees.
func (p *Param) Value(v any) (any, error) {
	switch p.Type {
	case "boolean":
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, p.refuse(v, "true or false")
	case "integer", "number":
		n, ok := v.(float64)
		if !ok || math.IsNaN(n) || math.IsInf(n, 0) || (p.Type == "integer" && (n != math.Trunc(n) || math.Abs(n) > 1<<53)) {
			return nil, p.refuse(v, map[string]string{"integer": "a whole number", "number": "a number"}[p.Type])
		}
		return n, nil
	case "list":
		return p.list(v)
	}
	s, ok := v.(string)
	if !ok {
		return nil, p.refuse(v, "a "+p.Type)
	}
	return p.text(s)
}

func (p *Param) text(s string) (any, error) {
	var err error
	switch p.Type {
	case "duration":
		_, err = ParseDuration(s)
	case "size":
		_, err = ParseSize(s)
	}
	if err != nil {
		return nil, Errorf(Invalid, "%s: %s", p.Name, err)
	}
	return s, p.oneOf(s)
}

func (p *Param) list(v any) (any, error) {
	if s, ok := v.(string); ok {
		v = []any{s}
	}
	if m, ok := v.(map[string]any); ok && len(m) == 0 {
		v = []any{}
	}
	items, ok := v.([]any)
	if !ok {
		return nil, p.refuse(v, "a list of strings")
	}
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, p.refuse(item, "a list of strings")
		}
		if err := p.oneOf(s); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func (p *Param) oneOf(s string) error {
	if len(p.Values) == 0 || slices.Contains(p.Values, s) {
		return nil
	}
	return Errorf(Invalid, "%s is %q%s: it must be one of %s", p.Name, s, Suggest(s, p.Values), strings.Join(p.Values, ", "))
}

func (p *Param) refuse(v any, want string) error {
	return Errorf(Invalid, "%s is %v: it must be %s", p.Name, v, want)
}

// CompleteParams completes what was given with the defaults, and refuses what is unknown
// or missing.
func (h *Header) CompleteParams(given map[string]any) (map[string]any, error) {
	names := make([]string, len(h.Params))
	for i, p := range h.Params {
		names[i] = p.Name
	}
	for _, name := range slices.Sorted(maps.Keys(given)) { // before what is missing: it may be that, misspelt
		if !slices.Contains(names, name) {
			return nil, Errorf(Invalid, "unknown parameter %q%s", name, Suggest(name, names))
		}
	}
	out := make(map[string]any, len(h.Params))
	for i := range h.Params {
		p := &h.Params[i]
		v, ok := given[p.Name]
		if !ok {
			if p.Required {
				return nil, Errorf(Invalid, "the parameter %q is missing: %s", p.Name, p.Doc)
			}
			v = p.Default
		}
		if v == nil {
			continue
		}
		value, err := p.Value(v)
		if err != nil {
			return nil, err
		}
		out[p.Name] = value
	}
	return out, nil
}
