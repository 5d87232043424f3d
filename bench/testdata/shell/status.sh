#!/usr/bin/env bash
# Detailed status: four runs of ps for each daemon.
. "$(dirname "$0")/common.sh"
for pidfile in "$pids"/cortex-*.pid; do
    if [[ -f "$pidfile" ]]; then
        NAME=$(basename "$pidfile" .pid | sed 's/cortex-//')
        PID=$(cat "$pidfile")

        if ps -p $PID > /dev/null 2>&1; then
            UPTIME=$(ps -p $PID -o etime= | xargs)
            MEM=$(ps -p $PID -o rss= | awk '{printf "%.1fMB", $1/1024}')
            CPU=$(ps -p $PID -o %cpu= | xargs)
            echo "[OK] $NAME - PID: $PID, Uptime: $UPTIME, Mem: $MEM, CPU: $CPU%"
        else
            echo "[DEAD] $NAME - PID file exists but process dead"
        fi
    fi
done
