// Package stdlib holds the Lua modules that runbooks require, under the name
// "cortex": require("cortex.daemon") is cortex/daemon.lua. An operator's own
// copy of a module comes before the one in here.
package stdlib

import "embed"

// FS holds the modules as they are in this folder.
//
//go:embed cortex
var FS embed.FS
