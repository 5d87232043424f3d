package proc

import (
	"fmt"
	"os"
	"path/filepath"
)

// Check tells what a start would fail of, as far as that can be known before: the
// program, its interpreter, the working directory, the log. Nothing is started or
// made.
func (s DaemonSpec) Check() error {
	path, err := checkProgram(s.Argv, s.Dir, s.Env)
	if err != nil {
		return fmt.Errorf("cannot start %s: %w", s.label(), err)
	}
	if interp := shebang(path); len(interp) > 0 {
		if err := runnable(interp[0]); err != nil {
			return fmt.Errorf("cannot start %s: %s asks for the interpreter %s: %w", s.label(), path, interp[0], err)
		}
	}
	return s.CheckLog()
}

// CheckLog is Check of the log alone.
func (s DaemonSpec) CheckLog() error {
	if s.Log == "" {
		return nil
	}
	if err := CheckFolder(s.Log); err != nil {
		return fmt.Errorf("cannot start %s: the log %w", s.label(), err)
	}
	if info, err := os.Lstat(s.Log); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("cannot start %s: the log %s is not a regular file", s.label(), s.Log)
	}
	return nil
}

// CheckFolder tells whether the folder that a file shall be in is there.
func CheckFolder(path string) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is in a directory that does not exist: mkdir -p %s", path, dir)
	}
	return nil
}
