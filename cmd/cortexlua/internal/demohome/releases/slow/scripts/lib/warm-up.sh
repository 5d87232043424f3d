# shellcheck shell=sh
# Work that has to be done before the first cycle: the coordinator reads its whole
# history, which takes 4 seconds. The others wait for it.
warm_up() {
	[ "$NAME" = coordinator-daemon ] || return 0
	log "reading the history"
	pause 4
}
