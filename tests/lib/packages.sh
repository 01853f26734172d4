# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# Where the tests get what the machine lacks: host packages through the
# machine's own apt, packages of another suite or architecture through a
# private apt state which leaves the machine's apt as it was.
#
# A mirror in the middle of a synchronisation lists what it does not have. So
# everything is chosen by what is served: the newest version first, then older
# ones of the same lists, then other suites. What is fetched together, as a
# program and its libraries, comes from one suite.
#
# Source this file from bash, under set -e or not. Functions print paths on stdout, all else goes to
# stderr. They return non-zero after saying why: $archive_lacks when the archive
# does not serve now what it should (the last such line on stderr begins with
# "archive: "), another status when the fault is ours.
#
#   need PKG...                       install what is missing
#   fetch_debs SUITE ARCH PKG...      print the paths of the packages, in this order; PKG is
#                                     NAME or, where suites differ, NAME|NAME...
#   unpacked SUITE PKG... DIRECTORY   make the directory of packages of this machine's architecture
#   fetch_source SUITE SRC            print the path of the upstream source, unpacked
#   download_kernel [--modules] ARCH FLAVOUR SUITES:PATTERN... DIRECTORY
#                                     put the newest kernel package there that is served, or
#                                     the newest of which the modules are, too
#   make_root SUITES OUTPUT ARG...    mmdebstrap the first suite that serves all into OUTPUT
#   until_served PINS COMMAND...      run what fetches packages and obeys PINS
#   keep PATH COMMAND...              make PATH whole or not at all; print it
#
# What was made stays in $KEXEC_TEST_CACHE. It is made anew when it has become
# old and the archive serves it; removing that directory is always safe.

: "${KEXEC_TEST_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/kexec-hotplug}"
export KEXEC_TEST_CACHE

: "${packages_keyring:=/usr/share/keyrings/debian-archive-keyring.gpg}"
packages_old=30 # days
archive_lacks=69

# In the order of their age; those with backports.
packages_releases=(bullseye bookworm trixie forky sid)
packages_backports=(bullseye bookworm trixie)

say() { printf '%s\n' "$*" >&2; }

# Run a command silently, but show the tail of what it said when it fails.
quietly() {
	local log status=0
	log=$(mktemp) || return
	"$@" >"$log" 2>&1 </dev/null || status=$?
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

# with_cache_lock COMMAND...: one fetch at a time, however many tests run.
with_cache_lock() {
	mkdir -p "$KEXEC_TEST_CACHE" || return
	( flock 9 && "$@" ) 9>"$KEXEC_TEST_CACHE/lock"
}

# keep PATH COMMAND...: COMMAND makes what its last argument names, a file or a
# directory. Nothing is left of one that fails; what was made before is used then.
keep() {
	local path=$1 status=0 lock
	# One at a time of a name; the lock is not beside what it is for, where it would stay.
	mkdir -p "$(dirname "$path")" "$KEXEC_TEST_CACHE/locks" &&
		exec {lock}>"$KEXEC_TEST_CACHE/locks/$(cksum <<<"$path" | tr -d ' ')" && flock "$lock" || return
	keep_locked "$@" {lock}>&- || status=$?
	exec {lock}>&-
	return $status
}

keep_locked() {
	local path=$1 status
	shift
	# Old or not for a whole run: what was made for one of its tests may be in use.
	if [ -z "$(find "$path" -maxdepth 0 -newermt \
		"@$((${KEXEC_TEST_BEGAN:-$(date +%s)} - packages_old * 86400))" 2>/dev/null)" ]; then
		rm -rf --one-file-system "$path.part" || return
		if "$@" "$path.part"; then
			rm -rf --one-file-system "$path" && mv "$path.part" "$path" && touch "$path" || return
		else
			status=$?
			rm -rf --one-file-system "$path.part"
			[ -e "$path" ] || return $status
			say "using $path as it was made on $(date -r "$path" +%F)"
		fi
	fi
	printf '%s\n' "$path"
}

# not_served LOG: "NAME VERSION REASON" of each package that apt says was listed and
# could not be fetched. Epochs are not in the names of files.
not_served() {
	sed -nE 's,^(E|Err|W): *Failed to fetch [^ ]*/([^/_ ]+)_([^/_ ]+)_[^/_ ]+\.u?deb +(.*),\2 \3 \4,p' "$1" |
		sed 's/%3a/:/g; s/%2b/+/g; s/%7e/~/g' | sort -u
}

# rule_out LOG PINS: let PINS say so of those. False when there is nothing new to try.
# What broke is tried once more; what is not there is not.
rule_out() {
	local name version reason again=1
	while read -r name version reason; do
		grep -qxF "Explanation: $name $version" "$2" && continue
		again=0
		if [[ $reason != *404* && $packages_again != *" $name $version "* ]]; then
			packages_again+=" $name $version "
			continue
		fi
		say "the archive lists $name $version and does not serve it ($reason)"
		printf 'Explanation: %s %s\nPackage: %s\nPin: version /(^|:)%s$/\nPin-Priority: -1\n\n' \
			"$name" "$version" "$name" "$(sed 's/[.+]/\\&/g' <<<"$version")" >>"$2"
	done < <(not_served "$1")
	return $again
}

# archive_reason LOG: "archive: ..." when it tells that the archive did not serve something.
archive_reason() {
	grep -oE 'archive: .*' "$1" | tail -n 1 | grep . && return
	grep -oE '(Failed to fetch|Some index files failed|Release file for [^ ]* is (expired|not valid yet)).*' "$1" | tail -n 1 | sed 's/^/archive: /' | grep .
}

# until_served PINS COMMAND...: COMMAND fetches and obeys the apt_preferences(5) in the
# file PINS, to which is added what is not served, until all that is left is.
until_served() {
	local pins=$1 log status
	shift
	packages_again=
	log=$(mktemp) || return
	while :; do
		status=0
		"$@" >"$log" 2>&1 </dev/null || status=$?
		[ $status -ne 0 ] && rule_out "$log" "$pins" || break
	done
	if [ $status -ne 0 ] && { archive_reason "$log" || grep '^Pin:' "$pins"; } >/dev/null; then
		status=$archive_lacks
	elif [ $status -ne 0 ]; then
		say "failed ($status): $*"
		tail -n 40 "$log" >&2
	fi
	rm -f "$log"
	return $status
}

package_installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Once for this process and the scripts it calls. Of a list that cannot be had, apt
# keeps the one before.
update_package_lists() {
	[ -z "${KEXEC_TEST_APT_UPDATED:-}" ] || return 0
	export KEXEC_TEST_APT_UPDATED=yes
	quietly as_root apt-get -q update && return
	export KEXEC_TEST_APT_UPDATED=partly
}

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dir::Etc::preferences="$1" \
		install --no-install-recommends "${@:2}"
}

need() {
	local package pins status=0 missing=()
	for package in "$@"; do
		package_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ -z "${packages_lock-}" ]; then
		# One at a time, and then perhaps nothing is missing any more.
		mkdir -p "$KEXEC_TEST_CACHE" && exec {packages_lock}>"$KEXEC_TEST_CACHE/install.lock" && flock "$packages_lock" || return
		need "${missing[@]}" || status=$?
		exec {packages_lock}>&-
		unset packages_lock
		return $status
	fi
	say "installing ${missing[*]}"
	update_package_lists
	pins=$(mktemp) || return
	chmod a+r "$pins"
	[ ! -e /etc/apt/preferences ] || cat /etc/apt/preferences >"$pins"
	# What is installed may start a service, which must not hold the lock.
	until_served "$pins" apt_install "$pins" "${missing[@]}" {packages_lock}>&- || status=$?
	rm -f "$pins"
	[ $status -eq 0 ] || [ $KEXEC_TEST_APT_UPDATED = yes ] || status=$archive_lacks
	[ $status -ne $archive_lacks ] || say "archive: ${missing[*]} cannot be installed here now"
	return $status
}

# "LABEL URI" of each Debian repository this machine is configured for.
machine_repositories() {
	if [ -n "${KEXEC_TEST_REPOSITORIES:-}" ]; then
		printf '%s\n' "$KEXEC_TEST_REPOSITORIES"
		return
	fi
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' \
		'Identifier: Packages' 'Origin: Debian' 'Component: main' |
		sort -u
}

# A sources.list for SUITE: the machine's mirrors with the suite exchanged. Each line
# begins with ENTRY.
foreign_sources() {
	local suite=$1 entry=$2 repositories label uri
	repositories=$(machine_repositories)
	if [ -z "$repositories" ]; then
		update_package_lists
		repositories=$(machine_repositories)
	fi
	while read -r label uri; do
		case $label:$suite in
		Debian:sid | Debian:*-backports) printf '%s\n' "$entry $uri $suite main" ;;
		Debian:*) printf '%s\n' "$entry $uri $suite main" "$entry $uri $suite-updates main" ;;
		Debian-Security:sid | Debian-Security:*-backports) ;;
		Debian-Security:*) printf '%s\n' "$entry $uri $suite-security main" ;;
		esac
	done <<<"$repositories" | grep . || {
		say "apt on this machine names no Debian mirror; see sources.list(5)"
		return 1
	}
}

# SUITE and those that stand in for it: its backports, the release before, the next one.
suites_near() {
	local i
	printf '%s\n' "$1"
	[[ " ${packages_backports[*]} " != *" $1 "* ]] || printf '%s\n' "$1-backports"
	for i in "${!packages_releases[@]}"; do
		[ "${packages_releases[i]}" = "$1" ] || continue
		[ "$i" -eq 0 ] || printf '%s\n' "${packages_releases[i - 1]}"
		printf '%s\n' "${packages_releases[@]:i+1:1}"
	done | grep .
}

# private_apt SUITE ARCH COMMAND ARGS...: apt with a state of its own. ARCH may be
# "source". Lists that are signed are good enough for tests when they are old.
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
		-o Dir::Etc::preferences="$state/preferences" \
		-o Dir::Etc::preferencesparts=/dev/null \
		-o APT::Architecture="$arch" \
		-o APT::Architectures="$arch" \
		-o APT::Sandbox::User="$(id -un)" \
		-o APT::Get::AllowUnauthenticated=false \
		-o Acquire::AllowInsecureRepositories=false \
		-o Acquire::Check-Valid-Until=false \
		-o Acquire::Languages=none \
		-o Acquire::Retries=3 \
		"$@"
}

# Bring the private package lists up to date, at most once an hour. A mirror in the
# middle of a synchronisation lacks the one or the other; with the lists that there
# are (always signed) all may still be had. What is not served is noted in a file.
refresh_private_apt() {
	local state=$KEXEC_TEST_CACHE/apt/$1-$2 entry
	[ -z "$(find "$state/fresh" -mmin -60 2>/dev/null)" ] || return 0
	[ -e "$packages_keyring" ] || need debian-archive-keyring || return
	mkdir -p "$state/state/lists/partial" "$state/cache/archives/partial"
	case $2 in
	source) entry="deb-src [signed-by=$packages_keyring target=Sources]" ;;
	*) entry="deb [signed-by=$packages_keyring target=Packages]" ;;
	esac
	foreign_sources "$1" "$entry" >"$state/sources.list" || return
	: | tee "$state/status" "$state/preferences" >"$state/not-served"
	if ! private_apt "$1" "$2" apt-get update --error-on=any >"$state/update.log" 2>&1 </dev/null; then
		say "some package lists of $1 are not to be had now; see $state/update.log"
		echo lists >"$state/not-served"
	fi
	touch "$state/fresh"
}

# nothing_serves ARCH PKG... -- SUITE...: the last word, and whose fault it is.
nothing_serves() {
	local arch=$1 packages=() suite package
	shift
	while [ "$1" != -- ]; do
		packages+=("$1")
		shift
	done
	shift
	for suite; do
		for package in lists "${packages[@]}"; do
			grep -qsxF "$package" "$KEXEC_TEST_CACHE/apt/$suite-$arch/not-served" || continue
			say "archive: ${packages[*]} ($arch) not served now by $*"
			return $archive_lacks
		done
	done
	say "none of $* has ${packages[*]} ($arch)"
	return 1
}

# note_not_served SUITE ARCH PKG...
note_not_served() {
	printf '%s\n' "${@:3}" >>"$KEXEC_TEST_CACHE/apt/$1-$2/not-served"
}

# candidate SUITE ARCH NAME[|NAME...]: the first name of a package that this suite has.
candidate() {
	local name
	for name in ${3//|/ }; do
		private_apt "$1" "$2" apt-cache policy "$name" 2>/dev/null |
			grep '^  Candidate: [^(]' >/dev/null || continue
		printf '%s\n' "$name"
		return
	done
	return 1
}

# download SUITE ARCH DIRECTORY PKG...: the packages, PKG.deb each, all of this suite.
download() {
	local suite=$1 arch=$2 directory=$3 state=$KEXEC_TEST_CACHE/apt/$1-$2 package name names=()
	shift 3
	refresh_private_apt "$suite" "$arch" || return
	for package in "$@"; do
		name=$(candidate "$suite" "$arch" "$package") || return
		names+=("$name")
	done
	rm -rf "$directory" && mkdir -p "$directory" && cd "$directory" || return
	until_served "$state/preferences" private_apt "$suite" "$arch" apt-get download "${names[@]}" || {
		note_not_served "$suite" "$arch" "$@"
		return 1
	}
	for package in "$@"; do
		mv "${names[0]}"_*.deb "${package%%|*}.deb" || return
		names=("${names[@]:1}")
	done
}

# "kexec-tools 1:2.0.29-2, libc6 2.41-12" of the files in a directory
versions_in() {
	local deb
	for deb in "$1"/*.deb; do
		printf '%s, ' "$(dpkg-deb -W --showformat='${Package} ${Version}' "$deb")"
	done | sed 's/, $//'
}

# download_near SUITE ARCH PKG... DIRECTORY: of the first suite that serves them all.
download_near() {
	local wanted=$1 arch=$2 directory=${*: -1} packages=("${@:3:$#-3}") suite suites
	mapfile -t suites < <(suites_near "$wanted")
	for suite in "${suites[@]}"; do
		(download "$suite" "$arch" "$directory" "${packages[@]}") || continue
		say "fetched $(versions_in "$directory") ($suite, $arch)$(
			[ "$suite" = "$wanted" ] || echo "; $wanted does not serve that now")"
		return
	done
	nothing_serves "$arch" "${packages[@]}" -- "${suites[@]}"
}

fetch_debs() {
	local suite=$1 arch=$2 directory
	shift 2
	directory=$KEXEC_TEST_CACHE/debs/$suite-$arch/${1%%|*}-$(printf '%s ' "$@" | sha256sum | cut -c 1-8)
	with_cache_lock keep "$directory" download_near "$suite" "$arch" "$@" >/dev/null || return
	printf "$directory/%s.deb\n" "${@%%|*}"
}

# unpacked SUITE PKG... DIRECTORY: of this machine's architecture
unpacked() {
	local deb debs
	debs=$(fetch_debs "$1" "$(dpkg --print-architecture)" "${@:2:$#-2}") && mkdir "${*: -1}" || return
	for deb in $debs; do
		quietly dpkg-deb -x "$deb" "${*: -1}" || return
	done
}

# kernels_of SUITE ARCH FLAVOUR PATTERN: "VERSION SUITE PACKAGE" of each kernel whose version the
# extended regular expression begins, but for those of flavours whose names end like this one's
# ("-rt-amd64"). Since 6.19 linux-binary has it, and linux-image is empty.
kernels_of() {
	refresh_private_apt "$1" "$2" || return
	private_apt "$1" "$2" apt-cache pkgnames linux- |
		sed -nE "s/^linux-(binary|image)-(($4)[^-]*(-[0-9]+)?)-$3\$/\2 \1/p" | sort -k 1,1 -k 2,2 |
		awk -v suite="$1" -v flavour="$3" '!seen[$1]++ { print $1, suite, "linux-" $2 "-" $1 "-" flavour }'
}

# download_kernel [--modules] ARCH FLAVOUR SUITE[,SUITE...]:PATTERN... DIRECTORY: kernel.deb, the
# newest that is served of the first group that has one. With its modules, it is the newest that
# is served whole: modules.deb lies beside it where they are a package of their own, as since 6.19.
download_kernel() {
	local whole=
	if [ "$1" = --modules ]; then
		whole=yes
		shift
	fi
	local arch=$1 flavour=$2 directory=${*: -1} groups=("${@:3:$#-3}") group suite asked=() package packages
	for group in "${groups[@]}"; do
		mapfile -t -O ${#asked[@]} asked < <(tr ',' '\n' <<<"${group%%:*}")
		while read -r _ suite package; do
			packages=("$package")
			[[ -z $whole || $package != linux-binary-* ]] || packages+=("${package/#linux-binary/linux-modules}")
			if (download "$suite" "$arch" "$directory" "${packages[@]}"); then
				say "fetched $(versions_in "$directory") ($suite, $arch)"
				mv "$directory/$package.deb" "$directory/kernel.deb" || return
				[ ${#packages[@]} -eq 1 ] || mv "$directory/${packages[1]}.deb" "$directory/modules.deb"
				return
			fi
			note_not_served "$suite" "$arch" "kernel-$flavour"
		done < <(for suite in $(tr , " " <<<"${group%%:*}"); do
			kernels_of "$suite" "$arch" "$flavour" "${group#*:}"
		done | sort -k 1,1Vr -s)
	done
	nothing_serves "$arch" "kernel-$flavour" -- "${asked[@]}"
}

# source_versions SUITE SRC: all that the lists have, the newest first.
source_versions() {
	private_apt "$1" source apt-cache showsrc --only-source "$2" 2>/dev/null |
		sed -n 's/^Version: //p' | sort -Vru
}

# download_source SUITE SRC VERSION DIRECTORY: make it. The upstream tarball is enough: what is
# built from it is for tests only. Preferences say nothing of sources: one version is asked for.
download_source() {
	local suite=$1 source=$2 version=$3 target=$4 work status=0
	work=$(mktemp -d "$KEXEC_TEST_CACHE/fetch.XXXXXX") || return
	(
		cd "$work" && : >pins &&
		until_served pins private_apt "$suite" source \
			apt-get source --download-only --tar-only --only-source "$source=$version" &&
		mkdir unpacked &&
		tar -x -f ./*.orig.tar.* -C unpacked --strip-components=1 &&
		mv unpacked "$target"
	) || status=$?
	rm -rf "$work"
	if [ $status -eq $archive_lacks ]; then
		say "the archive lists the source of $source $version and does not serve it"
		note_not_served "$suite" source "$source"
	fi
	return $status
}

# download_source_near SUITE SRC DIRECTORY: of the first suite that serves any version.
download_source_near() {
	local wanted=$1 source=$2 suite suites version
	mapfile -t suites < <(suites_near "$wanted")
	for suite in "${suites[@]}"; do
		refresh_private_apt "$suite" source || continue
		for version in $(source_versions "$suite" "$source"); do
			download_source "$suite" "$source" "$version" "$3" || continue
			say "fetched the source of $source $version ($suite)$(
				[ "$suite" = "$wanted" ] || echo "; $wanted does not serve that now")"
			return
		done
	done
	nothing_serves source "$source" -- "${suites[@]}"
}

fetch_source() {
	need xz-utils bzip2 || return
	with_cache_lock keep "$KEXEC_TEST_CACHE/sources/$1/$2" download_source_near "$1" "$2"
}

# Say in a root what is not served, before anything is fetched into it.
packages_setup_hook='mkdir -p "$1/etc/apt/preferences.d" && cp "$PINS" "$1/etc/apt/preferences.d/served"'

# run_mmdebstrap SUITE SOURCES PINS OUTPUT ARG...
run_mmdebstrap() {
	rm -rf --one-file-system "$4"
	PINS=$3 mmdebstrap --mode=root --aptopt='Acquire::Retries "3"' \
		--aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io \
		--aptopt='APT::Install-Recommends "false"' --setup-hook="$packages_setup_hook" \
		"${@:5}" "$1" "$4" "$2"
}

# make_root_of SUITE OUTPUT WORK ARG...: with its updates, or of it alone when their lists
# are not to be had.
make_root_of() {
	local suite=$1 output=$2 work=$3
	shift 3
	foreign_sources "$suite" "deb [signed-by=$packages_keyring]" >"$work/all" || return
	grep " $suite main" "$work/all" >"$work/alone"
	: >"$work/pins"
	until_served "$work/pins" run_mmdebstrap "$suite" "$work/all" "$work/pins" "$output" "$@" ||
		until_served "$work/pins" run_mmdebstrap "$suite" "$work/alone" "$work/pins" "$output" "$@"
}

# make_root "SUITE..." OUTPUT ARG...
make_root() {
	local from=$1 output=$2 suite work status=1
	shift 2
	need mmdebstrap debian-archive-keyring arch-test || return
	work=$(mktemp -d) || return
	chmod a+rx "$work"
	for suite in $from; do
		status=0
		make_root_of "$suite" "$output" "$work" "$@" || status=$?
		[ $status -ne 0 ] || say "made $(basename "$output" .part) of $suite"
		[ $status -eq "$archive_lacks" ] || break
	done
	rm -rf "$work"
	[ $status -ne "$archive_lacks" ] || say "archive: what ${output##*/} is made of is not served now by $from"
	return $status
}
