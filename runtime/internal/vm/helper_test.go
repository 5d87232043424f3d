package vm

import (
	"bytes"
	"context"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// eval runs src on a fresh machine and gives what it printed and how it ended.
func eval(tb testing.TB, l Limits, timeout time.Duration, src string) (string, error) {
	tb.Helper()
	m := New(l)
	defer m.Close()
	var out bytes.Buffer
	m.SetOutput(&out)
	p, err := m.Compile("test", []byte(src))
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(tb.Context(), timeout)
	defer cancel()
	_, err = m.Run(ctx, m.Load(p))
	return out.String(), err
}

func timeoutContext(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func str(s string) lua.LValue  { return lua.LString(s) }
func num(f float64) lua.LValue { return lua.LNumber(f) }
