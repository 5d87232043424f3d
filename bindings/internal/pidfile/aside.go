package pidfile

import (
	"fmt"
	"os"
	"time"
)

// MoveAside renames what stands at path and cannot be a pid file (a link, a
// FIFO, a directory, text), so that a daemon can write its own there. Nothing is
// lost: the new name, which is returned, says when it was refused. A link is
// moved itself, never what it leads to.
func MoveAside(path string) (string, error) {
	for try := range 100 {
		aside := fmt.Sprintf("%s.refused-%s", path, time.Now().UTC().Format("20060102T150405.000Z"))
		if try > 0 {
			aside = fmt.Sprintf("%s-%d", aside, try)
		}
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		if err := os.Rename(path, aside); err != nil {
			return "", fmt.Errorf("cannot move the pidfile aside: %w", err)
		}
		return aside, nil
	}
	return "", fmt.Errorf("cannot move the pidfile %s aside: every name is taken", path)
}
