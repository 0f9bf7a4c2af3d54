# shellcheck shell=bash
#
# What the shell tools share: where the tree is, how they speak, how they give up.
# Sourced, never run. Speech goes to standard error: standard output belongs to the guest's console.

# shellcheck disable=SC2034 # used by those who source this
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
readonly ROOT

# The exit status of "this machine could not be set up", the same in every tool (see tools/vitrine --help).
readonly EXIT_SETUP=6
readonly EXIT_USAGE=2

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Each argument is one line, so that a command to copy stands on a line of its own.
give_up() {
	local line
	for line in "$@"; do
		say "$line"
	done
	exit "$EXIT_SETUP"
}

usage_error() {
	say "$*"
	exit "$EXIT_USAGE"
}
