# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# watch.sh CONTROL MEASURED, in the capture kernel of a drill and in a mount namespace of its own: answers on one terminal
# (channel.sh), and says on the other what memory is free, four times a second for as long as it lives:
# "m UPTIME MemTotal MemFree MemAvailable SUM", in KiB. Each line has the sum of its sizes, as a PC's terminal loses characters.

control=$1 measured=$2 here=/.kdump-drill
mkdir -p /proc /sys /dev /tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp

kernel=plain
[ ! -e /proc/vmcore ] || kernel=capture
sh $here/channel.sh "$control" "$kernel" &

# From here on nothing is started: what was brought along goes away, but for the pages of the program that runs this, and
# init ends what it does not know.
exec 4<>"/dev/$measured"
stty raw -echo <&4
while :; do
	total=0 free=0 available=0
	while read -r key value rest; do
		case $key in
		MemTotal:) total=$value ;;
		MemFree:) free=$value ;;
		MemAvailable:) available=$value ;;
		esac
	done </proc/meminfo
	read -r uptime rest </proc/uptime
	echo "m $uptime $total $free $available $((total + free + available))" >&4
	read -r -t 0.25 rest <&4
done
