package probes

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/jsonq"
)

// freePort gives an address on which nobody listens now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestDialWaitsForAListener(t *testing.T) {
	address := freePort(t)
	probe := &Dial{Network: "tcp", Address: address}
	want(t, "nobody listens", probe.Check(testContext(t)), "connection refused")

	listening := make(chan net.Listener, 1)
	time.AfterFunc(30*time.Millisecond, func() {
		l, _ := net.Listen("tcp", address)
		listening <- l
	})
	err := Wait(testContext(t), probe, Options{Interval: 5 * time.Millisecond})
	if l := <-listening; l != nil {
		defer l.Close()
	} else {
		t.Skip("another program took the port")
	}
	want(t, "a listener", err, "")
}

func TestDialUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "daemon.sock")
	probe := &Dial{Network: "unix", Address: path}
	want(t, "no socket", probe.Check(testContext(t)), "no such file")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "a listener", probe.Check(testContext(t)), "")
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	want(t, "a socket that is left over", probe.Check(testContext(t)), "connection refused")
}

func TestReachedItself(t *testing.T) {
	own, err := net.ResolveTCPAddr("tcp", freePort(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialTCP("tcp", own, own)
	if err != nil {
		t.Skipf("the kernel does not connect a port to itself: %v", err)
	}
	defer conn.Close()
	if !reachedItself(conn) {
		t.Errorf("%s to %s was not recognised", conn.LocalAddr(), conn.RemoteAddr())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if reachedItself(other) {
		t.Error("a connection to a listener was taken for one to itself")
	}
}

func TestHTTP(t *testing.T) {
	engine := jsonq.New()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/broken", http.StatusFound)
		case "/broken":
			http.Error(w, "no", http.StatusServiceUnavailable)
		case "/long":
			_, _ = w.Write([]byte(strings.Repeat("x", 2*maxBody) + "end"))
		default:
			_ = json.NewEncoder(w).Encode(map[string]any{"status": "healthy", "up": true})
		}
	}))
	defer server.Close()
	for _, c := range []struct {
		name  string
		probe HTTP
		text  string
	}{
		{"an answer", HTTP{URL: "/"}, ""},
		{"an error", HTTP{URL: "/broken"}, "answered 503"},
		{"an error that is wanted", HTTP{URL: "/broken", Status: []int{503}}, ""},
		{"another status than wanted", HTTP{URL: "/", Status: []int{204, 503}}, "answered 200"},
		{"a redirect is not followed", HTTP{URL: "/moved"}, ""},
		{"a body", HTTP{URL: "/", Body: regexp.MustCompile(`"healthy"`)}, ""},
		{"another body", HTTP{URL: "/", Body: regexp.MustCompile(`sick`)}, "does not match"},
		{"only so much of a body", HTTP{URL: "/long", Body: regexp.MustCompile(`end`)}, "does not match"},
		{"a value", HTTP{URL: "/", JSON: `.status == "healthy"`}, ""},
		{"another value", HTTP{URL: "/", JSON: `.status == "sick"`}, "does not satisfy"},
		{"no value", HTTP{URL: "/", JSON: `.nothing`}, "does not satisfy"},
		{"no JSON", HTTP{URL: "/long", JSON: `.`}, "line 1"},
	} {
		c.probe.URL, c.probe.Engine = server.URL+c.probe.URL, engine
		want(t, c.name, c.probe.Check(testContext(t)), c.text)
	}
	server.Close()
	want(t, "nobody listens", (&HTTP{URL: server.URL}).Check(testContext(t)), "connection refused")
}

func TestHTTPThatNeverAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = Wait(testContext(t), &HTTP{URL: "http://" + l.Addr().String()}, Options{Try: 20 * time.Millisecond, Failures: 1})
	want(t, "a silent server", err, "no answer in time")
}

func TestCheckURL(t *testing.T) {
	for text, host := range map[string]string{
		"http://127.0.0.1:5001/health": "127.0.0.1",
		"http://localhost/":            "localhost",
		"https://[::1]/x":              "::1",
		"ftp://127.0.0.1/":             "",
		"127.0.0.1:5001":               "",
		"http://":                      "",
		"http://a b/":                  "",
	} {
		got, err := CheckURL(text)
		if got != host || (err == nil) != (host != "") {
			t.Errorf("CheckURL(%q) = %q, %v, want %q", text, got, err, host)
		}
	}
}

func TestCheckAddress(t *testing.T) {
	for text, want := range map[string][2]string{
		"127.0.0.1:80": {"127.0.0.1", "127.0.0.1:80"},
		":80":          {"127.0.0.1", "127.0.0.1:80"},
		"[::1]:80":     {"::1", "[::1]:80"},
		"localhost":    {}, "localhost:": {}, "localhost:http": {}, "localhost:0": {}, "localhost:65536": {}, "::1:80": {},
	} {
		host, address, err := CheckAddress(text)
		if host != want[0] || address != want[1] || (err == nil) != (want[0] != "") {
			t.Errorf("CheckAddress(%q) = %q, %q, %v, want %q", text, host, address, err, want)
		}
	}
}
