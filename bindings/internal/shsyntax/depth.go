package shsyntax

import "bytes"

const (
	// maxSource is the largest script that is parsed in this process; others
	// cost one start of a shell. Chains without any bracket ("a && a && ...",
	// "1+1+1...") recurse too, with up to 700 bytes of memory for each byte of
	// source: this bounds them to about 80 MB.
	maxSource = 64 << 10
	// maxNest bounds what can nest. Go's stack may grow to 1 GB; one level of
	// the parser takes about 1 KB, and the memory limit of a run is reached
	// long before. Real scripts stay below 50.
	maxNest = 400
)

// tooDeep overestimates the depth of nesting without parsing: brackets that are
// opened and not closed (quoted ones count too, which at worst sends a harmless
// script to the shell), words that open a compound command, and runs of prefix
// operators such as "! ! ! !", which recurse without any bracket.
func tooDeep(src []byte) bool {
	if len(src) > maxSource {
		return true
	}
	depth, run := 0, 0
	for _, b := range src {
		switch b {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth = max(0, depth-1)
		}
		// Letters and digits end a run of operators; blanks do not.
		switch {
		case b == '!' || b == '-' || b == '~' || b == '+' || b == '$' || b == '"' || b == '`' || b == '<' || b == '>' || b == '?' || b == '*':
			run++
		case b != ' ' && b != '\t' && b != '\n' && b != '(':
			run = 0
		}
		if depth > maxNest || run > maxNest && b != '-' && b != '*' && b != '+' && b != '~' {
			return true
		}
		if run > 100*maxNest {
			return true
		}
	}
	return keywordDepth(src) > maxNest
}

// keywordDepth counts compound commands that are open.
func keywordDepth(src []byte) int {
	depth, deepest := 0, 0
	for word := range bytes.FieldsFuncSeq(src, func(c rune) bool {
		return c == ' ' || c == '\n' || c == '\t' || c == ';' || c == '(' || c == '&' || c == '|'
	}) {
		switch string(word) {
		case "if", "while", "until", "for", "case", "select", "elif", "coproc", "time", "!", "function", "?", ":":
			depth++
		case "fi", "done", "esac":
			depth = max(0, depth-1)
		}
		deepest = max(deepest, depth)
	}
	return deepest
}
