// Package gitcmd runs git for the bindings: it never prompts, never hangs, runs
// no hook unless asked to, and lets no name become an option.
//
// What guards a call (run.go, hostile.go):
//
//   - The environment is built, not inherited: only PATH, HOME, locale, and
//     SSH_AUTH_SOCK when asked. GIT_* of the caller is dropped, which matters when we are called from
//     a hook. The system's and the user's configuration are not read.
//   - Prompts are off for git, for ssh (BatchMode) and for askpass programs;
//     standard input is empty.
//   - Hooks, fsmonitor, automatic maintenance, submodules and the protocols
//     beyond file, git, http(s) and ssh are off.
//   - What cannot be switched off by flags (filter drivers, diff and merge
//     drivers, core.sshCommand, credential helpers, aliases, includes ...) is
//     looked for in the repository's own configuration, and the repository is
//     refused unless the caller allows that key. All of them run programs that whoever can
//     write .git/config chose; see git-config(1) and "SECURITY" in git(1).
//   - Each git runs in a session of its own. At the end of the context the group
//     gets SIGTERM, later SIGKILL; pipes that a grandchild holds open are not
//     waited for.
//
// Errors are *Error with a Kind to tell them apart (errors.Is with ErrNotRepo,
// ErrRemote, ErrDiverged ...).
package gitcmd
