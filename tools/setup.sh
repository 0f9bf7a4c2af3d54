#!/bin/bash
#
# Makes sure that what a make target needs from Debian is installed:
#
#   tools/setup.sh [-n] [run|gdb|grade|test|bench|docs]
#
# Says nothing when all is there. Installs what is missing, as root or by sudo if that asks no password;
# otherwise prints the command to run and ends with status 6. -n: only name the missing packages.

set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# Our standard input may be what someone pipes into the guest.
exec </dev/null

# What is needed, by which group of targets, and the package that brings it. A name with a slash is a file
# (patterns allowed), any other a command. Files rather than dpkg's word: quicker to ask, and a tool built by
# hand counts too.
needs() {
	cat <<-TABLE
		run   aarch64-linux-gnu-gcc                          gcc-aarch64-linux-gnu
		run   aarch64-linux-gnu-objcopy                      binutils-aarch64-linux-gnu
		run   gcc                                            gcc
		run   make                                           make
		run   /usr/include/stdlib.h                          libc6-dev
		run   /usr/include/gelf.h                            libelf-dev
		run   qemu-system-aarch64                            qemu-system-arm
		run   dtc                                            device-tree-compiler
		run   /usr/bin/python3                               python3
		run   /usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
		gdb   gdb-multiarch                                  gdb-multiarch
		grade /usr/include/cmocka.h                          libcmocka-dev
		grade /usr/include/libfdt.h                          libfdt-dev
		grade /usr/include/zlib.h                            zlib1g-dev
		test  /usr/lib/python3/dist-packages/pytest          python3-pytest
		test  /usr/lib/python3/dist-packages/xdist           python3-pytest-xdist
		test  protoc                                         protobuf-compiler
		test  clang                                          clang
		test  ld.lld                                         lld
		test  /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a libclang-rt-14-dev
		test  clang-format                                   clang-format
		test  clang-tidy                                     clang-tidy
		test  cppcheck                                       cppcheck
		test  shellcheck                                     shellcheck
		test  spin                                           spin
		test  groff                                          groff-base
		test  zip                                            zip
		test  chromium                                       chromium
		docs  /usr/bin/python3                               python3
		docs  doxygen                                        doxygen
		docs  mkdocs                                         mkdocs
		docs  dot                                            graphviz
		docs  /usr/share/mkdocs/themes/material              mkdocs-material
		docs  clang                                          clang
		docs  wasm-ld                                        lld
		docs  /usr/lib/wasm32-wasi/libc.a                    wasi-libc
		docs  /usr/lib/llvm-*/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a libclang-rt-14-dev-wasm32
		docs  node                                           nodejs
		docs  npm                                            npm
	TABLE
}

is_there() {
	case $1 in
	*/*) compgen -G "$1" >/dev/null ;;
	*) type -P "$1" >/dev/null ;;
	esac
}

# The packages that the groups "$@" need and that are missing, one a line.
missing_packages() {
	local group thing package

	while read -r group thing package; do
		case " $* " in
		*" $group "*) is_there "$thing" || printf '%s\n' "$package" ;;
		esac
	done < <(needs) | sort -u
}

# Installs packages; the caller has checked that there is one to install.
install_packages() {
	local apt=(apt-get) install=(install -y --no-install-recommends "$@")

	type -P apt-get >/dev/null ||
		give_up "this is not Debian (no apt-get); please install what these Debian packages bring:" "    $*"
	if [ "$(id -u)" -ne 0 ]; then
		if ! sudo -n true 2>/dev/null; then
			give_up "missing packages, and neither root nor sudo without a password. Please run:" \
				"    sudo apt-get update && sudo apt-get ${install[*]}"
		fi
		apt=(sudo -n DEBIAN_FRONTEND=noninteractive apt-get)
	fi
	export DEBIAN_FRONTEND=noninteractive
	# Another apt may be at work, a fresh machine's own set-up above all.
	apt+=(-o DPkg::Lock::Timeout=300)

	say "reading the package lists (apt-get update)"
	"${apt[@]}" update >&2 || say "apt-get update failed; trying with the lists that are there"
	say "installing: $*"
	"${apt[@]}" "${install[@]}" >&2 ||
		give_up "installing failed; apt's reason stands above. To try by hand:" "    apt-get ${install[*]}"
}

main() {
	local only_name='' usage='usage: tools/setup.sh [-n] [run|gdb|grade|test|bench|docs]' groups missing
	if [ "${1:-}" = -n ]; then
		only_name=yes
		shift
	fi
	[ $# -le 1 ] || usage_error "one target at a time; $usage"
	case ${1:-run} in
	run | bench) groups=(run) ;;
	gdb) groups=(run gdb) ;;
	grade) groups=(run gdb grade) ;;
	test) groups=(run gdb grade test docs) ;;
	docs) groups=(docs) ;;
	-h | --help)
		sed -n '3,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
		return
		;;
	*) usage_error "unknown target '$1'; $usage" ;;
	esac

	mapfile -t missing < <(missing_packages "${groups[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ -n "$only_name" ]; then
		printf '%s\n' "${missing[@]}"
		return
	fi
	install_packages "${missing[@]}"

	# Installed is not enough: the tool itself must have appeared.
	mapfile -t missing < <(missing_packages "${groups[@]}")
	[ ${#missing[@]} -eq 0 ] || give_up "installed, yet what they should bring is still missing: ${missing[*]}"
}

main "$@"
