package confine_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
)

// listen accepts and closes connections until the test ends.
func listen(t testing.TB, network, address string) net.Addr {
	t.Helper()
	l, err := net.Listen(network, address)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	return l.Addr()
}

func TestTCPIsHeldToPorts(t *testing.T) {
	skipBelow(t, 4)
	granted, other := listen(t, "tcp", "127.0.0.1:0"), listen(t, "tcp", "127.0.0.1:0")
	policy := loose(confine.Policy{})
	hold(t, policy, expect{"dial " + other.String(), "ok"}, expect{"listen 127.0.0.1:0", "ok"})
	policy.Network = confine.Network{}
	hold(t, policy, expect{"dial " + other.String(), "EACCES"}, expect{"listen 127.0.0.1:0", "EACCES"})
	policy.Network.Connect = []uint16{uint16(granted.(*net.TCPAddr).Port)}
	policy.Network.Bind = []uint16{0}
	hold(t, policy,
		expect{"dial " + granted.String(), "ok"}, expect{"dial " + other.String(), "EACCES"}, expect{"listen 127.0.0.1:0", "ok"},
		expect{"nested nested_dial_" + other.String(), "EACCES"},
	)
}

// What Landlock does not look at, the filter refuses: Multipath TCP, which Go
// listens with, UDP, raw and local sockets of virtual machines.
func TestOtherSocketsCannotBeMade(t *testing.T) {
	skipBelow(t, 4)
	spec := func(domain, typ, proto int) string { return fmt.Sprintf("socket %d,%d,%d", domain, typ, proto) }
	const mptcp, cloexec = 262, unix.SOCK_CLOEXEC
	tcp, udp := spec(unix.AF_INET, unix.SOCK_STREAM|cloexec, 0), spec(unix.AF_INET6, unix.SOCK_DGRAM|cloexec, 0)
	local := []expect{{spec(unix.AF_UNIX, unix.SOCK_STREAM, 0), "ok"}, {spec(unix.AF_NETLINK, unix.SOCK_RAW, 0), "ok"}}
	hold(t, loose(confine.Policy{}), append(local, expect{tcp, "ok"}, expect{udp, "ok"})...)

	policy := loose(confine.Policy{})
	policy.Network = confine.Network{}
	hold(t, policy, append(local, expect{tcp, "EACCES"}, expect{udp, "EACCES"},
		expect{spec(unix.AF_INET, unix.SOCK_STREAM, mptcp), "EACCES"}, expect{spec(unix.AF_VSOCK, unix.SOCK_STREAM, 0), "EACCES"}, expect{"uring", "ENOSYS"})...)

	policy.Network.Connect = []uint16{9}
	hold(t, policy, append(local, expect{tcp, "ok"}, expect{spec(unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_TCP), "ok"},
		expect{udp, "EACCES"}, expect{spec(unix.AF_INET, unix.SOCK_STREAM, mptcp), "EPROTONOSUPPORT"},
		expect{spec(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP), "EACCES"}, expect{spec(unix.AF_PACKET, unix.SOCK_STREAM, 0), "EACCES"})...)
}

func TestSignalsStayInside(t *testing.T) {
	skipBelow(t, 6)
	other := exec.Command("/bin/sleep", "600")
	must(t, other.Start())
	t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
	pids := []string{strconv.Itoa(other.Process.Pid), strconv.Itoa(os.Getpid())}
	policy := loose(confine.Policy{})
	for _, pid := range pids {
		hold(t, policy, expect{"signal " + pid, "ok"})
	}
	policy.Signals = false
	for _, pid := range pids {
		hold(t, policy, expect{"signal " + pid, "EPERM"}, expect{"signal-child", "ok"})
	}
}

func TestAbstractSocketsStayInside(t *testing.T) {
	skipBelow(t, 6)
	name := fmt.Sprintf("@confine-test-%d", os.Getpid())
	listen(t, "unix", name)
	policy := loose(confine.Policy{})
	hold(t, policy, expect{"dial-unix " + name, "ok"})
	policy.Sockets = false
	hold(t, policy, expect{"dial-unix " + name, "EPERM"})
}

func TestTheZeroPolicyRunsAProgram(t *testing.T) {
	skipBelow(t, 6)
	hold(t, &confine.Policy{}, expect{"exec /bin/true", "ok"}, expect{"signal-child", "ok"}, expect{"fds", "ok"}, expect{"list /tmp", "EACCES"})
}
