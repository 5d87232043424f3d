package probes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// Dial passes when an address accepts a connection.
type Dial struct {
	Network string // "tcp" or "unix"
	Address string // "host:port", or the path of a socket
	// Roots hold the socket: no symbolic link leads out of them. Nil: any path.
	Roots *files.Roots
}

// CheckAddress reads "host:port". An empty host is this machine.
func CheckAddress(text string) (host, address string, err error) {
	host, port, err := net.SplitHostPort(text)
	if n, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil || n == 0 {
		return "", "", fmt.Errorf("%q is not host:port, such as 127.0.0.1:5001", text)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return host, net.JoinHostPort(host, port), nil
}

// String says what is waited for.
func (d *Dial) String() string { return d.Address + " to accept a connection" }

// Check connects and hangs up.
func (d *Dial) Check(ctx context.Context) error {
	address := d.Address
	if d.Roots != nil {
		socket, err := d.Roots.OpenPath(d.Address)
		if err != nil {
			return err
		}
		defer socket.Close()
		address = fmt.Sprintf("/proc/self/fd/%d", socket.Fd())
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, d.Network, address)
	if err != nil {
		return dialError(d.Address, err)
	}
	defer conn.Close()
	if reachedItself(conn) {
		return fmt.Errorf("%s: nobody listens", d.Address)
	}
	return nil
}

// reachedItself tells whether both ends of a connection are the same. While
// nobody listens on a port of the ephemeral range, the kernel may pick that very
// port as our own end (TCP simultaneous open, RFC 9293, section 3.5).
func reachedItself(conn net.Conn) bool {
	return conn.LocalAddr().Network() == "tcp" && conn.LocalAddr().String() == conn.RemoteAddr().String()
}

// dialError takes the wrappers off, which say again what is known.
func dialError(address string, err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var sys interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &sys) && sys.Timeout() {
		return fmt.Errorf("%s: no answer in time", address)
	}
	return fmt.Errorf("%s: %w", address, err)
}
