#!/usr/bin/env bash
# Rolling restart: stop, pause, start, pause, one daemon after the other.
. "$(dirname "$0")/common.sh"
for daemon in $names; do
    echo "Restarting $daemon..."
    PID=$(cat "$pids/cortex-$daemon.pid")
    if ps -p $PID > /dev/null 2>&1; then
        kill -TERM $PID
    fi
    rm -f "$pids/cortex-$daemon.pid"
    sleep 2
    start_daemon "$daemon"
    sleep 5  # Wait for stabilization
done
echo "Rolling restart complete"
