# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# Source this file, with tests/lib/packages.sh before it.

# Automake builds out of tree only from a source tree that is not configured.
refuse_configured_tree() {
	[ -e "$1/config.status" ] || return 0
	say "$1 is configured for a build in place; run make distclean there first"
	return 1
}

# made_with ARG...: whether the tree here was configured with these, by the flags of today: no object is made
# anew for another flag. If not, `remember_flags ARG...` once it is.
made_with() {
	[ "$(flags_of "$@")" = "$(cat arguments 2>/dev/null)" ]
}

remember_flags() {
	make clean && flags_of "$@" >arguments
}

flags_of() {
	printf '%s\n' "$*"
	cat "$repository/configure.ac" "$repository/Makefile.am" | sha256sum
}
