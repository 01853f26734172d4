// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
#include <inttypes.h>
#include <string.h>

#include "common/error.h"
#include "kexec/kcore.h"

static int kcore_piece(void *from, uint64_t offset, void *out, size_t len, size_t *done)
{
	const struct buf *data = from;

	*done = offset >= data->len ? 0 : data->len - offset < len ? data->len - offset : len;
	memcpy(out, data->data + (*done ? offset : 0), *done);
	return 0;
}

/* Twice: to know how many there are, and with them. */
static int kcore_read(const struct sysroot *sr, struct buf *data)
{
	uint64_t need = 0;
	int rc = sysroot_read_start(sr, PROC_KCORE, ELF64_EHDR_SIZE, data);

	if (rc >= 0)
		rc = elf_headers_size(data->data, data->len, UINT64_MAX, &need);
	if (rc >= 0 && need > ELF64_EHDR_SIZE + (uint64_t)UINT16_MAX * ELF64_PHDR_SIZE)
		rc = fail(EINVAL, "its program headers end at 0x%" PRIx64, need);
	data->len = 0;
	return rc < 0 ? rc : sysroot_read_start(sr, PROC_KCORE, (size_t)need, data);
}

int kcore_headers(const struct sysroot *sr, struct arena *arena, struct elf *elf, const char **why)
{
	STRING_AUTO name = sysroot_name(sr, PROC_KCORE);
	BUF_AUTO data = {0};
	int rc = kcore_read(sr, &data);

	*why = NULL;
	if (rc == -ENOENT || rc == -EACCES || rc == -EPERM) {
		*why = rc == -ENOENT ?
			"/" PROC_KCORE " is not there" :
			"/" PROC_KCORE
			" must not be read (lockdown=confidentiality, no CAP_SYS_RAWIO, or a unit"
			" of systemd with ProtectKernelTunables)";
		fail_forget();
		return 0;
	}
	if (rc >= 0)
		rc = elf_read_core(elf, arena, &(struct elf_reader){ kcore_piece, &data },
				   UINT16_MAX);
	return rc < 0 ? fail_in(rc, "%s", name) : 0;
}
