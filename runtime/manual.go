package runtime

import (
	"fmt"
	"reflect"
	"strings"
)

// Manual is the page of a module: its functions, a line each.
func (m Module) Manual() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", m.Name, m.Doc)
	for _, f := range m.Funcs {
		fmt.Fprintf(&b, "  %s\n      %s\n", f.signature(m.Name), f.doc)
	}
	fmt.Fprintf(&b, "\nnext: cortexlua doc %s.FUNCTION\n", m.Name)
	return b.String()
}

// Manual is the page of one function, made from its declaration.
func (f Func) Manual(module string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n  %s\n\n", f.signature(module), f.doc)
	writeFields(&b, "Arguments", schemaOf(f.args), false)
	writeFields(&b, "Options", schemaOf(f.args), true)
	f.writeResult(&b)
	kind := "it only looks, and runs in a dry run too"
	if f.mode == ModeAction {
		kind = "it may alter the machine; a dry run only plans it"
	}
	fmt.Fprintf(&b, "Kind:  %s (%s)\n", f.mode, kind)
	needs := "nothing"
	if len(f.needs) > 0 {
		needs = joinPermissions(f.needs)
	}
	if len(f.mayNeed) > 0 {
		needs += "; by its arguments also " + joinPermissions(f.mayNeed)
	}
	fmt.Fprintf(&b, "Needs: %s\n", needs)
	for _, e := range f.examples {
		fmt.Fprintf(&b, "\nExample:\n  %s\n", strings.ReplaceAll(e, "\n", "\n  "))
	}
	return b.String()
}

func joinPermissions(list []Permission) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = string(p)
	}
	return strings.Join(texts, ", ")
}

// signature is "process.stop(process, { signal, grace }) -> table".
func (f Func) signature(module string) string {
	s := schemaOf(f.args)
	var args []string
	for _, at := range s.positional {
		args = append(args, s.fields[at].name)
	}
	if len(s.options) > 0 {
		args = append(args, "{ "+strings.Join(s.optionNames(), ", ")+" }")
	}
	text := fmt.Sprintf("%s.%s(%s)", module, f.name, strings.Join(args, ", "))
	if f.result != typeNone {
		text += " -> " + resultName(f.result)
	}
	return text
}

func resultName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return typeName(t.Elem()) + " or nil"
	}
	if t == typeDuration {
		return "number"
	}
	return typeName(t)
}

func writeFields(b *strings.Builder, title string, s *schema, options bool) {
	at := s.positional
	if options {
		at = s.options
	}
	if len(at) == 0 {
		return
	}
	fmt.Fprintf(b, "%s:\n", title)
	for _, i := range at {
		f := s.fields[i]
		fmt.Fprintf(b, "  %-12s %-10s %s", f.name, typeName(f.typ), f.doc)
		if len(f.enum) > 0 {
			fmt.Fprintf(b, " (%s)", strings.Join(f.enum, ", "))
		}
		if f.hasDef {
			fmt.Fprintf(b, " [default %s]", f.def)
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

// writeResult lists the fields of a table result.
func (f Func) writeResult(b *strings.Builder) {
	t := f.result
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == typeNone || t == typeTime || t.Implements(typeHandle) {
		return
	}
	s := schemaOf(t)
	b.WriteString("Result:\n")
	for _, field := range s.fields {
		fmt.Fprintf(b, "  %-12s %-10s %s\n", field.name, resultName(field.typ), field.doc)
	}
	b.WriteByte('\n')
}
