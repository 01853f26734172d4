#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# In the emulated Debian: runs the lines which come in on the second terminal
# ("TAG COMMAND") and answers each with what it printed and a line "TAG STATUS",
# like tests/system/init.sh.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec 3<>/dev/hvc1
stty raw -echo <&3
printf '\nready first\n' >&3
while read -r tag command <&3; do
	(eval "$command") </dev/null >&3 2>&1 3>&-
	printf '\n%s %d\n' "$tag" $? >&3
done
