package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

const (
	// formatVersion of manifests; another one is refused, not guessed at.
	formatVersion = 1
	// manifestName is the last entry of an archive. It has no slash, so it cannot
	// be a file of a source.
	manifestName = "cortexlua-manifest.json"
	// SidecarSuffix makes the name of the file beside the archive.
	SidecarSuffix = ".manifest.json"
	maxManifest   = 512 << 20
)

// Manifest lists what an archive holds.
type Manifest struct {
	Format  int               `json:"format"`
	Created time.Time         `json:"created"`
	Meta    map[string]string `json:"meta,omitempty"` // commit, branch, run, version ...
	Sources []string          `json:"sources"`
	Changed []string          `json:"changed,omitempty"` // changed while they were read: may be torn
	Skipped []string          `json:"skipped,omitempty"` // FIFOs, sockets, devices
	Entries []Entry           `json:"entries"`           // in the order of the archive
}

// Entry is one file, directory or link; Path begins with the source's name.
type Entry struct {
	Path    string    `json:"path"`
	Type    string    `json:"type"` // files.TypeFile, TypeDir or TypeLink
	Mode    string    `json:"mode"` // octal, as chmod takes it
	Size    int64     `json:"size,omitempty"`
	UID     int       `json:"uid"`
	GID     int       `json:"gid"`
	ModTime time.Time `json:"mtime"`
	SHA256  string    `json:"sha256,omitempty"`
	Target  string    `json:"target,omitempty"`
}

// Bytes is the sum of the file sizes.
func (m Manifest) Bytes() int64 {
	var sum int64
	for _, e := range m.Entries {
		sum += e.Size
	}
	return sum
}

// sidecar is the file beside the archive.
type sidecar struct {
	Archive  string   `json:"archive"`
	Size     int64    `json:"size"`
	SHA256   string   `json:"sha256"`
	Manifest Manifest `json:"manifest"`
	// Checksum is the SHA-256 of this very text with an empty checksum.
	Checksum string `json:"checksum"`
}

// encode gives the one text that stands for the value: fields in order, keys of
// maps sorted. Reading compares with it byte by byte.
func (s sidecar) encode() ([]byte, error) {
	s.Checksum = ""
	data, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	s.Checksum = hex.EncodeToString(sum[:])
	data, err = json.MarshalIndent(s, "", " ")
	return append(data, '\n'), err
}

func (m Manifest) encode() ([]byte, error) { return json.Marshal(m) }

// ReadManifest reads the manifest beside an archive and proves it whole. The
// archive itself is not looked at: see Verify.
func ReadManifest(path string) (Manifest, error) {
	s, err := readSidecar("read the manifest of", path)
	return s.Manifest, err
}

func readSidecar(op, path string) (sidecar, error) {
	bad := func(kind error, why string, err error) (sidecar, error) {
		return sidecar{}, &Error{Op: op, Path: path, Kind: kind, Why: why, Err: err, Hint: "choose another backup"}
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return bad(nil, "", err)
	}
	defer root.Close()
	name := filepath.Base(path) + SidecarSuffix
	data, err := files.ReadFile(root, name, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		if _, serr := root.Lstat(filepath.Base(path)); serr != nil {
			return sidecar{}, &Error{Op: op, Path: path, Err: serr}
		}
		return bad(ErrNoManifest, "its making was interrupted, or the manifest was removed", nil)
	}
	if err != nil {
		return bad(nil, "", err)
	}
	var s sidecar
	if err := json.Unmarshal(data, &s); err != nil {
		return bad(ErrDamaged, "the manifest "+name+" is no valid JSON", err)
	}
	if s.Manifest.Format != formatVersion {
		return bad(ErrDamaged, fmt.Sprintf("the manifest has format %d, this program knows %d", s.Manifest.Format, formatVersion), nil)
	}
	if want, err := s.encode(); err != nil || !bytes.Equal(want, data) {
		return bad(ErrDamaged, "the manifest "+name+" does not match its own checksum", err)
	}
	return s, nil
}

func octal(mode fs.FileMode) string {
	bits := uint64(mode.Perm())
	for flag, bit := range map[fs.FileMode]uint64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if mode&flag != 0 {
			bits |= bit
		}
	}
	return fmt.Sprintf("%04o", bits)
}

func parseOctal(text string) (fs.FileMode, error) {
	bits, err := strconv.ParseUint(text, 8, 12)
	if err != nil {
		return 0, fmt.Errorf("mode %q is not octal", text)
	}
	mode := fs.FileMode(bits & 0o777)
	for flag, bit := range map[fs.FileMode]uint64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if bits&bit != 0 {
			mode |= flag
		}
	}
	return mode, nil
}
