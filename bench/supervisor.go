package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// supervisor has a resident supervisord, which is started off the clock. It does
// not know readiness: startsecs = 0 keeps it from waiting a second instead, and
// the bench watches the ready files for it.
func supervisor() *system {
	ctl := func(words ...string) func(*bed) job {
		return func(b *bed) job { return once(supervisorctl(b, words...)...) }
	}
	return &system{
		name:  "supervisor",
		needs: []string{"supervisord", "supervisorctl"},
		setup: startSupervisord,
		ops: map[string]func(*bed) job{
			"start": ctl("start", "all"), "stop": ctl("stop", "all"), "status": ctl("status"),
			"rolling": func(b *bed) job {
				j := job{inTurn: true}
				for _, name := range b.names {
					j.argvs = append(j.argvs, supervisorctl(b, "restart", name))
				}
				return j
			},
		},
		shutdown: func(b *bed) { b.stopManager(syscall.SIGTERM) },
	}
}

func supervisorctl(b *bed, words ...string) []string {
	return append([]string{"supervisorctl", "-c", filepath.Join(b.dir, "supervisord.conf")}, words...)
}

func startSupervisord(ctx context.Context, b *bed) error {
	socket := filepath.Join(b.dir, "s.sock")
	var text strings.Builder
	fmt.Fprintf(&text, `[unix_http_server]
file=%[1]s
[supervisord]
nodaemon=true
directory=%[2]s
logfile=%[2]s/supervisord.log
pidfile=%[2]s/supervisord.pid
childlogdir=%[2]s/tmp
minfds=%[3]d
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%[1]s
`, socket, b.dir, max(1024, 6*len(b.names)))
	for _, name := range b.names {
		fmt.Fprintf(&text, "[program:%s]\ncommand=%s %s\nautostart=false\nstartsecs=0\nredirect_stderr=true\nstdout_logfile=%s\n",
			name, b.tools.daemon, b.ready(name), b.log(name))
	}
	conf := filepath.Join(b.dir, "supervisord.conf")
	if err := os.WriteFile(conf, []byte(text.String()), 0o644); err != nil {
		return err
	}
	return b.startManager(ctx, func() bool {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, "supervisord", "-c", conf)
}
