#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# In the emulated Debian's capture system, before kdump-tools saves the dump:
# what vmcore-dmesg makes of /proc/vmcore itself, the headers of that, what is
# at some addresses in there, and whether anything of ours runs there.
mkdir -p /var/crash/seen && cd /var/crash/seen || exit
vmcore-dmesg --output=log /proc/vmcore 2>errors
echo $? >status
head -c 131072 /proc/vmcore >headers

# "OFFSET PHYSICAL SIZE" of each Elf64_Phdr with memory.
count=$(od -An -v -t u2 -j 56 -N 2 headers)
od -An -v -w56 -t u8 -j 64 -N $((count * 56)) headers | while read -r kind offset _ physical size _; do
	[ $((kind & 0xffffffff)) -ne 1 ] || echo "$offset $physical $size"
done >loads
# "ADDRESS DIGEST" of the page there, when it can be read.
for address in $(cat ../samples); do
	while read -r offset physical size; do
		[ "$address" -ge "$physical" ] && [ "$address" -lt $((physical + size)) ] || continue
		dd if=/proc/vmcore bs=4096 count=1 iflag=skip_bytes,fullblock skip=$((offset + address - physical)) >page &&
			echo "$address $(md5sum <page | cut -d ' ' -f 1)"
	done <loads
done >samples 2>/dev/null

systemctl is-active kdump.service kexec.service kdump-reload.path kdump-reload.service >units
cat /sys/kernel/kexec_crash_loaded >loaded
sync
