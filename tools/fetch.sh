#!/bin/bash
#
# Fetches what the build takes from Debian's arm64 archive and the host does not have:
#
#   tools/fetch.sh libs     static libfdt and libz with their headers   -> build/sysroot/
#   tools/fetch.sh linux    Debian's newest arm64 kernel, and busybox   -> build/guests/
#
# The host's apt is asked for its mirror and proxy and is otherwise left alone: lists, cache, architecture
# and dpkg status are private folders of our cache. apt checks every download against the archive's
# signatures. A warm cache answers at once and needs no network; --refresh asks the archive again.
#
# Cache: $VITRINE_CACHE, else $XDG_CACHE_HOME/vitrine, else ~/.cache/vitrine.
#   apt/      apt's private state      debs/     packages as downloaded (a broken download goes on from here)
#   libs-1/   linux-1/                 unpacked results; the number changes with the layout below

set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# Our standard input may be what someone pipes into the guest.
exec </dev/null

readonly SUITE=bookworm
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
readonly LAYOUT=1

BUILD=${VITRINE_BUILD:-$ROOT/build}
if [ -n "${VITRINE_CACHE:-}" ]; then
	CACHE=$VITRINE_CACHE
elif [ -n "${XDG_CACHE_HOME:-${HOME:-}}" ]; then
	CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/vitrine
else
	CACHE=$BUILD/cache
fi
# Absolute from here on: apt reads these paths in its own way, and some commands run in other folders.
BUILD=$(realpath -m -- "$BUILD")
CACHE=$(realpath -m -- "$CACHE")

# --- apt, kept in a box ------------------------------------------------------------------------------------

# The URI the host itself uses for Debian's archive ($1 = debian or debian-security), so that mirrors, local
# caches and snapshots work wherever the host's own apt does. apt is asked what it would update from, for it
# reads every format of sources, also before the first update; it prints 'URI/dists/SUITE/InRelease' FILE ...
host_mirror() {
	local name=$1 uri

	while read -r uri; do
		case $uri in
		*/"$name" | */"$name"/[0-9]*Z | mirror+file:*/"$name".list)
			printf '%s\n' "$uri"
			return
			;;
		esac
	done < <(apt-get update --print-uris 2>/dev/null | sed -n "s|^'\([^' ]*[^/]\)/*/dists/.*InRelease'.*|\1|p")
	printf 'http://deb.debian.org/%s\n' "$name"
}

# Host configuration is read before this file, so proxies and credentials hold; what would reach outside the
# box (architectures, pinning, hooks that tidy the host's own cache) is cleared.
write_apt_box() {
	local archive security
	archive=$(host_mirror debian)
	security=$(host_mirror debian-security)

	mkdir -p "$CACHE"/apt/lists/partial "$CACHE"/apt/cache/archives/partial
	: >"$CACHE/apt/status"
	cat >"$CACHE/apt/sources.list" <<-LIST
		deb [arch=arm64 signed-by=$KEYRING target=Packages] $archive $SUITE main
		deb [arch=arm64 signed-by=$KEYRING target=Packages] $archive $SUITE-updates main
		deb [arch=arm64 signed-by=$KEYRING target=Packages] $security $SUITE-security main
	LIST
	cat >"$CACHE/apt/apt.conf" <<-CONF
		#clear APT::Architectures;
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		APT::Architecture "arm64";
		APT::Architectures { "arm64"; };
		APT::Default-Release "";
		// The cache is the user's own folder, which apt's download user may be unable to enter.
		APT::Sandbox::User "";
		APT::Get::List-Cleanup "true";
		Dir::State "$CACHE/apt";
		Dir::State::status "$CACHE/apt/status";
		Dir::State::lists "$CACHE/apt/lists";
		Dir::Cache "$CACHE/apt/cache";
		// Docker images switch these off; without them each question below parses the whole index.
		Dir::Cache::pkgcache "pkgcache.bin";
		Dir::Cache::srcpkgcache "srcpkgcache.bin";
		Dir::Etc::sourcelist "$CACHE/apt/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Acquire::Retries "3";
	CONF
}

boxed() {
	local tool=$1
	shift
	"$tool" -c "$CACHE/apt/apt.conf" "$@" >&2
}

# Once a run: an index from last month names packages that the archive may have dropped.
update_index() {
	[ -z "${index_is_fresh:-}" ] || return 0
	[ -r "$KEYRING" ] || give_up "$KEYRING is missing; it is what downloads are checked against. Install it:" \
		"    apt-get install debian-archive-keyring"
	write_apt_box
	say "reading the package index of Debian $SUITE, arm64 (about 9 MB)"
	boxed apt-get update --error-on=any ||
		give_up "the package index of Debian $SUITE (arm64) could not be fetched; apt's reason stands above." \
			"Is the network up, and does 'apt-get update' work on this machine? Then run the same command again."
	index_is_fresh=yes
}

# One field of a package's newest version, from the signed index.
index_field() {
	apt-cache -c "$CACHE/apt/apt.conf" show --no-all-versions "$1" | sed -n "s/^$2: //p"
}

# Where apt puts a package: its version is part of the name, with ':' written as %3a.
deb_file() {
	local version
	version=$(index_field "$1" Version)
	printf '%s\n' "$CACHE/debs/${1}_${version//:/%3a}_$(index_field "$1" Architecture).deb"
}

is_genuine() {
	printf '%s  %s\n' "$(index_field "$1" SHA256)" "$(deb_file "$1")" | sha256sum --check --status 2>/dev/null
}

# Brings one package into debs/. A broken download stays where it is and goes on from there the next time.
# apt-get download takes a file of the right length for granted, so the checksum is looked at here as well.
download() {
	local pkg=$1 file size
	is_genuine "$pkg" && return

	file=$(deb_file "$pkg")
	size=$(index_field "$pkg" Size)
	mkdir -p "$CACHE/debs"
	if [ -e "$file" ] && [ "$(stat -c %s "$file")" -ge "$size" ]; then
		say "$file is damaged; fetching it again"
		rm -f "$file"
	fi
	if ! (cd "$CACHE/debs" && boxed apt-get download "$pkg") || ! is_genuine "$pkg"; then
		give_up "could not download $pkg (Debian $SUITE, arm64); apt's reason stands above." \
			"What has arrived is kept in $CACHE/debs. Run the same command again to go on."
	fi
}

# --- what is taken, and where it lands ---------------------------------------------------------------------

# The metapackage's one dependency is the newest kernel. Cloud flavour: a third of the generic one's size, and
# what the guest needs without modules (PL011 console, GICv3, PSCI, initramfs) is built in.
newest_kernel() {
	index_field linux-image-cloud-arm64 Depends | sed -n 's/^\(linux-image-[^ ,]*\).*/\1/p'
}

unpack_libs() {
	local to=$1 pkg lib=usr/lib/aarch64-linux-gnu

	update_index
	for pkg in libfdt-dev zlib1g-dev; do
		download "$pkg"
		dpkg-deb -x "$(deb_file "$pkg")" "$to.unpacked"
	done
	mkdir -p "$to/$lib" "$to/usr/include"
	cp "$to.unpacked/$lib"/{libfdt.a,libz.a} "$to/$lib/"
	cp "$to.unpacked"/usr/include/{libfdt,fdt,libfdt_env,zlib}.h "$to/usr/include/"
	# zconf.h differs by architecture, so Debian keeps it one folder deeper.
	find "$to.unpacked/usr/include" -name zconf.h -exec cp {} "$to/usr/include/" \;
}

unpack_linux() {
	local to=$1 kernel image pkg

	update_index
	kernel=$(newest_kernel)
	[ -n "$kernel" ] || give_up "linux-image-cloud-arm64 names no kernel in Debian $SUITE: the archive's layout changed"
	for pkg in "$kernel" busybox-static; do
		download "$pkg"
		dpkg-deb -x "$(deb_file "$pkg")" "$to.unpacked"
	done

	mkdir -p "$to/linux"
	image=$(echo "$to.unpacked"/boot/vmlinuz-*)
	if gzip -t "$image" 2>/dev/null; then
		gzip -dc "$image" >"$to/linux/Image"
	else
		cp "$image" "$to/linux/Image"
	fi
	# Our own compressed copy, so that gzip images are tested whichever way Debian ships the kernel.
	gzip -9nc "$to/linux/Image" >"$to/linux/Image.gz"
	cp "$to.unpacked"/boot/config-* "$to/linux/config"
	printf '%s\n' "$kernel" >"$to/linux/version"
	cp "$to.unpacked/bin/busybox" "$to/busybox"
}

# Every file in the cache entry $1 has its equal under $2; a missing or different one is copied. Renamed into
# place, so that a build running beside us never reads half a file; newer than this script, so that make is
# content.
install_tree() {
	local from=$1 to=$2 file

	while read -r file; do
		if ! cmp -s "$from/$file" "$to/$file"; then
			mkdir -p "$to/$(dirname "$file")"
			cp "$from/$file" "$to/$file.$$"
			mv -f "$to/$file.$$" "$to/$file"
		elif [ "$to/$file" -ot "$ROOT/tools/fetch.sh" ]; then
			touch "$to/$file"
		fi
	done < <(cd "$from" && find . -type f)
}

# One name from the command line: unpack it into the cache unless it is there, then copy it into the build.
provide() {
	local what=$1 dest=$2 entry=$CACHE/$1-$LAYOUT

	if [ ! -d "$entry" ] || [ -n "$refresh" ]; then
		mkdir -p "$CACHE" 2>/dev/null || true
		[ -w "$CACHE" ] ||
			give_up "the cache folder $CACHE cannot be written; set VITRINE_CACHE to one that can"
		exec 9>"$CACHE/lock"
		flock -n 9 || { say "waiting for another fetch into $CACHE"; flock 9; }
		# The other fetch may have brought it while we waited.
		if [ ! -d "$entry" ] || [ -n "$refresh" ]; then
			rm -rf "$entry.new" "$entry.new.unpacked"
			"unpack_$what" "$entry.new"
			rm -rf "$entry.new.unpacked" "$entry"
			mv "$entry.new" "$entry"
			say "$what: ready in $entry"
		fi
		exec 9>&-
	fi
	install_tree "$entry" "$dest"
}

refresh=
[ $# -gt 0 ] || usage_error "nothing named to fetch; usage: tools/fetch.sh [--refresh] libs|linux ..."
for arg in "$@"; do
	case $arg in
	--refresh) refresh=yes ;;
	libs) provide libs "$BUILD/sysroot" ;;
	linux) provide linux "$BUILD/guests" ;;
	-h | --help) sed -n '3,/^$/s/^# \{0,1\}//p' "$0" ;;
	*) usage_error "unknown argument '$arg'; usage: tools/fetch.sh [--refresh] libs|linux ..." ;;
	esac
done
