package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// startManager starts a resident manager and waits until up says that it works.
func (b *bed) startManager(ctx context.Context, up func() bool, argv ...string) error {
	out, err := os.Create(filepath.Join(b.dir, "manager.log"))
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = b.dir, b.env(), out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	b.manager = cmd.Process
	for deadline := time.Now().Add(60 * time.Second); !up(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) || ctx.Err() != nil {
			text, _ := os.ReadFile(out.Name())
			return fmt.Errorf("%s does not come up: %s", argv[0], text)
		}
	}
	return nil
}

// stopManager signals the manager and waits until it has ended; it is killed
// after a while.
func (b *bed) stopManager(sig syscall.Signal) {
	if b.manager == nil {
		return
	}
	_ = b.manager.Signal(sig)
	kill := time.AfterFunc(15*time.Second, func() { _ = b.manager.Kill() })
	defer kill.Stop()
	_, _ = b.manager.Wait()
	b.manager = nil
}
