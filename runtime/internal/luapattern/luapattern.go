// Package luapattern matches Lua 5.1 patterns.
//
// It follows the rules of section 5.4.1 of the Lua reference manual, with
// %f (which 5.1 has without naming it). What it adds is a bound on everything: a
// matcher counts its steps and asks its owner now and then whether to go on,
// recursion has a depth, captures a number. So a pattern with catastrophic
// backtracking runs until the owner's deadline and not a moment longer, and
// ".*" over a megabyte takes no stack.
package luapattern

import (
	"errors"
	"strings"
)

const (
	// MaxCaptures is the most captures a pattern may have, as in Lua 5.1.
	MaxCaptures = 32
	// MaxDepth bounds the recursion of a match. Only items that can match in
	// several ways need a level each.
	MaxDepth = 400
	// tickSteps is how many steps pass between two calls of the owner.
	tickSteps = 1 << 14
)

// Marks in the length of a capture.
const (
	open     = -1
	position = -2
)

type capture struct{ start, len int }

// Matcher is one pattern on one subject. The zero value is ready for Init.
type Matcher struct {
	src, pat string
	tick     func() error
	level    int
	depth    int
	steps    int
	anchored bool
	first    int // byte that every match starts with, or -1
	caps     [MaxCaptures]capture
}

// Init sets subject and pattern. A leading '^' anchors when anchor is true (it
// does not in gmatch). tick, if not nil, is called every few thousand steps; an
// error of it ends the match and is returned from Match.
func (m *Matcher) Init(src, pat string, anchor bool, tick func() error) {
	m.src, m.pat, m.tick = src, pat, tick
	m.level, m.depth, m.steps = 0, 0, 0
	m.anchored = anchor && pat != "" && pat[0] == '^'
	if m.anchored {
		m.pat = pat[1:]
	}
	m.first = literalStart(m.pat)
}

// Anchored tells whether the pattern matches at the initial position only.
func (m *Matcher) Anchored() bool { return m.anchored }

// stop carries an error out of the recursion.
type stop struct{ err error }

func fail(msg string) { panic(stop{errors.New(msg)}) }

// Find looks for the first match at or after from. It returns the half-open range
// of the match, or -1, -1.
func (m *Matcher) Find(from int) (start, end int, err error) {
	defer func() {
		if v := recover(); v != nil {
			s, ok := v.(stop)
			if !ok {
				panic(v)
			}
			start, end, err = -1, -1, s.err
		}
	}()
	for s := from; s <= len(m.src); s++ {
		if m.first >= 0 && !m.anchored {
			i := strings.IndexByte(m.src[s:], byte(m.first))
			if i < 0 {
				return -1, -1, nil
			}
			m.count(i / 16)
			s += i
		}
		m.level, m.depth = 0, 0
		if e := m.match(s, 0); e >= 0 {
			return s, e, nil
		}
		if m.anchored {
			break
		}
	}
	return -1, -1, nil
}

// Captures is how many captures the last match has.
func (m *Matcher) Captures() int { return m.level }

// Capture gives capture i of the last match, counted from 0: its text range, or
// for a position capture the position with isPos set.
func (m *Matcher) Capture(i int) (start, end int, isPos bool, err error) {
	c := m.caps[i]
	switch c.len {
	case position:
		return c.start, c.start, true, nil
	case open:
		return 0, 0, false, errors.New("unfinished capture")
	}
	return c.start, c.start + c.len, false, nil
}

// count adds n steps and asks the owner when enough have come together.
func (m *Matcher) count(n int) {
	if m.steps += n; m.steps < tickSteps {
		return
	}
	m.steps = 0
	if m.tick != nil {
		if err := m.tick(); err != nil {
			panic(stop{err})
		}
	}
}

// Plain tells whether a pattern has no special characters.
func Plain(pat string) bool { return !strings.ContainsAny(pat, "^$*+?.([%-") }

// literalStart is the byte that every match must start with, or -1.
func literalStart(pat string) int {
	i, c := 0, -1
	switch {
	case pat == "":
		return -1
	case pat[0] == '%' && len(pat) > 1 && !isAlnum(pat[1]):
		i, c = 2, int(pat[1])
	case strings.IndexByte("^$*+?.([%-", pat[0]) < 0 || pat[0] == '^':
		i, c = 1, int(pat[0])
	}
	if c < 0 || i < len(pat) && strings.IndexByte("*?-", pat[i]) >= 0 {
		return -1
	}
	return c
}
