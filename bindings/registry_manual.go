package bindings

import (
	"github.com/cortexlua/cortexlua/bindings/internal/registry"
	"github.com/cortexlua/cortexlua/runtime"
)

// RegistryManual lists the keys of a registry file.
func RegistryManual() string { return runtime.DataManual(registry.Registry{}) }
