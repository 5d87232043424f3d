# Sourced by the procedures. BIN is the daemon program, BED the folder of this
# fleet. Pidfiles are in $BED/pids, where operators keep them in /tmp, so that
# nothing outside of the benchmark is ever touched.

pids="$BED/pids"
names=$(cd "$BED/names" && ls)

start_daemon() {
    nohup "$BIN" "$BED/run/$1.ready" >> "$BED/logs/$1.log" 2>&1 &
    echo $! > "$pids/cortex-$1.pid"
}
