package probes

import (
	"context"
	"fmt"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/bindings/internal/jsonq"
	"github.com/cortexlua/cortexlua/bindings/internal/timeparse"
)

// File passes when a state file was written since a moment, and the time that it
// holds or was written at is fresh.
type File struct {
	Roots *files.Roots
	Path  string
	// Since is the moment after which it must have been written; zero: any.
	Since time.Time
	// JSON is a jq program that gives a time in the file; "": the time at which
	// the file was written counts.
	JSON   string
	Engine *jsonq.Engine // for JSON
	// Fresh is how old that time may be. Zero: with JSON it must not be before
	// Since, otherwise any age will do.
	Fresh time.Duration
	// Now is the wall clock; nil is time.Now.
	Now func() time.Time
}

const (
	// tick is how far the clock of files lags behind: until Linux 6.13 they are
	// stamped with the time of the last timer interrupt (ktime_get_coarse), at
	// least 100 in a second.
	tick = 10 * time.Millisecond
	// skew is how far in the future a time may lie before it is not believed.
	skew = time.Minute
)

// String says what is waited for.
func (f *File) String() string {
	switch {
	case f.JSON != "":
		return fmt.Sprintf("a fresh time at %s in %s", f.JSON, f.Path)
	case f.Since.IsZero() && f.Fresh == 0:
		return f.Path + " to exist"
	}
	return f.Path + " to be written"
}

func (f *File) watch() (*files.Roots, string) { return f.Roots, f.Path }

func (f *File) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// Check looks at the file.
func (f *File) Check(ctx context.Context) error {
	info, err := f.Roots.Stat(f.Path, true)
	if err != nil {
		return err
	}
	if info.ModTime.Before(f.Since.Add(-tick)) {
		return fmt.Errorf("%s was not written since %s: it is of %s", f.Path, clock(f.Since), clock(info.ModTime))
	}
	if f.JSON == "" {
		return f.checkFresh(info.ModTime, f.Path)
	}
	at, err := f.timeInside(ctx)
	if err != nil {
		return err
	}
	where := f.JSON + " in " + f.Path
	// Daemons write whole seconds, so a time within the second of the start is
	// not before it.
	if f.Fresh == 0 && at.Before(f.Since.Truncate(time.Second)) {
		return fmt.Errorf("%s is %s, before %s", where, clock(at), clock(f.Since))
	}
	return f.checkFresh(at, where)
}

func (f *File) checkFresh(at time.Time, where string) error {
	age := f.now().Sub(at)
	switch {
	case f.Fresh > 0 && age > f.Fresh:
		return fmt.Errorf("%s is %s old and may be %s", where, age.Round(time.Second), f.Fresh)
	case age < -skew:
		return fmt.Errorf("%s is %s in the future", where, (-age).Round(time.Second))
	}
	return nil
}

// timeInside reads the time that the file holds.
func (f *File) timeInside(ctx context.Context) (time.Time, error) {
	text, err := f.Roots.Read(f.Path, 0)
	if err != nil {
		return time.Time{}, err
	}
	value, err := jsonq.Decode(text, jsonq.Limits{})
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", f.Path, err)
	}
	results, err := f.Engine.Query(ctx, f.JSON, value, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", f.Path, err)
	}
	if len(results) == 0 {
		return time.Time{}, fmt.Errorf("%s has nothing at %s", f.Path, f.JSON)
	}
	at, err := timeparse.Parse(results[0])
	if err != nil {
		return time.Time{}, fmt.Errorf("%s in %s: %w", f.JSON, f.Path, err)
	}
	return at, nil
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
