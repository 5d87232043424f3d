package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"testing"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// foreign packs headers as another program, or an attacker, would.
func foreign(t testing.TB, list ...tar.Header) string {
	t.Helper()
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	tw := tar.NewWriter(gz)
	for _, h := range list {
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		must(t, tw.WriteHeader(&h))
		if h.Typeflag == tar.TypeReg {
			_, err := io.CopyN(tw, zeros{}, h.Size)
			must(t, err)
		}
	}
	must(t, tw.Close())
	must(t, gz.Close())
	name := t.TempDir() + "/foreign.tar.gz"
	must(t, os.WriteFile(name, buf.Bytes(), 0o600))
	return name
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestHostileArchives(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 3} }
	link := func(name, to string) tar.Header {
		return tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}
	}
	for name, c := range map[string]struct {
		list []tar.Header
		kind error
	}{
		"dot dot":         {[]tar.Header{file("a/../../x")}, ErrUnsafe},
		"dot dot inside":  {[]tar.Header{file("a/../x")}, ErrUnsafe},
		"absolute":        {[]tar.Header{file("/tmp/x")}, ErrUnsafe},
		"link out":        {[]tar.Header{link("a", "../x")}, ErrUnsafe},
		"link absolute":   {[]tar.Header{link("a", "/etc")}, ErrUnsafe},
		"hard link out":   {[]tar.Header{{Name: "a", Linkname: "../../etc/passwd", Typeflag: tar.TypeLink}}, ErrUnsafe},
		"device":          {[]tar.Header{{Name: "a", Typeflag: tar.TypeBlock}}, ErrUnsafe},
		"fifo":            {[]tar.Header{{Name: "a", Typeflag: tar.TypeFifo}}, ErrUnsafe},
		"twice":           {[]tar.Header{file("a"), file("a")}, ErrUnsafe},
		"link then file":  {[]tar.Header{link("a", "b"), file("a")}, ErrUnsafe},
		"too many":        {[]tar.Header{file("a"), file("b"), file("c"), file("d")}, ErrLimit},
		"too big":         {[]tar.Header{{Name: "a", Typeflag: tar.TypeReg, Size: 100 << 20}}, ErrLimit},
		"bomb":            {[]tar.Header{{Name: "a", Typeflag: tar.TypeReg, Size: 40 << 20}}, ErrLimit},
		"forged manifest": {[]tar.Header{{Name: manifestName, Typeflag: tar.TypeReg, Size: 3}}, ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			src := foreign(t, c.list...)
			top := t.TempDir()
			_, err := Extract(t.Context(), src, top+"/to", Limits{Entries: 3, Bytes: 64 << 20, Ratio: 100})
			wantIs(t, err, c.kind)
			if list, _ := os.ReadDir(top); len(list) != 0 {
				t.Errorf("left behind: %v", list)
			}
		})
	}
}

func TestOrdinaryForeignArchive(t *testing.T) {
	src := foreign(t, tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755}, tar.Header{Name: "./a/b", Typeflag: tar.TypeReg, Size: 5},
		tar.Header{Name: "./a/h", Linkname: "./a/b", Typeflag: tar.TypeLink}, tar.Header{Name: "a/l", Linkname: "../a/b", Typeflag: tar.TypeSymlink})
	to := t.TempDir()
	m, err := Extract(t.Context(), src, to, Limits{})
	must(t, err)
	if fi, err := os.Stat(to + "/a/l"); err != nil || fi.Size() != 5 || len(m.Entries) != 4 {
		t.Errorf("%v %v", fi, err)
	}
	_, err = Extract(t.Context(), src, to, Limits{})
	wantIs(t, err, files.ErrNotEmpty)
}

func TestGzipRoundTrip(t *testing.T) {
	for _, size := range []int{0, 1, packBlock - 1, packBlock, packBlock + 1, 3*packBlock + 7} {
		dir := t.TempDir()
		put(t, dir+"/f", noise(size))
		must(t, os.Chmod(dir+"/f", 0o640))
		g, err := GzipFile(t.Context(), dir+"/f", dir+"/f.gz", 0)
		must(t, err)
		back, err := GunzipFile(t.Context(), dir+"/f.gz", dir+"/g", 0)
		must(t, err)
		a, _ := os.Stat(dir + "/f")
		b, _ := os.Stat(dir + "/g")
		if g.SHA256 != back.SHA256 || g.Packed != back.Packed || g.Plain != int64(size) || treeless(a) != treeless(b) {
			t.Errorf("size %d: %+v %+v %v %v", size, g, back, treeless(a), treeless(b))
		}
		if _, err := GzipFile(t.Context(), dir+"/f", dir+"/f.gz", 0); !errors.Is(err, fs.ErrExist) {
			t.Errorf("replaced: %v", err)
		}
		if size < 2 {
			continue
		}
		if _, err := VerifyGzip(t.Context(), dir+"/f.gz", int64(size)-1); !errors.Is(err, ErrLimit) {
			t.Errorf("limit: %v", err)
		}
		data, _ := os.ReadFile(dir + "/f.gz")
		must(t, os.WriteFile(dir+"/cut.gz", data[:len(data)-1], 0o600))
		if _, err := GunzipFile(t.Context(), dir+"/cut.gz", dir+"/cut", 0); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut: %v", err)
		}
		if _, err := os.Lstat(dir + "/cut"); err == nil {
			t.Error("a half unpacked file was left")
		}
	}
}

func treeless(fi fs.FileInfo) string { return fmt.Sprint(fi.Mode(), fi.Size(), fi.ModTime()) }

// FuzzExtract: whatever the bytes, nothing appears outside, nothing panics, and
// a failure leaves nothing.
func FuzzExtract(f *testing.F) {
	for _, h := range []tar.Header{{Name: "a/b", Typeflag: tar.TypeReg, Size: 9}, {Name: "l", Linkname: "a", Typeflag: tar.TypeSymlink}} {
		data, err := os.ReadFile(foreign(f, h))
		must(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// The tar inside is what is interesting: pack what does not look packed.
		if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
			var buf bytes.Buffer
			gz := gzip.NewWriter(&buf)
			gz.Write(data)
			gz.Close()
			data = buf.Bytes()
		}
		top := t.TempDir()
		must(t, os.WriteFile(top+"/x.tar.gz", data, 0o600))
		_, err := Extract(t.Context(), top+"/x.tar.gz", top+"/to", Limits{Entries: 50, Bytes: 1 << 20})
		list, _ := os.ReadDir(top)
		if want := 2; err == nil && len(list) != want || err != nil && len(list) != 1 {
			t.Fatalf("%v: %v", err, list)
		}
	})
}
