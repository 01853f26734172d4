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
