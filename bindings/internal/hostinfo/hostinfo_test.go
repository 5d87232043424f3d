package hostinfo

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRead(t *testing.T) {
	info, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	name, _ := os.Hostname()
	if info.Hostname != name || info.CPUs < 1 || info.Uptime <= 0 || len(info.BootID) != 36 || info.UID != os.Geteuid() || info.User == "" {
		t.Errorf("got %+v", info)
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil || info.Kernel != strings.TrimSpace(string(release)) {
		t.Errorf("the kernel is %q, want %q", info.Kernel, release)
	}
	if name := userName(1 << 30); name != "1073741824" {
		t.Errorf("a user without a name is %q", name)
	}
}

func TestLoad(t *testing.T) {
	if _, err := ReadLoad(); err != nil {
		t.Fatal(err)
	}
	got, err := parseLoad([]byte("0.20 10.18 0.12 1/80 11206\n"))
	if want := (Load{0.20, 10.18, 0.12, 1, 80}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := parseLoad([]byte("nothing")); err == nil {
		t.Error("nonsense is understood")
	}
}

func TestMemory(t *testing.T) {
	m, err := ReadMemory()
	if err != nil || m.Total <= 0 || m.Available <= 0 || m.Available > m.Total {
		t.Errorf("got %+v, %v", m, err)
	}
	got, err := parseMemory([]byte("MemTotal:        2048 kB\nMemFree: 5 kB\nMemAvailable:    1024 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\nHugePages_Total: 0\n"))
	if want := (Memory{Total: 2 << 20, Available: 1 << 20}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, text := range []string{"", "MemTotal: much kB\n"} {
		if _, err := parseMemory([]byte(text)); err == nil {
			t.Errorf("%q is understood", text)
		}
	}
}

func TestDisk(t *testing.T) {
	d, err := ReadDisk(t.TempDir())
	if err != nil || d.Total <= 0 || d.Free > d.Total || d.Used > d.Total || d.UsedPercent < 0 || d.UsedPercent > 100 {
		t.Errorf("got %+v, %v", d, err)
	}
	_, err = ReadDisk(filepath.Join(t.TempDir(), "nothing"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such path: %v", err)
	}
	got := diskOf(&unix.Statfs_t{Frsize: 1024, Bsize: 4096, Blocks: 100, Bfree: 40, Bavail: 20, Files: 10, Ffree: 4})
	if want := (Disk{Total: 102400, Free: 20480, Used: 61440, UsedPercent: 75, Inodes: 10, InodesFree: 4}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestUptimeGrows(t *testing.T) {
	first, err := uptime()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := uptime(); err != nil || second < first || second-first > time.Hour {
		t.Errorf("%s, then %s, %v", first, second, err)
	}
}

func TestEnv(t *testing.T) {
	t.Setenv("CORTEXLUA_TEST", "")
	if v, ok := Env("CORTEXLUA_TEST"); v != "" || !ok {
		t.Errorf("an empty variable: %q, %v", v, ok)
	}
	if _, ok := Env("CORTEXLUA_TEST_NOT_SET"); ok {
		t.Error("a variable that is not set is there")
	}
}
