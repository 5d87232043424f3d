# shellcheck shell=sh
# One cycle of the worker daemon: look for specs that wait for a worker.
worker_cycle() {
	set -- "$CORTEX_HOME"/coordination/worker-specs/active/*.json
	[ -e "$1" ] || shift
	log "$# worker specs waiting"
}
