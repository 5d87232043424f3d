# shellcheck shell=sh
# One cycle of the worker daemon, in a release that is broken on purpose: the daemon
# starts, looks well, and dies 2 seconds later without any clean-up.
worker_cycle() {
	pause 2
	log "FATAL: cannot read the worker pool: unexpected end of input"
	exit 3
}
