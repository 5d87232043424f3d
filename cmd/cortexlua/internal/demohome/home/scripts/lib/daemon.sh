# shellcheck shell=sh disable=SC2034 # the daemons read what is set here
# What every daemon shares: its log, its pidfile, its state file, a pause that a
# signal interrupts at once, and an orderly end.
#
# A daemon sets CORTEX_HOME and NAME, sources this file, then calls in this order:
#   open_log FILE         sends stdout and stderr to the end of the log
#     or tee_log FILE     writes each line to the log and to stdout
#   end_on_signals        on TERM or INT: log, drain, give the pidfile back, exit 0
#   claim_pidfile FILE    refuses to run twice; left out where the manager keeps the pidfile
#   warm_up               whatever the release needs before the first cycle

LOG_DIR=$CORTEX_HOME/agents/logs/system
RELEASE=unknown
TEE=no
PIDFILE=
PART=
NAPPING=no
read -r RELEASE < "$CORTEX_HOME/scripts/VERSION"

# The three ways in which Cortex writes the time.
offset_time() { date +%Y-%m-%dT%H:%M:%S%z; } # 2025-11-26T10:26:16-0600
utc_time() { date -u +%Y-%m-%dT%H:%M:%SZ; }  # 2025-11-26T16:26:16Z
epoch_time() { date +%s; }                   # 1764174376

open_log() {
	LOG=$LOG_DIR/$1
	mkdir -p "$LOG_DIR"
	exec >> "$LOG" 2>&1
}

tee_log() {
	LOG=$LOG_DIR/$1
	TEE=yes
	mkdir -p "$LOG_DIR"
	exec 2>> "$LOG"
}

log() {
	line="$(offset_time) [$NAME] $*"
	if [ "$TEE" = yes ]; then
		printf '%s\n' "$line" | tee -a "$LOG" || true
	else
		printf '%s\n' "$line"
	fi
}

# claim_pidfile FILE: exits 1 if the pidfile names a live process. That holds even
# for the daemon's own pid, as in the real ones: a manager that writes the pidfile
# too early makes the daemon refuse.
claim_pidfile() {
	PIDFILE=${CORTEX_RUN_DIR:-/tmp}/$1
	mkdir -p "${PIDFILE%/*}"
	if holder=$(live_holder); then
		PIDFILE=
		log "ERROR: already running with pid $holder"
		exit 1
	fi
	write_whole "$PIDFILE" printf '%s\n' "$$"
}

# live_holder prints the pid in the pidfile, or fails if it is none of a live process.
live_holder() {
	[ -f "$PIDFILE" ] || return 1
	read -r pid < "$PIDFILE" || [ -n "$pid" ] || return 1
	case $pid in '' | 0* | *[!0-9]*) return 1 ;; esac
	kill -0 "$pid" 2> /dev/null || return 1
	printf '%s\n' "$pid"
}

# Only our own: by now another instance may have claimed it.
give_back_pidfile() {
	[ -n "$PIDFILE" ] && [ -f "$PIDFILE" ] || return 0
	read -r pid < "$PIDFILE" || return 0
	[ "$pid" != "$$" ] || rm -f "$PIDFILE"
}

# write_whole FILE COMMAND...: FILE becomes what COMMAND prints, or stays as it was.
write_whole() {
	target=$1
	shift
	[ -d "${target%/*}" ] || mkdir -p "${target%/*}"
	PART=$target.part.$$
	"$@" > "$PART"
	mv -f "$PART" "$target"
	PART=
}

# pause SECONDS: the shell runs a trap only between commands, so a plain sleep
# would hold TERM back until it ends; "wait" returns at once.
pause() {
	NAPPING=yes
	sleep "$1" &
	wait "$!" || true
	NAPPING=no
}

# The signal may come before the first sleep has a pid: then there is none to end.
end_pause() {
	set +u
	[ "$NAPPING" = no ] || kill "$!" 2> /dev/null || true
	NAPPING=no
}

# drain is what a daemon has to finish before it may end; it may define its own.
drain() { :; }

stop() {
	trap '' TERM INT
	trap - EXIT
	end_pause
	log "stopping"
	drain
	[ -z "$PART" ] || rm -f "$PART"
	give_back_pidfile
	log "stopped"
	exit 0
}

# A signal to the group may end a command of ours (date, mv) before the shell looks
# at its trap: "set -e" then exits with 143 or 130, which is the same request.
end_on_signals() {
	trap stop TERM INT
	trap 'case $? in 130 | 143) stop ;; esac' EXIT
}

# shellcheck source-path=SCRIPTDIR source=warm-up.sh
. "$CORTEX_HOME/scripts/lib/warm-up.sh"
