package vm

import "bytes"

// token kinds, as coarse as the pre-check needs them.
type tokKind int

const (
	tokEOF tokKind = iota
	tokOpen
	tokClose
	tokText // string or number
	tokName
	tokOperator
	tokBreak // , ; = : between expressions
)

// scan splits a chunk into coarse tokens.
type scan struct {
	src  []byte
	pos  int
	line int
}

func (s *scan) skipLine() {
	if i := bytes.IndexByte(s.src[s.pos:], '\n'); i >= 0 {
		s.pos += i
		return
	}
	s.pos = len(s.src)
}

// peek is the byte at an offset, or 0 behind the end.
func (s *scan) peek(i int) byte {
	if s.pos+i < len(s.src) {
		return s.src[s.pos+i]
	}
	return 0
}

// token reads the next token; for a name it gives the text.
func (s *scan) token() (tokKind, []byte) {
	s.space()
	if s.pos >= len(s.src) {
		return tokEOF, nil
	}
	c := s.src[s.pos]
	switch {
	case isNameByte(c) && (c < '0' || c > '9'):
		return tokName, s.name()
	case c >= '0' && c <= '9', c == '.' && s.peek(1) >= '0' && s.peek(1) <= '9':
		s.number()
		return tokText, nil
	}
	s.pos++
	switch c {
	case '"', '\'':
		s.quoted(c)
		return tokText, nil
	case '[':
		if n, ok := s.longOpen(); ok {
			s.longClose(n)
			return tokText, nil
		}
		return tokOpen, nil
	case '(', '{':
		return tokOpen, nil
	case ')', '}', ']':
		return tokClose, nil
	case ',', ';':
		return tokBreak, nil
	case '=', '~', '<', '>':
		if s.peek(0) == '=' {
			s.pos++
			return tokOperator, nil
		}
		if c == '=' {
			return tokBreak, nil
		}
	case '.':
		for s.peek(0) == '.' {
			s.pos++
		}
		return tokOperator, nil
	case ':':
		if s.peek(0) == ':' {
			s.pos++
			return tokBreak, nil
		}
	}
	return tokOperator, nil
}

// space skips blanks and comments.
func (s *scan) space() {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '\n':
			s.line++
			s.pos++
		case c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f':
			s.pos++
		case c == '-' && s.peek(1) == '-':
			s.pos += 2
			s.comment()
		default:
			return
		}
	}
}

func (s *scan) comment() {
	if s.peek(0) == '[' {
		s.pos++
		if n, ok := s.longOpen(); ok {
			s.longClose(n)
			return
		}
	}
	s.skipLine()
}

// longOpen reads the rest of [==[ and gives its level.
func (s *scan) longOpen() (int, bool) {
	n := 0
	for s.peek(n) == '=' {
		n++
	}
	if s.peek(n) != '[' {
		return 0, false
	}
	s.pos += n + 1
	return n, true
}

// longClose skips to behind ]==] of the same level.
func (s *scan) longClose(n int) {
	closing := append(append([]byte{']'}, bytes.Repeat([]byte{'='}, n)...), ']')
	end := len(s.src)
	if i := bytes.Index(s.src[s.pos:], closing); i >= 0 {
		end = s.pos + i + len(closing)
	}
	s.line += bytes.Count(s.src[s.pos:end], []byte{'\n'})
	s.pos = end
}

func (s *scan) quoted(q byte) {
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		s.pos++
		switch c {
		case '\\':
			if s.peek(0) == '\n' {
				s.line++
			}
			s.pos++
		case '\n':
			s.line++
			return // unterminated: the parser says so
		case q:
			return
		}
	}
}

func (s *scan) name() []byte {
	from := s.pos
	for s.pos < len(s.src) && isNameByte(s.src[s.pos]) {
		s.pos++
	}
	return s.src[from:s.pos]
}

// number skips what begins as one: digits, letters, and a sign behind an exponent.
func (s *scan) number() {
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		exp := s.pos > 0 && s.src[s.pos-1]|0x20 == 'e'
		if !isNameByte(c) && c != '.' && !(exp && (c == '-' || c == '+')) {
			return
		}
		s.pos++
	}
}

func isNameByte(c byte) bool {
	return c == '_' || c-'0' < 10 || c|0x20 >= 'a' && c|0x20 <= 'z'
}
