package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// Checksum returns the SHA-256 of a regular file, in hex.
func (r *Roots) Checksum(ctx context.Context, path string) (string, error) {
	p, err := r.Resolve(path)
	if err != nil {
		return "", err
	}
	sum, err := HashFile(ctx, p.FS, p.Rel)
	return sum, p.err("read", repath(err, p.Path))
}

// HashFile is Checksum below an open root.
func HashFile(ctx context.Context, root *os.Root, rel string) (string, error) {
	f, _, err := OpenRegular(root, rel)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 256<<10)
	if _, err := io.CopyBuffer(h, ContextReader(ctx, f), buf); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// TreeHash is one SHA-256 over a tree: of every entry, sorted by path, the type,
// mode, path, and the SHA-256 of a file or the target of a link. Times and owners
// do not count, so a tree put back from a backup or by git has the same hash.
// Patterns of Exclude are left out.
func (r *Roots) TreeHash(ctx context.Context, path string, opts WalkOptions) (string, error) {
	p, err := r.Resolve(path)
	if err != nil {
		return "", err
	}
	sum, err := HashTree(ctx, p.FS, p.Rel, opts)
	return sum, p.err("read", under(err, p.Path))
}

// HashTree is TreeHash below an open root.
func HashTree(ctx context.Context, root *os.Root, rel string, opts WalkOptions) (string, error) {
	h := sha256.New()
	err := WalkTree(ctx, root, rel, opts, func(dir *os.Root, e Entry) error {
		content := ""
		var err error
		switch e.Info.Type {
		case TypeFile:
			content, err = HashFile(ctx, dir, e.Name)
		case TypeLink:
			content, err = dir.Readlink(e.Name)
		}
		// %q keeps a line end in a name from forging another entry.
		fmt.Fprintf(h, "%s %o %q %q\n", e.Info.Type, uint32(e.Info.Mode), e.Rel, content)
		return fail("read", e.Rel, repath(err, e.Rel))
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// ContextReader stops reading when the context ends.
func ContextReader(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(b []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return r.Read(b)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
