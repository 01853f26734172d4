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
 *	ring COUNT_BITS SIZE_BITS			(3 8; the older layouts have no COUNT_BITS)
 *	layout prb|records|bytes			(prb)
 *	header BYTES		of a record, in the ring of records (16)
 *	align BYTES		of a record there	(4)
 *	names printk_log|log|none	what vmcoreinfo calls its header (printk_log)
 *	latched			clear_seq is a latched pair
 *	shift BYTES		moves each field of each structure (0)
 *	exact			a block may end where the ring ends (as newer kernels)
 *	version NUMBER		e_version		(1)
 *	extended		the number of program headers is in a section header
 *	tables			x86_64: page tables that map "at" to "load"'s PADDR
 *	uts			what makedumpfile wants besides, to accept it
 *	over VADDR PADDR WHERE WHAT	one more PT_LOAD, "first" or "last" of all, as large
 *				as the other: bytes of value WHAT, or if that is "log" the
 *				same memory with the log's texts in capitals
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
 *	level NUMBER		facility << 3 | level of the records to come (6)
 *	flags NUMBER		and their flags		(0)
 *	caller NUMBER		and their caller	(0)
 *	dict TEXT		and their dictionary, in the ring of records
 *	clear			dmesg --clear
 *
 * The older layouts know "record" alone; the ring of bytes has "<LEVEL>[time] "
 * in front of each.
 *
 * then damage, in numbers of the word's size or smaller, N counting records:
 *
 *	put prb|descs|infos|data|count_bits|size_bits|head_id|tail_id VALUE
 *	put N state_var|begin|next|seq|text_len|id VALUE
 *	put log_buf|log_buf_len|log_first_idx|log_next_idx|log_end|logged_chars VALUE
 *	put N len|text_len|dict_len VALUE	of a record in the ring of records; N is its
 *						offset in the ring
 *
 * The rings are filled by small models of the kernels' writers
 * (kernel/printk/printk_ringbuffer.c: prb_reserve, data_alloc, data_push_tail;
 * printk.c in 3.5 to 5.9: log_store, log_make_free_space; in 3.4: emit_log_char).
 */
#ifndef TESTS_UNIT_MKCORE_H
#define TESTS_UNIT_MKCORE_H

#include "common/mem.h"

/* Exits with a message when @text is not understood: a mistake in the test. */
void mkcore(struct buf *core, const char *text);

#endif
