package files

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// Limits of Tail.
const (
	DefaultTailLine  = 64 << 10 // bytes kept of one line
	DefaultTailTotal = 4 << 20  // bytes looked at in all
	tailBlock        = 64 << 10
)

// Tailed is the end of a file.
type Tailed struct {
	Lines []string // oldest first, without line ends
	// Clipped is true when a line was longer than DefaultTailLine (its start is
	// kept) or fewer lines are given than asked for because DefaultTailTotal
	// was reached.
	Clipped bool
}

// Tail returns the last n lines, reading blocks from the end only. A last line
// without a line end counts: it is often the one that tells why a daemon died.
func (r *Roots) Tail(path string, n int) (Tailed, error) {
	p, err := r.Resolve(path)
	if err != nil {
		return Tailed{}, err
	}
	f, fi, err := OpenRegular(p.FS, p.Rel)
	if err != nil {
		return Tailed{}, p.err("read", repath(err, p.Path))
	}
	defer f.Close()
	t, err := tail(f, fi.Size(), n)
	return t, p.err("read", err)
}

func tail(f *os.File, size int64, n int) (Tailed, error) {
	if n <= 0 || size == 0 {
		return Tailed{}, nil
	}
	data, whole, err := lastBytes(f, size, n)
	if err != nil {
		return Tailed{}, err
	}
	data = bytes.TrimSuffix(data, []byte("\n"))
	lines := bytes.Split(data, []byte("\n"))
	var out Tailed
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	} else if !whole {
		out.Clipped = true // the first line is cut off, or lines are missing
	}
	for _, line := range lines {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) > DefaultTailLine {
			line, out.Clipped = line[:DefaultTailLine], true
		}
		out.Lines = append(out.Lines, string(line))
	}
	return out, nil
}

// lastBytes reads backwards until it holds n line ends and one before them, or
// the start, or the limit. It copes with a file that is cut while it reads.
func lastBytes(f *os.File, size int64, n int) (data []byte, whole bool, err error) {
	var blocks [][]byte
	var total int64
	newlines := 0
	for off := size; off > 0; {
		if total >= DefaultTailTotal || newlines > n {
			return join(blocks, total), false, nil
		}
		want := min(int64(tailBlock), off)
		block := make([]byte, want)
		got, err := f.ReadAt(block, off-want)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, false, err
		}
		off -= want
		newlines += bytes.Count(block[:got], []byte("\n"))
		blocks = append(blocks, block[:got])
		total += int64(got)
	}
	return join(blocks, total), true, nil
}

func join(blocks [][]byte, total int64) []byte {
	out := make([]byte, 0, total)
	for i := len(blocks) - 1; i >= 0; i-- {
		out = append(out, blocks[i]...)
	}
	return out
}
