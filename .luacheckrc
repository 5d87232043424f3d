-- What luacheck needs to know of the globals that cortexlua gives to scripts. A
-- test of the program compares this list with the primitives as they are declared.
std = "lua51"
max_line_length = 140
read_globals = {
  "archive", "clock", "each", "env", "errors", "fs", "git", "host", "json", "lock", "log", "parallel", "pidfile", "probe",
  "process", "race", "registry", "syntax",
}
-- The hostile scripts are wrong on purpose.
exclude_files = { "**/testdata/**", "runtime/runtimetest/hostile/**" }
-- A script without a header is given its run as a global.
files["bench/**/*.lua"] = { read_globals = { "run" } }
