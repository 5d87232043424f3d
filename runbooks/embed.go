// Package runbooks holds the shipped runbooks, and the registry of the eight
// Cortex daemons. An operator's own copy of a runbook comes before the one in
// here.
package runbooks

import "embed"

// FS holds the files as they are in this folder. registry.lua is the registry;
// every other file is a runbook, named as its file is.
//
//go:embed *.lua
var FS embed.FS
