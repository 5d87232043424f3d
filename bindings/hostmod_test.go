package bindings

import (
	"os"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

func TestHost(t *testing.T) {
	h, home := newHost(t, "", emptyRegistry)
	put(t, home+"/coordination/x", "")
	info, _ := value(t, run(t, h, `return host.info()`, runtime.HostRead)).(map[string]any)
	name, _ := os.Hostname()
	if info["hostname"] != name || info["uid"] != float64(os.Geteuid()) || info["boot_id"] == "" || info["uptime"].(float64) <= 0 {
		t.Errorf("info is %v", info)
	}
	for _, script := range []string{
		`local l = host.load() return l.one >= 0 and l.fifteen >= 0 and l.tasks > 0`,
		`local m = host.memory() return m.total > 0 and m.available <= m.total and m.used_percent > 0 and m.used_percent <= 100`,
		`local d = host.disk("coordination") return d.total > 0 and d.free <= d.total and d.used_percent <= 100 and d.inodes_used_percent <= 100`,
		`return host.disk("/").total > 0`,
	} {
		if value(t, run(t, h, script, runtime.HostRead)) != true {
			t.Errorf("%s is not true", script)
		}
	}
	if err := fails(t, run(t, h, `host.disk("nothing/here")`, runtime.HostRead), runtime.NotFound); !strings.Contains(err.Message, home+"/nothing/here") {
		t.Errorf("the path is not named: %v", err)
	}
	fails(t, run(t, h, `host.disk(1)`, runtime.HostRead), runtime.Invalid)
	for _, f := range []string{"info()", "load()", "memory()", `disk("/")`} {
		fails(t, run(t, h, "host."+f), runtime.Denied)
	}
}

func TestEnv(t *testing.T) {
	h, _ := newHost(t, "", emptyRegistry)
	t.Setenv("CORTEXLUA_SHOWN", "yes")
	t.Setenv("CORTEXLUA_EMPTY", "")
	t.Setenv("CORTEXLUA_SECRET", "hidden")
	shown := runtime.EnvRead.In("CORTEXLUA_SHOWN")
	if got := value(t, run(t, h, `return env.get("CORTEXLUA_SHOWN")`, shown)); got != "yes" {
		t.Errorf("got %v", got)
	}
	if got := value(t, run(t, h, `return env.get("CORTEXLUA_EMPTY")`, runtime.EnvRead)); got != "" {
		t.Errorf("an empty variable is %v", got)
	}
	if got := value(t, run(t, h, `return env.get("CORTEXLUA_NOT_SET")`, runtime.EnvRead)); got != nil {
		t.Errorf("a variable that is not set is %v", got)
	}
	err := fails(t, run(t, h, `env.get("CORTEXLUA_SECRET")`, shown), runtime.Denied)
	if !strings.Contains(err.Message, "env.read:CORTEXLUA_SECRET") || strings.Contains(err.Error(), "hidden") {
		t.Errorf("the denial is %v", err)
	}
	fails(t, run(t, h, `env.get("CORTEXLUA_SHOWN")`), runtime.Denied)
	for _, name := range []string{"", "A=B", "1A", "A B", "Ä"} {
		fails(t, run(t, h, `env.get("`+name+`")`, runtime.EnvRead), runtime.Invalid)
	}
}
