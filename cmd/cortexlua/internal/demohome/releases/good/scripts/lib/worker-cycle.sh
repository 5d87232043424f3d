# shellcheck shell=sh
# One cycle of the worker daemon: look for specs that wait for a worker, and tell
# how often it will try each.
# shellcheck source-path=SCRIPTDIR source=retry.sh
. "$CORTEX_HOME/scripts/lib/retry.sh"

worker_cycle() {
	set -- "$CORTEX_HOME"/coordination/worker-specs/active/*.json
	[ -e "$1" ] || shift
	log "$# worker specs waiting, at most $(retry_limit) tries each"
}
