package runtime

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// schema is the shape of a Go struct as Lua sees it, read once from its tags.
type schema struct {
	fields     []field // all, in declaration order
	positional []int   // indexes of the required fields
	options    []int   // indexes of the opt fields
	byName     map[string]int
}

// field is one argument, option or key.
type field struct {
	name   string
	doc    string
	typ    reflect.Type
	index  int
	opt    bool
	def    string // the default as written in the tag
	hasDef bool
	enum   []string
	min    *float64
	max    *float64
}

// schemaOf reads the tags of a struct type. Tags are written by us, so a
// misspelt one is a defect and shows in the first test that touches it.
//
//	lua:"grace,opt"  the name, and that the field may be left out ("-": not seen by Lua)
//	default:"5s"     what a left-out option becomes, in Lua's notation
//	doc:"..."        one line for the manual
//	enum:"a,b"       the values a string may have
//	min, max         the range of a number
func schemaOf(t reflect.Type) *schema {
	if s, ok := schemas.Load(t); ok {
		return s.(*schema)
	}
	s := &schema{byName: make(map[string]int, t.NumField())}
	for i := range t.NumField() {
		sf := t.Field(i)
		name, opts, _ := strings.Cut(sf.Tag.Get("lua"), ",")
		if name == "-" || !sf.IsExported() {
			continue
		}
		if name == "" {
			name = snakeCase(sf.Name)
		}
		f := field{name: name, doc: sf.Tag.Get("doc"), typ: sf.Type, index: i, opt: opts == "opt"}
		f.def, f.hasDef = sf.Tag.Lookup("default")
		if e := sf.Tag.Get("enum"); e != "" {
			f.enum = strings.Split(e, ",")
		}
		f.min, f.max = bound(sf, "min"), bound(sf, "max")
		s.add(f)
	}
	actual, _ := schemas.LoadOrStore(t, s)
	return actual.(*schema)
}

func (s *schema) add(f field) {
	s.byName[f.name] = len(s.fields)
	if f.opt {
		s.options = append(s.options, len(s.fields))
	} else {
		s.positional = append(s.positional, len(s.fields))
	}
	s.fields = append(s.fields, f)
}

func (s *schema) names() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return names
}

func (s *schema) optionNames() []string {
	names := make([]string, len(s.options))
	for i, o := range s.options {
		names[i] = s.fields[o].name
	}
	return names
}

func bound(sf reflect.StructField, tag string) *float64 {
	text, ok := sf.Tag.Lookup(tag)
	if !ok {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(fmt.Sprintf("field %s: tag %s:%q is not a number", sf.Name, tag, text))
	}
	return &n
}

// snakeCase turns a Go name into a Lua one: StartTicks is start_ticks, PIDFile
// is pid_file.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) {
			lowerBefore := i > 0 && !unicode.IsUpper(runes[i-1])
			lowerAfter := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if lowerBefore || lowerAfter {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// The types that decode and encode in a way of their own.
var (
	typeDuration = reflect.TypeFor[time.Duration]()
	typeTime     = reflect.TypeFor[time.Time]()
	typeSize     = reflect.TypeFor[Size]()
	typeCallback = reflect.TypeFor[Callback]()
	typeAny      = reflect.TypeFor[any]()
	typeNone     = reflect.TypeFor[None]()
	typeHandle   = reflect.TypeFor[Handle]()
)

// typeName says what a value of type t is called in messages and the manual.
func typeName(t reflect.Type) string {
	switch t {
	case typeDuration:
		return "duration"
	case typeSize:
		return "size"
	case typeCallback:
		return "function"
	case typeAny:
		return "any"
	case typeNone:
		return "nil"
	case typeTime:
		return "number"
	}
	if t.Implements(typeHandle) {
		return reflect.Zero(t).Interface().(Handle).HandleType()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "string"
		}
		return "list of " + typeName(t.Elem())
	case reflect.Map, reflect.Struct:
		return "table"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64, reflect.Uint16:
		return "integer"
	}
	return "number"
}
