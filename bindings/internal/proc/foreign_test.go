package proc

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
)

func nobody() *syscall.Credential { return &syscall.Credential{Uid: 65534, Gid: 65534} }

// TestHelperStopForeign is the other half of TestStopWithoutRightsNeedsRoot: it runs
// as another user.
func TestHelperStopForeign(t *testing.T) {
	var id Identity
	if _, err := fmt.Sscan(os.Getenv("PROC_TEST_STOP"), &id.PID, &id.StartTicks, &id.BootID); err != nil {
		t.Skip("a helper")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	res, err := Stop(ctx, StopSpec{Identity: id, Grace: 5 * time.Second})
	fmt.Printf("%+v %v\n", res, err)
	if err == nil || res.Stopped {
		t.Error("stopped what is not ours")
	}
}
