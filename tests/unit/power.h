/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* A small POWER machine that can load, as files of a directory; beside them DIR/vmlinux,
 * DIR/initrd. */
#ifndef TESTS_UNIT_POWER_H
#define TESTS_UNIT_POWER_H

#include "common/elf.h"
#include "kexec/sysroot.h"
#include "purgatory/blobs.h"
#include "tests/unit/unit.h"

#define POWER_TREE "proc/device-tree/"
#define POWER_CPUS 8 /* possible, two threads a core; one core is present */

/* A kexec without it plans for no such machine. */
static inline bool unit_has_purgatory(const char *name)
{
	for (const struct purgatory_blob *p = purgatory_blobs; p->name; p++)
		if (!strcmp(p->name, name))
			return true;
	return false;
}

struct power {
	const char *dir, *name;
	bool little;
	uint32_t page_size;
};

static inline void power_text(const struct power *p, const char *name, const char *text)
{
	unit_write(p->dir, name, text, strlen(text));
}

static inline void power_be(const struct power *p, const char *name, uint64_t value,
			    unsigned int size)
{
	uint8_t data[8];

	bytes_put(data, value, size, false);
	unit_write(p->dir, name, data, size);
}

static inline void power_cpus(const struct power *p)
{
	power_text(p, SYS_CPU_POSSIBLE, "0-7\n");
	power_text(p, SYS_CPU_PRESENT, "0-1\n");
	power_text(p, SYS_CPU_ONLINE, "0-1\n");
	power_text(p, SYS_CPU_CRASH_HOTPLUG, "0\n");
	power_text(p, SYS_MEMORY_CRASH_HOTPLUG, "0\n");
	for (unsigned int i = 0; i < POWER_CPUS; i++) {
		STRING_AUTO notes = mem_printf(SYS_CPU "/cpu%u/crash_notes", i);
		STRING_AUTO size = mem_printf(SYS_CPU "/cpu%u/crash_notes_size", i);
		STRING_AUTO addr = mem_printf("%x\n", 0x7f000000 + 0x10000 * i);

		power_text(p, notes, addr);
		power_text(p, size, "568\n");
	}
}

#define POWER_CPU_NODE POWER_TREE "cpus/PowerPC,POWER9@0/"

/* 2 GiB of memory, 512 MiB of them reserved in the middle, with firmware in the reservation. */
static inline void power_tree(const struct power *p)
{
	static const uint8_t all_memory[16] = { [12] = 0x80 };
	static const uint8_t vec5[40] = { [24] = 0x40 }; /* radix */

	power_be(p, POWER_TREE "#address-cells", 2, 4);
	power_be(p, POWER_TREE "#size-cells", 2, 4);
	unit_write(p->dir, POWER_TREE "memory@0/device_type", "memory", 7);
	unit_write(p->dir, POWER_TREE "memory@0/reg", all_memory, sizeof(all_memory));
	unit_write(p->dir, POWER_TREE "chosen/bootargs", "root=/dev/sda1", 15);
	unit_write(p->dir, POWER_TREE "chosen/ibm,architecture-vec-5", vec5, sizeof(vec5));
	power_be(p, POWER_TREE "chosen/linux,kernel-end", 0x3000000, 8);
	power_be(p, POWER_TREE "chosen/linux,crashkernel-base", 512 << 20, 8);
	power_be(p, POWER_TREE "chosen/linux,crashkernel-size", 512 << 20, 8);
	power_be(p, POWER_TREE "rtas/linux,rtas-base", 0x2fff0000, 4);
	power_be(p, POWER_TREE "rtas/rtas-size", 0x10000, 4);
	unit_write(p->dir, POWER_CPU_NODE "device_type", "cpu", 4);
	unit_write(p->dir, POWER_CPU_NODE "name", "PowerPC,POWER9", 15);
	unit_write(p->dir, POWER_CPU_NODE "ibm,ppc-interrupt-server#s", "\0\0\0\0\0\0\0\1", 8);
	power_be(p, POWER_CPU_NODE "reg", 0, 4);
}

/* The few bytes of an ELF file that make a relocatable kernel. */
static inline void power_kernel(const struct power *p)
{
	enum { TEXT = 0x1000, SIZE = 0x20000 };
	uint8_t *d = mem_alloc(TEXT + SIZE);

	memcpy(d, "\177ELF\2\0\1", 7);
	d[5] = p->little ? 1 : 2;
	bytes_put(d + 16, ELF_ET_DYN, 2, p->little);
	bytes_put(d + 18, ELF_EM_PPC64, 2, p->little);
	bytes_put(d + 20, 1, 4, p->little);
	bytes_put(d + 32, ELF64_EHDR_SIZE, 8, p->little);
	bytes_put(d + 52, ELF64_EHDR_SIZE, 2, p->little);
	bytes_put(d + 54, ELF64_PHDR_SIZE, 2, p->little);
	bytes_put(d + 56, 1, 2, p->little);
	bytes_put(d + 64, ELF_PT_LOAD, 4, p->little);
	bytes_put(d + 24, 0xc000000000000000, 8, p->little); /* entry, as linked */
	bytes_put(d + 72, TEXT, 8, p->little);
	bytes_put(d + 80, 0xc000000000000000, 8, p->little);
	bytes_put(d + 96, SIZE, 8, p->little);
	bytes_put(d + 104, SIZE + 0x12345, 8, p->little);
	bytes_put(d + TEXT + 0x5c, 0x72756e30, 4, p->little); /* "run0" */
	unit_write(p->dir, "vmlinux", d, TEXT + SIZE);
	free(d);
}

static inline void power_write(const struct power *p)
{
	STRING_AUTO facts = mem_printf("machine %s\nbyte-order %s\npage-size %u\nrelease 6.12.0\n",
				       p->name, p->little ? "little" : "big", p->page_size);
	STRING_AUTO size = mem_printf("%u\n", 64 + 56 * (POWER_CPUS + 1 + 8192));

	power_text(p, SNAPSHOT_FACTS, facts);
	power_text(p, SYS_ELFCOREHDR_SIZE, size);
	power_text(p, SYS_VMCOREINFO, "0x000000007e000000 1024\n");
	power_cpus(p);
	power_tree(p);
	power_kernel(p);
	power_text(p, "initrd", "what an initrd begins with");
}

#endif
