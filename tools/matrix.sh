#!/bin/bash
#
# The system tests on every CPU model with an image by every compiler: `make matrix`. Prints a line a combination, status 1 when any
# has failed; what pytest said of each stays in out/matrix.
#
#   tools/matrix.sh [PYTEST OPTION...]
#
# CPUS and COMPILERS in the environment choose some of them, CPUS with a blank between two. Tests marked `once` run once, at the end.

set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

read -ra cpus <<<"${CPUS:-cortex-a53 cortex-a57 cortex-a72 cortex-a76 neoverse-n1 max,pauth-impdef=on}"
# GCC last: then its image is what the tree is left with.
read -ra compilers <<<"${COMPILERS:-clang aarch64-linux-gnu-gcc}"
folder=out/matrix
failed=0

# No variable of the make that called us may choose for the ones below.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES VITRINE_CPU
mkdir -p "$folder"

# combination COMPILER NAME PYTEST-ARGUMENT...: one line, and the names of the tests that failed.
combination() {
	local report="$folder/$1-$2.txt"

	if /usr/bin/python3 -m pytest -q -p no:cacheprovider "${@:3}" >"$report" 2>&1; then
		printf '%-22s %-22s %s\n' "$1" "$2" "$(tail -n 1 "$report")"
	else
		failed=1
		printf '%-22s %-22s %s: %s\n' "$1" "$2" "$(tail -n 1 "$report")" "$report"
		grep -E '^(FAILED|ERROR) ' "$report" || true
	fi
}

for compiler in "${compilers[@]}"; do
	make --no-print-directory -s matrix-build CC="$compiler" >"$folder/build.txt"
	for cpu in "${cpus[@]}"; do
		VITRINE_CPU=$cpu CC=$compiler combination "$compiler" "$cpu" tests/system -n 2 -m 'not once' "$@"
	done
done
for hostcc in clang cc; do
	make --no-print-directory -s unit-build HOSTCC=$hostcc >"$folder/build.txt"
	combination "$hostcc" host tests/unit/test_host_programs.py "$@"
done
VITRINE_ALL_BUILDS=1 combination "${compilers[-1]}" once tests/system -m once "$@"
exit "$failed"
