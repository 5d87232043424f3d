package runtime

import (
	"fmt"
	"reflect"
	"strings"
)

// DataManual lists the keys of a table that is decoded into v's type, one a line,
// with those of tables within it indented: the reference of a header or of a data
// file, made from the tags that also decode it.
func DataManual(v any) string {
	var b strings.Builder
	writeKeys(&b, reflect.TypeOf(v), "  ")
	return b.String()
}

func writeKeys(b *strings.Builder, t reflect.Type, indent string) {
	for _, f := range schemaOf(t).fields {
		name := f.name
		if !f.opt {
			name += " (required)"
		}
		fmt.Fprintf(b, "%s%-*s %-16s %s", indent, 28-len(indent), name, typeName(f.typ), f.doc)
		if len(f.enum) > 0 {
			fmt.Fprintf(b, " (%s)", strings.Join(f.enum, ", "))
		}
		if f.hasDef {
			fmt.Fprintf(b, " [default %s]", f.def)
		}
		b.WriteByte('\n')
		if inner := tableWithin(f.typ); inner != nil {
			writeKeys(b, inner, indent+"  ")
		}
	}
}

// tableWithin is the struct that a field holds, or a list of them.
func tableWithin(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	special := t == typeTime || t == typeCallback || t == typeNone || t.Implements(typeHandle)
	if t.Kind() != reflect.Struct || special {
		return nil
	}
	return t
}
