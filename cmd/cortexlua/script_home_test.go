package main

import (
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/demohome"
)

// scriptHomes keeps the home that each running script has made.
var scriptHomes sync.Map // *testscript.TestScript -> *demohome.Home

func setHome(ts *testscript.TestScript, home *demohome.Home) { scriptHomes.Store(ts, home) }

func homeOf(ts *testscript.TestScript) *demohome.Home {
	home, ok := scriptHomes.Load(ts)
	if !ok {
		ts.Fatalf("this script has no home yet: use demohome first")
	}
	return home.(*demohome.Home)
}

func signalNumber(n int) syscall.Signal { return syscall.Signal(n) }
