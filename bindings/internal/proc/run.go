package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
)

// RunSpec says how to run a program and wait for it.
type RunSpec struct {
	Argv      []string      // program and arguments; no shell reads them
	Env       []string      // the whole environment; nothing is inherited
	Dir       string        // working directory, absolute
	Stdin     []byte        // nil: /dev/null
	MaxOutput int           // bytes kept of stdout, and as many of stderr; 0: 1 MiB
	Grace     time.Duration // from SIGTERM to SIGKILL when the context ends; 0: 2 s
	WaitDelay time.Duration // how long others may hold the output after the program ended; 0: 250 ms
	Cookie    string        // value of CookieVar, see NewCookie; "" for none
	Nice      *int          // nil: this program's
	Table     *Table        // for ending the tree; nil: own scans

	// Confine, if set, holds the program and all that it starts to a policy. Where
	// the kernel cannot do that, the error is a [confine.ErrUnsupported] and nothing
	// is started.
	Confine *confine.Policy

	// OnLine, if set, gets every line as it comes, without its end, from one
	// goroutine at a time; stream is "stdout" or "stderr". Of a line longer than
	// 64 KiB it gets the beginning. The line is valid during the call only.
	OnLine func(stream string, line []byte)
}

// RunResult is how a program ended and what it wrote.
type RunResult struct {
	Code      int    // exit code; -1 if a signal ended it
	Signal    string // such as "SIGKILL", or ""
	Stdout    []byte // if truncated: the first and the last half of MaxOutput, and a line that counts what is missing
	Stderr    []byte
	Truncated bool // something of stdout or stderr is missing, in the middle or because it was cut off at the end
	Duration  time.Duration
}

// Run runs a program in a session of its own and waits for it. An exit code other
// than 0 is not an error. When the context ends, the whole tree is ended (SIGTERM,
// grace, SIGKILL), and the error is the context's cause beside the result so far.
//
// Run never waits for a grandchild: WaitDelay after the program ended, the output
// is closed and what is left of its group is ended (compare golang/go#23019).
func Run(ctx context.Context, spec RunSpec) (RunResult, error) {
	res, err := run(ctx, spec)
	if err != nil {
		name := "a program"
		if len(spec.Argv) > 0 {
			name = spec.Argv[0]
		}
		return res, fmt.Errorf("cannot run %s: %w", name, err)
	}
	return res, nil
}

func run(ctx context.Context, spec RunSpec) (RunResult, error) {
	if ctx.Err() != nil {
		return RunResult{}, context.Cause(ctx)
	}
	path, err := checkProgram(spec.Argv, spec.Dir, spec.Env)
	if err != nil {
		return RunResult{}, err
	}
	domain, err := confined(spec.Confine, path)
	if err != nil {
		return RunResult{}, err
	}
	defer domain.Close()
	start := time.Now()
	io, err := openStreams(spec)
	if err != nil {
		return RunResult{}, explain(err, path, spec.Dir)
	}
	l := launch{
		path: path, argv: spec.Argv, env: withCookie(spec.Env, spec.Cookie), dir: spec.Dir,
		files: io.child(), nice: spec.Nice, domain: domain,
	}
	h, err := l.start()
	io.closeChild()
	if err != nil {
		io.closeParent()
		return RunResult{}, l.explain(err)
	}
	defer h.Close()
	io.pump(spec.OnLine)
	res, err := attend(ctx, h, io, spec)
	res.Duration = time.Since(start)
	return res, err
}

// attend waits for the program, then for its output, and leaves nothing behind.
func attend(ctx context.Context, h *Handle, io *streams, spec RunSpec) (RunResult, error) {
	var failed error
	if failed = h.waitAlone(ctx); failed != nil {
		// The leader is our child: until it is reaped, below, its number is its own.
		if err := endTree(h, spec); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	var res RunResult
	if h.ended() {
		status, err := reap(h)
		if err != nil {
			failed = errors.Join(failed, err)
		}
		res.Code, res.Signal = status.code, status.signal
	} else { // it survived SIGKILL, inside the kernel; somebody must reap it one day
		res.Code = -1
		abandon(h.id)
	}
	cut := !io.wait(orDefault(spec.WaitDelay, 250*time.Millisecond))
	if !errors.Is(h.signalGroup(0), ErrGone) { // an old kernel cannot tell; then the scan does
		if err := endTree(h, spec); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	io.closeParent()
	io.readers.Wait()
	res.Stdout, res.Stderr = io.out.bytes(), io.err.bytes()
	res.Truncated = cut || io.out.lost() > 0 || io.err.lost() > 0
	return res, failed
}

// endTree ends the group, session and descendants of a program that this one
// started, whether or not the program itself still runs.
func endTree(h *Handle, spec RunSpec) error {
	stop := StopSpec{
		Identity: h.id, Cookie: spec.Cookie, Table: spec.Table,
		Grace: orDefault(spec.Grace, 2*time.Second), KillWait: 2 * time.Second,
	}
	t := bareTree(h, stop)
	t.leadsGroup, t.leadsSession = true, true
	_, err := t.end(context.Background(), stop)
	return err
}

// abandon reaps a child that could not be ended, should it ever end.
func abandon(id Identity) {
	go func() {
		var status unix.WaitStatus
		_, _ = unix.Wait4(id.PID, &status, 0, nil)
	}()
}

// streams are the three ends of a program's input and output.
type streams struct {
	stdin    int
	writers  [2]int // the child's ends
	pipes    [2]*os.File
	out, err *keep
	readers  sync.WaitGroup
	finished chan struct{}
}

// openStreams makes the pipes. On an error nothing stays open.
func openStreams(spec RunSpec) (*streams, error) {
	limit := spec.MaxOutput
	if limit <= 0 {
		limit = 1 << 20
	}
	s := &streams{stdin: -1, writers: [2]int{-1, -1}, finished: make(chan struct{}),
		out: &keep{limit: limit}, err: &keep{limit: limit}}
	var err error
	if s.stdin, err = openInput(spec.Stdin); err != nil {
		return nil, err
	}
	for i := range s.pipes {
		var ends [2]int
		if err = unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
			s.closeChild()
			s.closeParent()
			return nil, err
		}
		s.writers[i] = ends[1]
		_ = unix.SetNonblock(ends[0], true) // only our end; the program expects a blocking one
		s.pipes[i] = os.NewFile(uintptr(ends[0]), "pipe")
	}
	return s, nil
}

// openInput returns a descriptor from which the program reads data: a file in
// memory, so that nobody has to feed a pipe that the program may never read.
func openInput(data []byte) (int, error) {
	if data == nil {
		return openNull()
	}
	fd, err := unix.MemfdCreate("stdin", unix.MFD_CLOEXEC)
	if err != nil {
		return -1, err
	}
	for len(data) > 0 && err == nil {
		var n int
		if n, err = unix.Write(fd, data); err == unix.EINTR {
			err = nil
			continue
		}
		data = data[max(n, 0):]
	}
	if err == nil {
		_, err = unix.Seek(fd, 0, 0)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (s *streams) child() []uintptr {
	return []uintptr{uintptr(s.stdin), uintptr(s.writers[0]), uintptr(s.writers[1])}
}

func (s *streams) closeChild() {
	for _, fd := range []int{s.stdin, s.writers[0], s.writers[1]} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

func (s *streams) closeParent() {
	for _, f := range s.pipes {
		if f != nil {
			f.Close()
		}
	}
}

// pump reads both pipes until they end or are closed.
func (s *streams) pump(onLine func(string, []byte)) {
	var turn sync.Mutex
	for i, name := range []string{"stdout", "stderr"} {
		sink := []*keep{s.out, s.err}[i]
		var lines *splitter
		if onLine != nil {
			lines = &splitter{emit: func(line []byte) {
				turn.Lock()
				defer turn.Unlock()
				onLine(name, line)
			}}
		}
		s.readers.Go(func() { drain(s.pipes[i], sink, lines) })
	}
	go func() {
		s.readers.Wait()
		close(s.finished)
	}()
}

func drain(pipe *os.File, sink *keep, lines *splitter) {
	buf := make([]byte, 32<<10)
	for {
		n, err := pipe.Read(buf)
		sink.write(buf[:n])
		if lines != nil {
			lines.write(buf[:n])
		}
		if err != nil {
			break
		}
	}
	if lines != nil {
		lines.flush()
	}
}

// wait reports whether both pipes ended within d.
func (s *streams) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.finished:
		return true
	case <-timer.C:
		return false
	}
}
