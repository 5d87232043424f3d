package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// maxMessage is the longest packet. A longer one is cut by the kernel and then
// refused.
const maxMessage = 1024

// A message is one packet of text: a word, numbers, and at the end free text for
// those that have one.
//
//	listening                       child: its signal handlers stand
//	limits MEMORY GRACE             child: bytes (0: none), nanoseconds
//	deadline AT WHY                 child: nanoseconds of CLOCK_MONOTONIC (0: none)
//	daemon PID TICKS MARK           child: see Child.Daemon
//	record TEXT                     child: where the record of the run is
//	ended CODE                      child: it is about to exit
//	watching                        parent: the child may go on
//	signal NUMBER                   parent: it was sent one
type message struct {
	word    string
	numbers []int64
	text    string
}

// shape says how many numbers a message has, and whether text follows.
func shape(word string) (numbers int, text, known bool) {
	switch word {
	case "listening", "watching":
		return 0, false, true
	case "limits":
		return 2, false, true
	case "deadline":
		return 1, true, true
	case "daemon":
		return 2, true, true
	case "record":
		return 0, true, true
	case "ended", "signal":
		return 1, false, true
	}
	return 0, false, false
}

func (m message) encode() []byte {
	var b bytes.Buffer
	b.WriteString(m.word)
	for _, n := range m.numbers {
		b.WriteByte(' ')
		b.WriteString(strconv.FormatInt(n, 10))
	}
	if m.text != "" {
		b.WriteByte(' ')
		b.WriteString(clean(m.text, maxMessage-b.Len()-1))
	}
	return b.Bytes()
}

// errNonsense is what a packet is that no version of this program writes.
var errNonsense = errors.New("a message that makes no sense")

func parseMessage(packet []byte) (message, error) {
	if len(packet) > maxMessage {
		return message{}, fmt.Errorf("%w: too long", errNonsense)
	}
	word, rest, _ := strings.Cut(string(packet), " ")
	count, text, known := shape(word)
	if !known {
		return message{}, fmt.Errorf("%w: %q", errNonsense, clean(word, 40))
	}
	m := message{word: word}
	for range count {
		var number string
		number, rest, _ = strings.Cut(rest, " ")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n < 0 {
			return message{}, fmt.Errorf("%w: %s with the number %q", errNonsense, word, clean(number, 40))
		}
		m.numbers = append(m.numbers, n)
	}
	if rest != "" && !text {
		return message{}, fmt.Errorf("%w: %s with %q after it", errNonsense, word, clean(rest, 40))
	}
	m.text = clean(rest, maxMessage)
	return m, nil
}

// clean makes text of at most n bytes that is safe to print on a terminal.
func clean(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufffd' {
			return '?'
		}
		return r
	}, text)
	for len(text) > n {
		text = text[:n]
		text = strings.ToValidUTF8(text, "")
	}
	return text
}

// Limits are what the parent enforces beside the deadline.
type Limits struct {
	Memory int64         // bytes resident in the child and its descendants; 0: no limit
	Grace  time.Duration // from the deadline to SIGKILL; 0: 150 ms, at most 10 s
}

const (
	defaultGrace = 150 * time.Millisecond
	maxGrace     = 10 * time.Second
)

func limitsMessage(l Limits) message {
	return message{word: "limits", numbers: []int64{max(l.Memory, 0), int64(max(l.Grace, 0))}}
}

func (m message) limits() Limits {
	l := Limits{Memory: m.numbers[0], Grace: min(time.Duration(m.numbers[1]), maxGrace)}
	if l.Grace == 0 {
		l.Grace = defaultGrace
	}
	return l
}

// deadlineMessage turns t into a moment of CLOCK_MONOTONIC, which both processes
// share; what Go keeps in a Time counts from the start of one process.
func deadlineMessage(t time.Time, why string) message {
	var at int64
	if !t.IsZero() {
		at = max(monotonic()+int64(time.Until(t)), 1)
	}
	return message{word: "deadline", numbers: []int64{at}, text: why}
}

func (m message) deadline() time.Time {
	if m.numbers[0] == 0 {
		return time.Time{}
	}
	left := m.numbers[0] - monotonic()
	return time.Now().Add(time.Duration(min(left, math.MaxInt64/4)))
}

func signalMessage(sig syscall.Signal) message {
	return message{word: "signal", numbers: []int64{int64(sig)}}
}
