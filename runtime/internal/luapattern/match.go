package luapattern

import "strings"

// match matches pat[p:] at s and returns the end of the match, or -1. It recurses
// where it may have to come back, and loops otherwise.
func (m *Matcher) match(s, p int) int {
	if m.depth++; m.depth > MaxDepth {
		fail("pattern too complex")
	}
	defer m.up()
	for p < len(m.pat) {
		m.count(1)
		switch c := m.pat[p]; {
		case c == '(':
			return m.startCapture(s, p)
		case c == ')':
			return m.endCapture(s, p+1)
		case c == '$' && p+1 == len(m.pat):
			if s == len(m.src) {
				return s
			}
			return -1
		case c == '%' && p+1 < len(m.pat) && (m.pat[p+1] == 'b' || m.pat[p+1] == 'f' || isDigit(m.pat[p+1])):
			if s, p = m.special(s, p+1); s < 0 {
				return -1
			}
			continue
		}
		ep := m.itemEnd(p)
		suffix := byte(0)
		if ep < len(m.pat) {
			suffix = m.pat[ep]
		}
		switch suffix {
		case '?':
			if s < len(m.src) && m.single(m.src[s], p, ep) {
				if e := m.match(s+1, ep+1); e >= 0 {
					return e
				}
			}
			p = ep + 1
		case '*':
			return m.longest(s, p, ep)
		case '+':
			if s >= len(m.src) || !m.single(m.src[s], p, ep) {
				return -1
			}
			return m.longest(s+1, p, ep)
		case '-':
			return m.shortest(s, p, ep)
		default:
			if s >= len(m.src) || !m.single(m.src[s], p, ep) {
				return -1
			}
			s, p = s+1, ep
		}
	}
	return s
}

func (m *Matcher) up() { m.depth-- }

// special matches %b, %f and back references; p is behind the '%'. It returns the
// new places in subject (-1: no match) and pattern.
func (m *Matcher) special(s, p int) (int, int) {
	switch m.pat[p] {
	case 'b':
		return m.balance(s, p+1), p + 3
	case 'f':
		return m.frontier(s, p+1)
	}
	return m.backReference(s, m.pat[p]), p + 1
}

// longest takes as many single items as it can and gives back one at a time.
func (m *Matcher) longest(s, p, ep int) int {
	n := 0
	if m.pat[p] == '.' {
		n = len(m.src) - s
	} else {
		for s+n < len(m.src) && m.single(m.src[s+n], p, ep) {
			n++
			m.count(1)
		}
	}
	if ep+1 == len(m.pat) { // nothing follows: the longest it is
		return s + n
	}
	for ; n >= 0; n-- {
		if e := m.match(s+n, ep+1); e >= 0 {
			return e
		}
		m.count(1)
	}
	return -1
}

// shortest takes one item more each time the rest does not match.
func (m *Matcher) shortest(s, p, ep int) int {
	for {
		if e := m.match(s, ep+1); e >= 0 {
			return e
		}
		if s >= len(m.src) || !m.single(m.src[s], p, ep) {
			return -1
		}
		s++
		m.count(1)
	}
}

func (m *Matcher) startCapture(s, p int) int {
	what := open
	p++
	if p < len(m.pat) && m.pat[p] == ')' {
		what = position
		p++
	}
	if m.level >= MaxCaptures {
		fail("too many captures")
	}
	m.caps[m.level] = capture{s, what}
	m.level++
	e := m.match(s, p)
	if e < 0 {
		m.level--
	}
	return e
}

func (m *Matcher) endCapture(s, p int) int {
	i := m.level - 1
	for ; i >= 0 && m.caps[i].len != open; i-- {
	}
	if i < 0 {
		fail("invalid pattern capture")
	}
	m.caps[i].len = s - m.caps[i].start
	e := m.match(s, p)
	if e < 0 {
		m.caps[i].len = open
	}
	return e
}

// balance matches %bxy: from x to the y that closes it.
func (m *Matcher) balance(s, p int) int {
	if p+1 >= len(m.pat) {
		fail("unbalanced pattern")
	}
	if s >= len(m.src) || m.src[s] != m.pat[p] {
		return -1
	}
	b, e, depth := m.pat[p], m.pat[p+1], 1
	for i := s + 1; i < len(m.src); i++ {
		m.count(1)
		switch m.src[i] {
		case e:
			if depth--; depth == 0 {
				return i + 1
			}
		case b:
			depth++
		}
	}
	return -1
}

// frontier matches %f[set]: the empty string between a byte outside the set and
// one inside. Both ends of the subject count as NUL.
func (m *Matcher) frontier(s, p int) (int, int) {
	if p >= len(m.pat) || m.pat[p] != '[' {
		fail("missing '[' after '%f' in pattern")
	}
	ep := m.itemEnd(p)
	var before, after byte
	if s > 0 {
		before = m.src[s-1]
	}
	if s < len(m.src) {
		after = m.src[s]
	}
	if m.inSet(before, p, ep-1) || !m.inSet(after, p, ep-1) {
		return -1, ep
	}
	return s, ep
}

func (m *Matcher) backReference(s int, c byte) int {
	i := int(c) - '1'
	if i < 0 || i >= m.level || m.caps[i].len == open {
		fail("invalid capture index")
	}
	if m.caps[i].len == position { // C compares a length of -2 as a huge one
		return -1
	}
	text := m.src[m.caps[i].start : m.caps[i].start+m.caps[i].len]
	m.count(1 + len(text)/16)
	if !strings.HasPrefix(m.src[s:], text) {
		return -1
	}
	return s + len(text)
}

// itemEnd is the place behind the single item (a byte, a class, a set) at p.
func (m *Matcher) itemEnd(p int) int {
	c := m.pat[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pat) {
			fail("malformed pattern (ends with '%')")
		}
		return p + 1
	case '[':
		if p < len(m.pat) && m.pat[p] == '^' {
			p++
		}
		for first := true; first || p >= len(m.pat) || m.pat[p] != ']'; first = false {
			if p >= len(m.pat) {
				fail("malformed pattern (missing ']')")
			}
			m.count(1)
			c := m.pat[p]
			p++
			if c == '%' {
				if p >= len(m.pat) {
					fail("malformed pattern (missing ']')")
				}
				p++
			}
		}
		return p + 1
	}
	return p
}

// single tells whether c matches the single item pat[p:ep].
func (m *Matcher) single(c byte, p, ep int) bool {
	switch m.pat[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pat[p+1])
	case '[':
		m.count((ep - p) / 16)
		return m.inSet(c, p, ep-1)
	}
	return m.pat[p] == c
}

// inSet tells whether c is in the set that starts at p; end is its ']'.
func (m *Matcher) inSet(c byte, p, end int) bool {
	p++
	in := true
	if m.pat[p] == '^' {
		in = false
		p++
	}
	for ; p < end; p++ {
		switch {
		case m.pat[p] == '%' && p+1 < end:
			p++
			if inClass(c, m.pat[p]) {
				return in
			}
		case p+2 < end && m.pat[p+1] == '-':
			if m.pat[p] <= c && c <= m.pat[p+2] {
				return in
			}
			p += 2
		case m.pat[p] == c:
			return in
		}
	}
	return !in
}
