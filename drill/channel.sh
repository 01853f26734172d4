#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# channel.sh TERMINAL KERNEL: runs the lines which come in on a terminal. That of an emulated PC
# loses characters now and then, therefore:
#
#   "TAG SUM COMMAND" comes in; SUM is md5sum's of "BOOT TAG COMMAND", so that no line is run
#   that was meant for the kernel before. One that is wrong is answered with "garbled", one that
#   comes again is not run again.
#   "begin TAG" goes out before it is run, then "answer TAG", what it printed, a newline and
#   "TAG STATUS SUM" of what it printed.
#   "ready KERNEL BOOT" goes out, again and again, until the first line has come.
#
# bash and busybox have a read that gives up after a time; not every sh has.

terminal=$1 kernel=$2
boot=$(cat /proc/sys/kernel/random/boot_id)

digest() {
	sum=$(md5sum)
	echo "${sum%% *}"
}

announce() {
	printf '\nready %s %s\n' "$kernel" "$boot" >&3
}

# While it is open: the last close resets a terminal.
exec 3<>"/dev/$terminal"
stty raw -echo <&3
announce

last=
while :; do
	if ! read -r -t 5 tag sum command <&3; then
		[ -n "$last" ] || announce
		continue
	fi
	if [ "$sum" != "$(printf '%s %s %s' "$boot" "$tag" "$command" | digest)" ]; then
		printf '\ngarbled\n' >&3
		continue
	fi
	if [ "$tag" != "$last" ]; then
		last=$tag
		printf '\nbegin %s\n' "$tag" >&3
		stty raw -echo <&3 # once that has gone out: it may be the last thing this kernel does
		(eval "$command") </dev/null >/tmp/answer 2>&1 3>&-
		status=$?
	fi
	{
		printf '\nanswer %s\n' "$tag"
		cat /tmp/answer
		printf '\n%s %d %s\n' "$tag" "$status" "$(digest </tmp/answer)"
	} >&3
done
