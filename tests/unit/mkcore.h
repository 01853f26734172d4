/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * Text to ELF: core files that hold a kernel log, for tests.
 *
 * One directive a line. The settings come first:
 *
 *	class 32|64		of the ELF file		(64; 32 loads at 0xc0100000)
 *	order little|big	of everything		(little)
 *	mark little|big		what EI_DATA claims	(as order)
 *	word BYTES		of unsigned long	(class / 8)
 *	machine NUMBER		e_machine		(21, ppc64)
 *	type NUMBER		e_type			(4, ET_CORE)
 *	release TEXT		OSRELEASE		(6.12.0)
 *	load VADDR PADDR	what the PT_LOAD says	(0xc000000000100000 0x100000)
 *	at VADDR		where the kernel has it	(as load)
 *	ring COUNT_BITS SIZE_BITS			(3 8)
 *	shift BYTES		moves each field of each structure (0)
 *	exact			a block may end where the ring ends (as newer kernels)
 *	split BYTES		two PT_LOADs, stored in reverse order
 *	absent BYTES		of the memory's end are in memsz but not in filesz
 *	line TEXT		one more line of vmcoreinfo, before the others
 *	omit TEXT		drop the lines of vmcoreinfo that start so
 *	note NAMESZ DESCSZ	a note header (and nothing behind it) before VMCOREINFO
 *	cut BYTES		off the end of the file
 *
 * then what the kernel did, in order; TEXT may hold \n, \\ and \xNN:
 *
 *	record SEC.USEC TEXT	finalized
 *	commit SEC.USEC TEXT	committed only
 *	reserve SEC.USEC TEXT	still being written
 *	blank SEC.USEC		a record without text
 *	fail SEC.USEC		a record that found no room for its text
 *
 * then damage, in numbers of the word's size or smaller, N counting records:
 *
 *	put prb|descs|infos|data|count_bits|size_bits|head_id|tail_id VALUE
 *	put N state_var|begin|next|seq|text_len|id VALUE
 *
 * The ring is filled by a small model of the kernel's writer
 * (kernel/printk/printk_ringbuffer.c: prb_reserve, data_alloc, data_push_tail).
 */
#ifndef TESTS_UNIT_MKCORE_H
#define TESTS_UNIT_MKCORE_H

#include "common/mem.h"

/* Exits with a message when @text is not understood: a mistake in the test. */
void mkcore(struct buf *core, const char *text);

#endif
