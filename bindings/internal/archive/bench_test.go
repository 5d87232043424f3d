package archive

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// logs makes text that packs as logs do.
func logs(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "2026-11-23T19:%02d:%02d+0000 [worker-%d] INFO task %x done in %d ms status=%s\n", i/60%60, i%60, i%8, i*2654435761, i*7919%5000, []string{"ok", "retry", "failed"}[i%3])
	}
	return b.String()
}

func BenchmarkCreate(b *testing.B) {
	dir := b.TempDir() + "/s"
	for i := range 8 {
		put(b, fmt.Sprintf("%s/log%d", dir, i), logs(8<<20))
	}
	b.SetBytes(64 << 20)
	for b.Loop() {
		dst := b.TempDir() + "/x.tar.gz"
		_, err := Create(b.Context(), dst, []Source{{Name: "s", Dir: dir}}, CreateOptions{})
		must(b, err)
		must(b, os.Remove(dst))
	}
}

func BenchmarkVerify(b *testing.B) {
	dir := b.TempDir() + "/s"
	put(b, dir+"/log", logs(64<<20))
	dst := b.TempDir() + "/x.tar.gz"
	_, err := Create(b.Context(), dst, []Source{{Name: "s", Dir: dir}}, CreateOptions{})
	must(b, err)
	b.SetBytes(64 << 20)
	for b.Loop() {
		_, err := Verify(b.Context(), dst)
		must(b, err)
	}
}

func BenchmarkGzipFile(b *testing.B) {
	dir := b.TempDir()
	put(b, dir+"/log", logs(64<<20))
	b.SetBytes(64 << 20)
	b.ReportAllocs()
	for b.Loop() {
		_, err := GzipFile(b.Context(), dir+"/log", dir+"/log.gz", 0)
		must(b, err)
		must(b, os.Remove(dir+"/log.gz"))
	}
}
