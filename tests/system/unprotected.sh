# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
# shellcheck shell=bash
#
# In a machine, for unprotected.py: on events the crash kernel is loaded again, as udev has it done,
# and what is loaded is looked at all the time.
#
#   unprotected start packaged|reload|hotplug   do so from now on; $directory/load is the command that loads
#   unprotected event packaged|reload|hotplug   of an event that busybox's uevent tells of

directory=/tmp/unprotected
cpu=/sys/devices/system/cpu
loaded=/sys/kernel/kexec_crash_loaded

# What there is, into $state. Nothing of this starts a process.
look() {
	read -r cpus <$cpu/present
	read -r _ total _ </proc/meminfo
	state="CPUs $cpus, $total kB"
}

pause() {
	read -r -t "$1" _ <>$directory/nothing
}

load() {
	look
	sh $directory/load >>$directory/log 2>&1 || return
	echo "$state" >$directory/next
	mv $directory/next $directory/image
}

# The kernel says so, at the time of the event.
is_kept() {
	read -r kept </sys/devices/system/"$1"/crash_hotplug
	[ "$kept" = 1 ]
}

# kdump-tools' rule has its script unload and load, one event after the other; 98-kexec.rules leaves a
# file, where the kernel does not keep the image current.
on_event() {
	case $1:${SUBSYSTEM-}:${ACTION-} in
	packaged:memory:online | packaged:memory:offline | packaged:cpu:add | packaged:cpu:remove | packaged:cpu:online)
		kexec-packaged -p -u >>$directory/log 2>&1
		load
		;;
	*:memory:online | *:memory:offline)
		is_kept memory || : >$directory/event
		;;
	*:cpu:add | *:cpu:remove)
		[ "$(uname -m)" != x86_64 ] || is_kept cpu || : >$directory/event
		;;
	*:cpu:online)
		[ "$(uname -m)" = x86_64 ] || is_kept cpu || : >$directory/event
		;;
	esac
}

# As kdump-load --reload: when nothing has come for two seconds.
reload() {
	while :; do
		if [ -e $directory/event ]; then
			while [ -e $directory/event ]; do
				rm $directory/event
				pause 2
			done
			load
		fi
		pause 0.02
	done
}

# A line for each change: when, and whether an image is there that was made for what is there, or is kept.
watch() {
	before='' known=''
	while :; do
		read -r now _ </proc/uptime
		read -r there <$loaded
		read -r image <$directory/image
		look
		if [ "$there" = 0 ]; then
			is=none
		elif [ "$image" = "$state" ] || [ "$known" = "$state" ]; then
			is=current
		elif [ "$1" = hotplug ] && is_kept cpu && is_kept memory; then
			known=$state is=current
		else
			is=stale
		fi
		[ "$is" = "$before" ] || echo "$now $is" >>$directory/watched
		before=$is
		pause 0.005
	done
}

case $1 in
start)
	mkfifo $directory/nothing
	load || exit
	watch "$2" &
	[ "$2" = packaged ] || reload &
	uevent /sbin/unprotected event "$2" &
	;;
event) on_event "$2" ;;
esac
