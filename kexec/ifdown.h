/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
#ifndef KEXEC_IFDOWN_H
#define KEXEC_IFDOWN_H

/*
 * Take every network interface but loopback down, so that no device writes
 * into memory while another kernel starts (rtnetlink(7)). 0 or a negative
 * errno of what kept us from asking; an interface that refuses is left up.
 */
int ifdown_all(void);

#endif
