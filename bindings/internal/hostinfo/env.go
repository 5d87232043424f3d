package hostinfo

import "os"

// Env gives a variable of this program's environment.
func Env(name string) (value string, ok bool) { return os.LookupEnv(name) }
