package supervise

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// scenes are what the child of a test may do.
var scenes = map[string]func(*Child){
	"exit": func(c *Child) {
		code, _ := strconv.Atoi(os.Getenv("CODE"))
		c.Exit(code)
	},
	"usage without a word": func(*Child) { os.Exit(2) },
	"hang": func(c *Child) {
		signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
		c.Record("/var/lib/record")
		at := time.Now().Add(300 * time.Millisecond)
		c.Deadline(at, "the run's timeout of 300ms")
		fmt.Println(monotonic() + int64(time.Until(at)))
		spin()
	},
	"never starts": func(*Child) { spin() },
	"move": func(c *Child) {
		c.Deadline(time.Now().Add(100*time.Millisecond), "the first")
		c.Deadline(time.Now().Add(time.Hour), "the undo")
		time.Sleep(400 * time.Millisecond)
		c.Exit(7)
	},
	"move back": func(c *Child) {
		c.Deadline(time.Now().Add(time.Hour), "the first")
		c.Deadline(time.Now().Add(50*time.Millisecond), "the second")
		spin()
	},
	"ended and stays": func(c *Child) { c.Ended(5); spin() },
	"allocate": func(c *Child) {
		c.Limits(Limits{Memory: 128 << 20})
		touch(1 << 30)
		spin()
	},
	"allocate without limit": func(c *Child) {
		c.Limits(Limits{})
		touch(300 << 20)
		time.Sleep(200 * time.Millisecond)
		c.Exit(0)
	},
	"program allocates": func(c *Child) {
		c.Limits(Limits{Memory: 128 << 20})
		fmt.Println(program("allocate").Process.Pid)
		spin()
	},
	"fork while large": func(c *Child) {
		c.Limits(Limits{Memory: 256 << 20})
		touch(160 << 20)
		for range 40 {
			_ = exec.Command("/bin/true").Run()
		}
		c.Exit(0)
	},
	"panic":    func(*Child) { panic("on purpose") },
	"throw":    func(*Child) { new(sync.Mutex).Unlock() },
	"overflow": func(*Child) { debug.SetMaxStack(1 << 20); fmt.Println(deep(1 << 40)) },
	"abort":    func(*Child) { debug.SetTraceback("crash"); panic("on purpose") },
	"kill":     func(*Child) { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); spin() },
	"leave":    func(c *Child) { ready("stubborn"); c.Exit(0) },
	"leave deep": func(c *Child) {
		_ = program("starts stubborn").Wait()
		c.Exit(0)
	},
	"leave polite": func(c *Child) {
		cmd := exec.Command("/bin/sh", "-c", `trap 'echo bye; exit' TERM; echo here; while :; do sleep 0.01; done`)
		cmd.Stdout = os.Stdout
		_ = cmd.Start()
		_, _ = os.Stdin.Read(make([]byte, 1))
		c.Exit(0)
	},
	"daemon":          func(c *Child) { startDaemon(c, "daemon"); c.Exit(0) },
	"daemon and hang": func(c *Child) { startDaemon(c, "daemon"); c.Deadline(time.Now(), "none"); spin() },
	"marked daemon": func(c *Child) {
		startDaemon(c, "daemon with a fugitive")
		_, _ = os.Stdin.Read(make([]byte, 1))
		c.Exit(0)
	},
	"claims": claims,
	"garbage": func(c *Child) {
		c.Deadline(time.Now().Add(300*time.Millisecond), "the last that was understood")
		_, _ = c.control.Write([]byte("\x00\xff deadline 0\n" + strings.Repeat("x", 5000)))
		c.Deadline(time.Time{}, "")
		spin()
	},
	"garbage and exit": func(c *Child) { _, _ = c.control.Write([]byte("limits -1 x\x1b[2J")); c.Exit(3) },
	"closes": func(c *Child) {
		c.Deadline(time.Now().Add(300*time.Millisecond), "before it closed")
		_ = c.control.Close()
		spin()
	},
	"closes and exits": func(c *Child) { _ = c.control.Close(); os.Exit(4) },
	"floods": func(c *Child) {
		c.Deadline(time.Now().Add(300*time.Millisecond), "in the flood")
		for {
			c.Record("again")
		}
	},
	"signals": func(c *Child) {
		asked, stop := c.Signals()
		defer stop()
		c.Deadline(time.Time{}, "")
		fmt.Println("ready")
		fmt.Println("first", int(<-asked))
		second := <-asked
		c.Exit(exitSignal + int(second))
	},
	"deaf": func(c *Child) { // takes the first, ignores the second
		asked, _ := c.Signals()
		c.Deadline(time.Time{}, "")
		fmt.Println("ready")
		fmt.Println("first", int(<-asked))
		spin()
	},
	"unready": func(c *Child) { fmt.Println("ready"); spin() },
	"descriptors": func(c *Child) {
		out, _ := exec.Command("/bin/sh", "-c", "ls -l /proc/self/fd; env").CombinedOutput()
		_, _ = os.Stdout.Write(out)
		c.Exit(0)
	},
	"comm": func(c *Child) {
		raw, _ := os.ReadFile("/proc/self/comm")
		fmt.Print(string(raw))
		c.Exit(0)
	},
}

// programs are what scenes start.
var programs = map[string]func(){
	"allocate": func() { touch(1 << 30); spin() },
	"stubborn": func() {
		_, _ = unix.Setsid()
		signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
		fmt.Println("ready")
		spin()
	},
	"starts stubborn": func() { ready("stubborn") },
	"daemon":          func() { touch(200 << 20); fmt.Println("large"); spin() },
	"daemon with a fugitive": func() {
		cmd := command("starts stubborn")
		_ = cmd.Run()
		fmt.Println("fled")
		spin()
	},
}

func spin() {
	for {
		time.Sleep(time.Hour)
	}
}

// touch makes n bytes resident as fast as the kernel can.
func touch(n int) {
	_, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_POPULATE)
	if err != nil {
		fmt.Println(err)
	}
}

func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1
}

func command(name string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", name)
	cmd.Env = append(os.Environ(), roleVar+"=program")
	cmd.Stdout = os.Stdout
	return cmd
}

// program starts one of programs.
func program(name string) *exec.Cmd {
	cmd := command(name)
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
	}
	return cmd
}

// ready starts one of programs and waits for its first word.
func ready(name string) *exec.Cmd {
	cmd := command(name)
	cmd.Stdout = nil
	pipe, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
	}
	_, _ = pipe.Read(make([]byte, 100))
	return cmd
}

const daemonMark = "SUPERVISE_TEST_DAEMON=1"

// startDaemon starts a program in its own session, registers it and waits for its
// word on standard output.
func startDaemon(c *Child, name string) {
	c.Limits(Limits{Memory: 128 << 20})
	cmd := command(name)
	cmd.Env = append(cmd.Env, daemonMark)
	cmd.Stdout = nil
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	pipe, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		return
	}
	p, _ := inspect(cmd.Process.Pid)
	mark := ""
	if name != "daemon" {
		mark = daemonMark
	}
	c.Daemon(p.pid, p.ticks, mark)
	buf := make([]byte, 100)
	_, _ = pipe.Read(buf)
	fmt.Println(p.pid)
}

// claims registers what is not a daemon, then leaves a process behind.
func claims(c *Child) {
	stranger, _ := strconv.Atoi(os.Getenv("STRANGER"))
	for _, pid := range []int{stranger, 1, os.Getpid(), os.Getppid(), 1 << 30} {
		p, _ := inspect(pid)
		c.Daemon(pid, p.ticks, "")
	}
	cmd := ready("stubborn")
	p, _ := inspect(cmd.Process.Pid)
	c.Daemon(p.pid, p.ticks+1, "") // somebody else, later
	c.Exit(0)
}
