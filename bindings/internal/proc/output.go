package proc

import (
	"bytes"
	"fmt"
)

// maxLine bounds a line that is handed to a callback.
const maxLine = 64 << 10

// keep holds the head and the tail of a stream in bounded memory.
type keep struct {
	limit int
	head  []byte // the first limit/2 bytes
	tail  []byte // a ring of the last limit-limit/2 bytes after the head
	next  int    // where the ring is written once it is full
	total int64  // bytes after the head
}

func (k *keep) write(p []byte) {
	if room := k.limit/2 - len(k.head); room > 0 {
		n := min(room, len(p))
		k.head = append(k.head, p[:n]...)
		p = p[n:]
	}
	k.total += int64(len(p))
	size := k.limit - k.limit/2
	if len(p) > size {
		p = p[len(p)-size:]
	}
	if room := size - len(k.tail); room > 0 {
		n := min(room, len(p))
		k.tail = append(k.tail, p[:n]...)
		p = p[n:]
	}
	for len(p) > 0 {
		n := copy(k.tail[k.next:], p)
		p = p[n:]
		k.next = (k.next + n) % size
	}
}

// lost counts the bytes between head and tail that were dropped.
func (k *keep) lost() int64 { return k.total - int64(len(k.tail)) }

// bytes returns the stream, with a line in place of what was dropped.
func (k *keep) bytes() []byte {
	out := bytes.Clone(k.head)
	if n := k.lost(); n > 0 {
		out = fmt.Appendf(out, "\n[... %d bytes left out ...]\n", n)
	}
	out = append(out, k.tail[k.next:]...)
	return append(out, k.tail[:k.next]...)
}

// splitter cuts a stream into lines and drops what exceeds maxLine of one.
type splitter struct {
	emit func(line []byte)
	part []byte // the beginning of an unfinished line
	open bool   // whether a line was begun
}

func (s *splitter) write(p []byte) {
	for len(p) > 0 {
		line, rest, found := bytes.Cut(p, []byte("\n"))
		s.part = append(s.part, line[:min(len(line), maxLine-len(s.part))]...)
		s.open = true
		if !found {
			return
		}
		s.flush()
		p = rest
	}
}

// flush hands out the line that has no end yet.
func (s *splitter) flush() {
	if s.open {
		s.emit(bytes.TrimSuffix(s.part, []byte("\r")))
		s.part, s.open = s.part[:0], false
	}
}
