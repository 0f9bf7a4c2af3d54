#!/usr/bin/env bash
# A halted guest and GDB on it, in one terminal. Arguments go to `tools/vitrine run`. What the guest prints: out/console.log.
set -euo pipefail
cd "$(dirname "$0")/.."

port=${VITRINE_GDB_PORT:-1234}
mkdir -p out
command -v gdb-multiarch >/dev/null || { echo "gdb-multiarch is missing; install it: apt-get install gdb-multiarch" >&2; exit 6; }

is_port_there() {
	(: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

# Else GDB would find the other run, before ours has failed for want of the port.
if is_port_there; then
	echo "port $port is in use, by another run's debugger perhaps; to choose one: VITRINE_GDB_PORT=$((port + 1)) make gdb" >&2
	exit 6
fi

tools/vitrine run "$@" --gdb="$port" --halt </dev/null >out/console.log 2>out/gdb-run.log &
run=$!
trap 'kill "$run" 2>/dev/null || true; wait "$run" 2>/dev/null || true' EXIT

# The port is there before the hypervisor is: GDB's first packet waits for it.
until is_port_there; do
	kill -0 "$run" 2>/dev/null || { cat out/gdb-run.log >&2; exit 6; }
	sleep 0.1
done
init=build/gdb/gdbinit
[ "$port" = 1234 ] || init+=-$port
gdb-multiarch -q -x "$init"
