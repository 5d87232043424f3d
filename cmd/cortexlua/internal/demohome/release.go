package demohome

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Kind says what a published release is good for.
type Kind string

const (
	// Good changes a script and adds two files: scripts/lib/retry.sh and
	// coordination/config/heartbeat-policy.json.
	Good Kind = "good"
	// Bad is Good with a worker that dies 2 s after its start, with exit code 3, a
	// line in its log, its pidfile left and its two helpers alive.
	Bad Kind = "bad"
	// Syntax is Good with a syntax error in scripts/metrics-snapshot-daemon.sh: the
	// one that a real release had, in a folder that the old check did not look at.
	Syntax Kind = "syntax"
	// Slow is Good with a coordinator that needs 4 s until its first heartbeat.
	Slow Kind = "slow"
	// RemovesScript is Good without scripts/daemons/failure-pattern-daemon.sh.
	RemovesScript Kind = "removes-script"
	// Diverge is Good, on a main that was written anew: no release before it is an
	// ancestor of it.
	Diverge Kind = "diverge"
)

const (
	versionFile   = "scripts/VERSION"
	brokenScript  = "scripts/metrics-snapshot-daemon.sh"
	removedScript = "scripts/daemons/failure-pattern-daemon.sh"
	// A redirection is not allowed in the list of a for loop.
	brokenLoop = "\nfor f in coordination/history/*.json 2> /dev/null; do\n\t:\ndone\n"
)

// Release is one commit of origin's main.
type Release struct {
	Number int    // 1 for the first, as in scripts/VERSION
	Kind   Kind   // Good for the first
	Commit string // the full name of the commit
}

// Publish adds the next release to origin's main, without touching the home itself:
// it is there to be fetched. Each release starts from the first one's files, so a Good
// one after a Bad one is whole again. Commits are the same on every machine.
func (h *Home) Publish(ctx context.Context, kind Kind) (Release, error) {
	text, err := h.git(ctx, h.Origin, nil, "show", "refs/heads/main:"+versionFile)
	if err != nil {
		return Release{}, fmt.Errorf("cannot publish a %s release: %w", kind, err)
	}
	last, err := strconv.Atoi(text)
	if err != nil {
		return Release{}, fmt.Errorf("cannot publish a %s release: %s of origin's main: %w", kind, versionFile, err)
	}
	return h.publish(ctx, kind, last+1)
}

func (h *Home) publish(ctx context.Context, kind Kind, number int) (Release, error) {
	files, err := releaseFiles(kind, number)
	if err != nil {
		return Release{}, fmt.Errorf("cannot publish release %d: %w", number, err)
	}
	root := number == 1 || kind == Diverge
	var stream bytes.Buffer
	writeCommit(&stream, commit{number: number, kind: kind, root: root, files: files})
	if _, err := h.git(ctx, h.Origin, &stream, "fast-import", "--quiet", "--force"); err != nil {
		return Release{}, fmt.Errorf("cannot publish release %d: %w", number, err)
	}
	name, err := h.git(ctx, h.Origin, nil, "rev-parse", "refs/heads/main")
	if err != nil {
		return Release{}, fmt.Errorf("cannot publish release %d: %w", number, err)
	}
	return Release{Number: number, Kind: kind, Commit: name}, nil
}

// releaseFiles puts a release together; number 1 is the plain first one.
func releaseFiles(kind Kind, number int) (tree, error) {
	files := tree{versionFile: []byte(strconv.Itoa(number) + "\n")}
	if err := files.overlay("home"); err != nil {
		return nil, err
	}
	if number == 1 {
		return files, nil
	}
	if err := files.overlay("releases/good"); err != nil {
		return nil, err
	}
	switch kind {
	case Good, Diverge:
		return files, nil
	case Bad, Slow:
		return files, files.overlay("releases/" + string(kind))
	case Syntax:
		return files, files.append(brokenScript, brokenLoop)
	case RemovesScript:
		return files, files.remove(removedScript)
	}
	kinds := []string{string(Good), string(Bad), string(Syntax), string(Slow), string(RemovesScript), string(Diverge)}
	return nil, fmt.Errorf("unknown kind %q: use one of %s", kind, strings.Join(kinds, ", "))
}
