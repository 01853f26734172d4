# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# Process 1 of a capture kernel in a drill (rdinit=): starts the watch, waits until it has looked at the dump,
# and becomes the init that the initrd has. What was brought along is gone before that, but for the
# pages of busybox, which the watch runs from: the memory which is measured is the initrd's and that.

export PATH=/.kdump-drill/bin
here=/.kdump-drill init=/init
read -r terminals <$here/terminals
read -r init <$here/next
# For what runs in the background, a shell opens it; the initrd may have none yet.
mkdir -p /dev
[ -e /dev/null ] || mknod /dev/null c 1 3
unshare -m sh $here/watch.sh $terminals &

# Whoever drills may have lost the terminal; the initrd's own story goes on all the same.
tenths=0
while [ ! -e $here/go ] && [ $tenths -lt 3000 ]; do
	usleep 100000
	tenths=$((tenths + 1))
done
rm -r $here
unset here tenths terminals
export PATH=/sbin:/usr/sbin:/bin:/usr/bin
exec "$init" "$@"
