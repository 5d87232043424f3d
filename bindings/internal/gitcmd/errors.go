package gitcmd

import (
	"errors"
	"strings"
	"time"
)

// Kinds of failures, for errors.Is.
var (
	ErrNoGit         = errors.New("git is not installed")
	ErrNotRepo       = errors.New("not a git repository")
	ErrOwner         = errors.New("the repository belongs to another user")
	ErrHostile       = errors.New("the repository's configuration would run programs")
	ErrRemote        = errors.New("the remote cannot be reached")
	ErrAuth          = errors.New("the remote asks for credentials")
	ErrUnknownRemote = errors.New("no such remote")
	ErrUnknownCommit = errors.New("no such commit")
	ErrNoFile        = errors.New("no such file in the commit")
	ErrDiverged      = errors.New("the histories have diverged")
	ErrInTheWay      = errors.New("files are in the way")
	ErrBusy          = errors.New("an operation is not finished")
	ErrLocked        = errors.New("a lock file of git exists")
	ErrHook          = errors.New("a hook failed")
	ErrTimeout       = errors.New("git did not end in time")
	ErrTooMuch       = errors.New("git wrote too much")
	ErrMoved         = errors.New("a reference has another value than expected")
	ErrNotExact      = errors.New("the tree is not exactly the commit")
	ErrInvalidName   = errors.New("not a usable name")
)

// Error is a failed git operation: "cannot <op> in <repo>: <why>; <hint>".
type Error struct {
	Op     string
	Dir    string
	Kind   error
	Detail string // the cause in words: git's own last line where git told it
	Hint   string
	Stderr string   // the end of git's standard error
	Code   int      // exit code of git; 0 when git did not run or went well
	Paths  []string // files concerned, for ErrInTheWay and ErrNotExact
	Lock   *Lock    // for ErrLocked
	Hook   *Hook    // for ErrHook
	Err    error    // underlying error, such as the cause of a context
}

// Lock is a lock file that git left or holds.
type Lock struct {
	Path   string
	Age    time.Duration // since its last change, by the wall clock
	Holder int           // pid of a process that has it open or of a git at work in this repository; 0 if there is none
	Comm   string        // the name of that process
}

// Hook is a hook that failed. Applied tells whether git had done its work
// nevertheless: a failing post-* hook comes after the fact.
type Hook struct {
	Name    string
	Code    int
	Applied bool
}

func (e *Error) Error() string {
	text := "cannot " + e.Op + " in " + e.Dir
	if e.Kind != nil {
		text += ": " + e.Kind.Error()
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Kind == nil && e.Detail == "" && e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap reaches the kind and the cause.
func (e *Error) Unwrap() []error {
	var out []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}

// someOf names a few of many.
func someOf(paths []string) string {
	const few = 5
	if len(paths) <= few {
		return strings.Join(paths, ", ")
	}
	return strings.Join(paths[:few], ", ") + ", ..."
}

// lastLine picks the line that tells the cause: the last one that git marked
// fatal or error, else the last one. (After a failed connection git ends with
// the advice "Please make sure you have the correct access rights".) When all that
// git knows is that it could not read, what the other program said tells more:
// "Permission denied (publickey)", "Could not resolve hostname".
func lastLine(stderr string) string {
	var last, marked string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if line == "fatal: Could not read from remote repository." && last != "" {
			return last
		}
		last = line
		for _, mark := range []string{"fatal: ", "error: "} {
			if rest, ok := strings.CutPrefix(line, mark); ok {
				marked, last = rest, rest
			}
		}
	}
	if marked != "" {
		return marked
	}
	return last
}

// kindOf reads git's messages. LC_ALL=C keeps them in English; they are not a
// stable interface, so only words that have stood for many releases are used,
// and what is not known stays without a kind but keeps git's own text.
func kindOf(stderr string) (hint string, kind error) {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(stderr, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("not a git repository") && !has("Could not read from remote repository"):
		return "", ErrNotRepo
	case has("dubious ownership"):
		return "run as its owner, or allow it", ErrOwner
	case has("Authentication failed", "could not read Username", "could not read Password", "terminal prompts disabled",
		"Permission denied (", "Host key verification failed", "The requested URL returned error: 401", "The requested URL returned error: 403"):
		return "set up a key or credentials that work without a prompt", ErrAuth
	case has("Unable to create '") && has(".lock': File exists"):
		return "wait for the other git to end; if there is none, remove the lock file", ErrLocked
	case has("aborted by hook", "hook declined"):
		return "", ErrHook
	case has("Could not read from remote repository", "does not appear to be a git repository", "unable to access '", "Could not resolve host",
		"unable to connect to", "Connection refused", "Connection timed out", "unable to look up", "the remote end hung up", "early EOF", "Connection reset"):
		return "check the network and the remote's address", ErrRemote
	case has("Not possible to fast-forward"):
		return "", ErrDiverged
	case has("would be overwritten by"):
		return "commit, move or remove them", ErrInTheWay
	}
	return "", nil
}
