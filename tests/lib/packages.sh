# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# Where the tests get what the machine lacks: host packages through the
# machine's own apt, packages of another suite or architecture through a
# private apt state which leaves the machine's apt as it was.
#
# Source this file from bash.  Functions print paths on stdout, all else goes
# to stderr, and they return non-zero after saying why.
#
#   need PKG...                      install what is missing
#   fetch_deb SUITE ARCH PKG...      print one .deb path per package
#   fetch_source SUITE SRC           print the path of the upstream source, unpacked
#   fetch_depends SUITE ARCH PKG     print the names a package depends on
#
# What was fetched once stays in $KEXEC_TEST_CACHE and is not looked up again;
# removing that directory is always safe and fetches it anew.

: "${KEXEC_TEST_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/kexec-hotplug}"
export KEXEC_TEST_CACHE

packages_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf '%s\n' "$*" >&2; }

# Run a command silently, but show the tail of what it said when it fails.
quietly() {
	local log status
	log=$(mktemp) || return
	"$@" >"$log" 2>&1 </dev/null
	status=$?
	if [ $status -ne 0 ]; then
		say "failed ($status): $*"
		tail -n 40 "$log" >&2
	fi
	rm -f "$log"
	return $status
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

package_installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Once for this process and the scripts it calls.
update_package_lists() {
	[ -z "${KEXEC_TEST_APT_UPDATED:-}" ] || return 0
	quietly as_root apt-get -q update || return
	export KEXEC_TEST_APT_UPDATED=yes
}

need() {
	local package missing=()
	for package in "$@"; do
		package_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	update_package_lists || return
	quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=600 \
		install --no-install-recommends "${missing[@]}"
}

# "LABEL URI" of each Debian repository this machine is configured for.
machine_repositories() {
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' \
		'Identifier: Packages' 'Origin: Debian' 'Component: main' |
		sort -u
}

# A sources.list for SUITE: the machine's mirrors with the suite exchanged.
foreign_sources() {
	local suite=$1 entry=$2 repositories label uri
	repositories=$(machine_repositories)
	if [ -z "$repositories" ]; then
		update_package_lists || return
		repositories=$(machine_repositories)
	fi
	while read -r label uri; do
		case $label in
		Debian)
			printf '%s\n' "$entry $uri $suite main" \
				"$entry $uri $suite-updates main" ;;
		Debian-Security)
			printf '%s\n' "$entry $uri $suite-security main" ;;
		esac
	done <<<"$repositories" | grep . || {
		say "apt on this machine names no Debian mirror; see sources.list(5)"
		return 1
	}
}

# private_apt SUITE ARCH COMMAND ARGS...: apt with a state of its own.  ARCH
# may be "source".
private_apt() {
	local state=$KEXEC_TEST_CACHE/apt/$1-$2 arch=$2 command=$3
	shift 3
	[ "$arch" != source ] || arch=$(dpkg --print-architecture)
	"$command" -q \
		-o Dir::State="$state/state" \
		-o Dir::State::status="$state/status" \
		-o Dir::Cache="$state/cache" \
		-o Dir::Etc::sourcelist="$state/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null \
		-o APT::Architecture="$arch" \
		-o APT::Architectures="$arch" \
		-o APT::Sandbox::User="$(id -un)" \
		-o APT::Get::AllowUnauthenticated=false \
		-o Acquire::AllowInsecureRepositories=false \
		-o Acquire::Languages=none \
		-o Acquire::Retries=3 \
		"$@"
}

# Bring the private package lists up to date, at most once an hour.  A mirror
# in the middle of a synchronisation lacks the one or the other list; with what
# it has (always signed) the package may still be had.
refresh_private_apt() {
	local state=$KEXEC_TEST_CACHE/apt/$1-$2 entry
	[ -z "$(find "$state/fresh" -mmin -60 2>/dev/null)" ] || return 0
	need debian-archive-keyring || return
	mkdir -p "$state/state/lists/partial" "$state/cache/archives/partial"
	case $2 in
	source) entry="deb-src [signed-by=$packages_keyring target=Sources]" ;;
	*) entry="deb [signed-by=$packages_keyring target=Packages]" ;;
	esac
	foreign_sources "$1" "$entry" >"$state/sources.list" || return
	: >"$state/status"
	private_apt "$1" "$2" apt-get update >"$state/update.log" 2>&1 </dev/null ||
		say "some package lists are not to be had now; see $state/update.log"
	touch "$state/fresh"
}

# with_cache_lock COMMAND...: one fetch at a time, however many tests run.
with_cache_lock() {
	mkdir -p "$KEXEC_TEST_CACHE" || return
	( flock 9 && "$@" ) 9>"$KEXEC_TEST_CACHE/lock"
}

download_deb() {
	local suite=$1 arch=$2 package=$3 target=$4 work
	refresh_private_apt "$suite" "$arch" || return
	say "fetching $package ($suite, $arch)"
	work=$(mktemp -d "$KEXEC_TEST_CACHE/fetch.XXXXXX") || return
	(
		cd "$work" &&
		quietly private_apt "$suite" "$arch" apt-get download "$package" &&
		mkdir -p "$(dirname "$target")" &&
		mv ./*.deb "$target"
	)
	local status=$?
	rm -rf "$work"
	return $status
}

fetch_deb() {
	local suite=$1 arch=$2 package target
	shift 2
	for package in "$@"; do
		target=$KEXEC_TEST_CACHE/debs/$suite-$arch/$package.deb
		if [ ! -e "$target" ]; then
			with_cache_lock download_deb \
				"$suite" "$arch" "$package" "$target" || return
		fi
		printf '%s\n' "$target"
	done
}

list_depends() {
	refresh_private_apt "$1" "$2" || return
	private_apt "$1" "$2" apt-cache show --no-all-versions "$3" |
		sed -n 's/^Depends: //p' | tr ',' '\n' | sed 's/^ *//; s/[ (|].*//'
}

fetch_depends() {
	with_cache_lock list_depends "$@"
}

# The upstream tarball is enough: what is built from it is for tests only.
download_source() {
	local suite=$1 source=$2 target=$3 work
	need xz-utils bzip2 || return
	refresh_private_apt "$suite" source || return
	say "fetching the source of $source ($suite)"
	work=$(mktemp -d "$KEXEC_TEST_CACHE/fetch.XXXXXX") || return
	(
		cd "$work" &&
		quietly private_apt "$suite" source \
			apt-get source --download-only --tar-only --only-source "$source" &&
		mkdir unpacked &&
		tar -x -f ./*.orig.tar.* -C unpacked --strip-components=1 &&
		mkdir -p "$(dirname "$target")" &&
		mv unpacked "$target"
	)
	local status=$?
	rm -rf "$work"
	return $status
}

fetch_source() {
	local target=$KEXEC_TEST_CACHE/sources/$1/$2
	if [ ! -d "$target" ]; then
		with_cache_lock download_source "$1" "$2" "$target" || return
	fi
	printf '%s\n' "$target"
}
