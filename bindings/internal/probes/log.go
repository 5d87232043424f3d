package probes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// maxLine is how much of one line is matched.
const maxLine = 64 << 10

// Mark is a place in a log: what comes behind it is new. The zero Mark is the
// start of whatever file is there.
type Mark struct {
	Dev, Inode uint64
	Size       int64
}

// MarkOf marks the end of a log as it is now. A log that does not exist yet is
// marked at its start.
func MarkOf(roots *files.Roots, path string) (Mark, error) {
	info, err := roots.Stat(path, true)
	if errors.Is(err, fs.ErrNotExist) {
		return Mark{}, nil
	}
	if err != nil {
		return Mark{}, err
	}
	return Mark{Dev: info.Dev, Inode: info.Inode, Size: info.Size}, nil
}

// Log passes when a line that was appended behind a mark matches. It follows the
// log through rotation (the path names another file: the rest of the old one is
// read first) and truncation (the file is shorter than what was read: it starts
// again). Only whole lines count. It remembers what it read; Close it.
type Log struct {
	roots   *files.Roots
	path    string
	pattern *regexp.Regexp

	mark    Mark
	file    *os.File // the file that is followed; nil before it is there
	offset  int64
	line    []byte // the begun line
	lines   int    // new lines seen
	matched bool
}

// NewLog makes a probe of the lines behind mark.
func NewLog(roots *files.Roots, path string, pattern *regexp.Regexp, mark Mark) *Log {
	return &Log{roots: roots, path: path, pattern: pattern, mark: mark}
}

// String says what is waited for.
func (l *Log) String() string {
	return fmt.Sprintf("a line that matches %q in %s", l.pattern, l.path)
}

func (l *Log) watch() (*files.Roots, string) { return l.roots, l.path }

// Close lets go of the log.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// Check reads what is new. Once a line has matched it passes always.
func (l *Log) Check(ctx context.Context) error {
	if l.matched {
		return nil
	}
	err := l.read(ctx)
	switch {
	case l.matched:
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("no line of %s matches %q yet (%d new)", l.path, l.pattern, l.lines)
}

// read goes on where the last read ended.
func (l *Log) read(ctx context.Context) error {
	info, err := l.roots.Stat(l.path, true)
	if err == nil && l.follows(info) {
		return l.readFile(ctx)
	}
	if l.file != nil { // rotated away: its last lines are still new
		if rest := l.readFile(ctx); rest != nil || l.matched {
			return rest
		}
	}
	if err != nil {
		return err
	}
	if err := l.open(); err != nil {
		return err
	}
	return l.readFile(ctx)
}

// follows tells whether the path still names the file that is read.
func (l *Log) follows(info files.Info) bool {
	if l.file == nil {
		return false
	}
	fi, err := l.file.Stat()
	if err != nil {
		return false
	}
	mine := files.InfoOf(fi)
	return mine.Dev == info.Dev && mine.Inode == info.Inode
}

// open takes the file that the path names now, from the mark on if it is the
// marked one, else from its start.
func (l *Log) open() error {
	place, err := l.roots.Resolve(l.path)
	if err != nil {
		return err
	}
	file, fi, err := files.OpenRegular(place.FS, place.Rel)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", l.path, err)
	}
	if err := l.Close(); err != nil {
		return errors.Join(err, file.Close())
	}
	l.file, l.offset, l.line = file, 0, nil
	info := files.InfoOf(fi)
	if l.mark.Dev == info.Dev && l.mark.Inode == info.Inode && l.mark.Size <= info.Size {
		l.offset = l.mark.Size
	}
	l.mark = Mark{}
	return nil
}

// readFile takes in all new lines up to the first that matches.
func (l *Log) readFile(ctx context.Context) error {
	fi, err := l.file.Stat()
	if err != nil {
		return err
	}
	if fi.Size() < l.offset { // truncated
		l.offset, l.line = 0, nil
	}
	buf := make([]byte, 32<<10)
	for !l.matched {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := l.file.ReadAt(buf, l.offset)
		l.offset += int64(n)
		l.take(buf[:n])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", l.path, err)
		}
	}
	return nil
}

// take cuts data into lines.
func (l *Log) take(data []byte) {
	for !l.matched {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			l.keep(data)
			return
		}
		l.keep(data[:end])
		l.lines++
		l.matched = l.pattern.Match(bytes.TrimSuffix(l.line, []byte("\r")))
		l.line = l.line[:0]
		data = data[end+1:]
	}
}

// keep adds to the begun line, up to its limit.
func (l *Log) keep(part []byte) {
	if room := maxLine - len(l.line); len(part) > room {
		part = part[:room]
	}
	l.line = append(l.line, part...)
}
