#!/usr/bin/env bash
# Start all daemons, with output logged.
. "$(dirname "$0")/common.sh"
for DAEMON in $names; do
    start_daemon "$DAEMON"
done
