package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// Handle is a restore that was done and can still be taken back. Its fields can
// be stored and read again; it needs no closing.
type Handle struct {
	ID      string    `json:"id"`
	Swapped []Swapped `json:"swapped"`
}

// Swapped is one directory that was replaced.
type Swapped struct {
	Dir       string   `json:"dir"`
	Before    string   `json:"before,omitempty"` // what was there; empty if there was nothing
	Inode     uint64   `json:"inode,omitempty"`  // of the directory that was there, to tell the two apart
	Preserved []string `json:"preserved,omitempty"`
}

// Commit removes what was there before the restore; it cannot be taken back
// then. Running it twice is fine.
func (h *Handle) Commit(ctx context.Context) error {
	for _, s := range h.Swapped {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if s.Before == "" {
			continue
		}
		if err := removeSibling(s.Before, beforeMark); err != nil {
			return explain("remove", s.Before, err)
		}
	}
	return nil
}

// Revert puts back what was there before, in the reverse order; the restored
// trees are removed. It can be run again after a failure: what is done is left.
func (h *Handle) Revert(ctx context.Context) error {
	for i := len(h.Swapped) - 1; i >= 0; i-- {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := h.Swapped[i].revert(h.ID); err != nil {
			return explain("put back", h.Swapped[i].Dir, err)
		}
	}
	return nil
}

func (s Swapped) revert(id string) error {
	undone := s.Dir + stagingMark + id // where the restored tree goes
	if s.Before == "" {
		if _, err := os.Lstat(s.Dir); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err := os.Rename(s.Dir, undone); err != nil {
			return err
		}
		return removeSibling(undone, stagingMark)
	}
	back, err := s.isBack()
	if err != nil {
		return err
	}
	if !back {
		if err := s.putBack(undone); err != nil {
			return err
		}
	}
	// Whatever still has the name is the restored tree.
	if err := os.Rename(s.Before, undone); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(removeSibling(undone, stagingMark), syncParent(s.Dir))
}

// isBack says whether the old tree is in its place already.
func (s Swapped) isBack() (bool, error) {
	if now, err := os.Lstat(s.Dir); err == nil && files.InfoOf(now).Inode == s.Inode {
		return true, nil
	}
	old, err := os.Lstat(s.Before)
	if err == nil && files.InfoOf(old).Inode != s.Inode {
		err = fmt.Errorf("%s is not the directory that was there before", s.Before)
	}
	return false, err
}

func (s Swapped) putBack(undone string) error {
	for _, rel := range s.Preserved {
		if _, err := carry(s.Dir, s.Before, rel); err != nil {
			return err
		}
	}
	err := unix.Renameat2(unix.AT_FDCWD, s.Before, unix.AT_FDCWD, s.Dir, unix.RENAME_EXCHANGE)
	if err != nil && (cannotExchange(err) || errors.Is(err, fs.ErrNotExist)) {
		if err = os.Rename(s.Dir, undone); err == nil || errors.Is(err, fs.ErrNotExist) {
			err = os.Rename(s.Before, s.Dir)
		}
	}
	return errors.Join(err, syncParent(s.Dir))
}

// Leftovers lists what interrupted restores left beside dir: trees that were
// being staged (safe to remove), and those of the name that Handle.Before has,
// which may hold the only copy of what was there: their owner decides.
func Leftovers(dir string) (staged, before []string, err error) {
	list, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		return nil, nil, err
	}
	base := filepath.Base(dir)
	for _, e := range list {
		full := filepath.Join(filepath.Dir(dir), e.Name())
		if strings.HasPrefix(e.Name(), base+stagingMark) {
			staged = append(staged, full)
		}
		if strings.HasPrefix(e.Name(), base+beforeMark) {
			before = append(before, full)
		}
	}
	return staged, before, nil
}
