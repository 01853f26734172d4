#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# In the emulated Debian's capture system, before kdump-tools saves the dump:
# what vmcore-dmesg makes of /proc/vmcore itself, the headers of that, and
# whether anything of ours runs there.
mkdir -p /var/crash/seen && cd /var/crash/seen || exit
vmcore-dmesg --output=log /proc/vmcore 2>errors
echo $? >status
head -c 131072 /proc/vmcore >headers
systemctl is-active kdump.service kexec.service kdump-reload.path kdump-reload.service >units
cat /sys/kernel/kexec_crash_loaded >loaded
sync
