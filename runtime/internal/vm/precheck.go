package vm

import "fmt"

// Bounds of a chunk. The parser keeps a stack and the compiler recurses over the
// tree; both are asked only after one pass over the bytes has found the
// chunk flat enough. Lua itself stops at 200 levels (LUAI_MAXCCALLS).
const (
	maxLevels = 190  // brackets, blocks and functions within each other
	maxChain  = 3000 // operators, calls and indexes of the open expressions together
	maxElseif = 2000 // of one if
)

// precheck looks for what would overwhelm the parser or the compiler: size,
// bytecode, nesting, long chains. It reads tokens only as far as that needs; what
// it lets through may still be wrong.
func precheck(chunk string, src []byte, limit int) error {
	if len(src) > limit {
		e := &LimitError{Name: "source", Limit: int64(limit), Want: int64(len(src))}
		return &SyntaxError{Chunk: chunk, Msg: e.Error()}
	}
	if len(src) > 0 && src[0] == 0x1b {
		return &SyntaxError{Chunk: chunk, Msg: "bytecode is not loaded"}
	}
	c := &checker{scan: scan{src: src, line: 1}}
	if len(src) > 0 && src[0] == '#' {
		c.skipLine()
	}
	if msg := c.run(); msg != "" {
		return &SyntaxError{chunk, c.line, msg}
	}
	return nil
}

// checker follows the nesting of a chunk. An expression's chain is what
// makes its tree deep without brackets: a+b+c, a.b.c, f()()(), not not x.
type checker struct {
	scan
	levels  [maxLevels + 1]level
	depth   int
	total   int  // chains of all open levels
	operand bool // the last token ended an operand
}

type level struct {
	chain   int
	elseifs int
}

// run gives what is wrong, or "".
func (c *checker) run() string {
	for {
		kind, word := c.token()
		ok := true
		switch kind {
		case tokEOF:
			return ""
		case tokOpen:
			if c.operand { // a call, or an index
				c.link()
			}
			ok = c.push()
			c.operand = false
		case tokClose:
			c.pop()
			c.operand = true
		case tokText:
			c.text()
		case tokName:
			ok = c.word(word)
		case tokOperator:
			c.link()
			c.operand = false
		case tokBreak:
			c.reset()
		}
		if !ok {
			return "chunk has too many syntax levels"
		}
		if c.total > maxChain {
			return fmt.Sprintf("expression has more than %d parts", maxChain)
		}
		if c.levels[c.depth].elseifs > maxElseif {
			return fmt.Sprintf("if has more than %d branches", maxElseif)
		}
	}
}

// text is a string or number: an operand, or after one the argument of a call.
func (c *checker) text() {
	if c.operand {
		c.link()
	}
	c.operand = true
}

// word is a name or keyword.
func (c *checker) word(w []byte) bool {
	switch string(w) {
	case "and", "or":
		c.link()
		c.operand = false
	case "not":
		if c.operand {
			c.reset()
		}
		c.link()
	case "function", "then", "do", "repeat":
		if string(w) != "function" { // a condition has ended
			c.reset()
		}
		c.operand = false
		return c.push()
	case "elseif":
		c.pop()
		c.reset()
		c.levels[c.depth].elseifs++
	case "else":
		c.pop()
		c.reset()
		return c.push()
	case "end", "until":
		c.pop()
		c.operand = string(w) == "end" // function ... end is an operand
	case "if":
		c.reset()
		c.levels[c.depth].elseifs = 0
	case "local", "return", "while", "for", "break", "goto", "in":
		c.reset()
	default:
		if c.operand { // a new statement begins
			c.reset()
		}
		c.operand = true
	}
	return true
}

func (c *checker) link() {
	c.levels[c.depth].chain++
	c.total++
}

func (c *checker) reset() {
	c.total -= c.levels[c.depth].chain
	c.levels[c.depth].chain = 0
	c.operand = false
}

func (c *checker) push() bool {
	if c.depth == maxLevels {
		return false
	}
	c.depth++
	c.levels[c.depth] = level{}
	return true
}

func (c *checker) pop() {
	c.reset()
	if c.depth > 0 {
		c.depth--
	}
}
