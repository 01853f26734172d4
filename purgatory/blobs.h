/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* The purgatories inside this program, one for each kind of machine (configure --enable-arches). */
#ifndef PURGATORY_BLOBS_H
#define PURGATORY_BLOBS_H

#include <stddef.h>

struct purgatory_blob {
	const char *name;		/* of the machine: "ppc64le"; NULL ends the table */
	const unsigned char *data;
	size_t size;
};

extern const struct purgatory_blob purgatory_blobs[];

#endif
