# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Mutants that no test can notice, and why.

{(file, function, kind, text before, text after, number): reason}
"""
EQUIVALENT = {
    ("kexec/prove.c", "prove_disjoint", "compare",
     "for (unsigned int i = 0; i < image->n_segments; i++)",
     "for (unsigned int i = 0; i <= image->n_segments; i++)", 1):
        "nothing is compared with what lies behind the last segment: there is no later one",
    ("kexec/arch/ppc64/prove.c", "prove_fdt", "compare",
     "bootargs = chosen < 0 ? NULL : fdt_getprop(s->data, chosen, \"bootargs\", &len);",
     "bootargs = chosen <= 0 ? NULL : fdt_getprop(s->data, chosen, \"bootargs\", &len);", 1):
        "only the root is at offset 0",
    ("kexec/arch/ppc64/prove.c", "prove_fdt", "compare",
     "if (fdt_path_offset(s->data, \"/cpus\") < 0)",
     "if (fdt_path_offset(s->data, \"/cpus\") <= 0)", 1):
        "only the root is at offset 0",
    ("kexec/arch/ppc64/prove.c", "reserved_ranges", "compare",
     "for (int i = 0; i < fdt_num_mem_rsv(fdt) && rc >= 0; i++)",
     "for (int i = 0; i <= fdt_num_mem_rsv(fdt) && rc >= 0; i++)", 1):
        "behind the last entry is the one which ends the map: a range of no bytes",
    ("kexec/elfcorehdr.c", "elfcorehdr_hotplug_size", "compare",
     "return (m->elfcorehdr_size > more ? m->elfcorehdr_size : more) + ELF64_PHDR_SIZE;",
     "return (m->elfcorehdr_size >= more ? m->elfcorehdr_size : more) + ELF64_PHDR_SIZE;", 1):
        "of two equal numbers either is the larger",
    ("kexec/elfcorehdr.c", "elfcorehdr_hotplug_size", "compare",
     "if (more > elfcorehdr_size(ELFCOREHDR_PHDRS_MAX))",
     "if (more >= elfcorehdr_size(ELFCOREHDR_PHDRS_MAX))", 1):
        "what is equal becomes what it is",
    ("kexec/elfcorehdr.c", "put_loads", "compare",
     "uint64_t end = r->end < h->backup_size ? r->end : h->backup_size;",
     "uint64_t end = r->end <= h->backup_size ? r->end : h->backup_size;", 1):
        "of two equal numbers either is the smaller",
    ("common/ranges.c", "by_start", "compare",
     "return x->end > y->end ? -1 : 1;",
     "return x->end >= y->end ? -1 : 1;", 1):
        "they differ here",
    ("common/ranges.c", "by_start", "compare",
     "return x->start < y->start ? -1 : 1;",
     "return x->start <= y->start ? -1 : 1;", 1):
        "they differ here",
    ("common/ranges.c", "ranges_cover", "compare",
     "for (size_t i = 0; i < r->n && start < end; i++)",
     "for (size_t i = 0; i < r->n && start <= end; i++)", 1):
        "where all is covered, nothing more can be missing",
    ("common/ranges.c", "ranges_cover", "compare",
     "if (r->at[i].start <= start && start < r->at[i].end)",
     "if (r->at[i].start <= start && start <= r->at[i].end)", 1):
        "a range that ends there leads no further",
    ("common/ranges.c", "ranges_intersect", "compare",
     "a->end < with->at[k].end ? a->end : with->at[k].end, a->why);",
     "a->end <= with->at[k].end ? a->end : with->at[k].end, a->why);", 1):
        "of two equal numbers either is the smaller",
    ("common/ranges.c", "ranges_intersect", "compare",
     "append(&out, a->start > with->at[k].start ? a->start : with->at[k].start,",
     "append(&out, a->start >= with->at[k].start ? a->start : with->at[k].start,", 1):
        "of two equal numbers either is the larger",
    ("common/ranges.c", "ranges_intersect", "compare",
     "for (size_t k = w; k < with->n && with->at[k].start < a->end; k++)",
     "for (size_t k = w; k < with->n && with->at[k].start <= a->end; k++)", 1):
        "what begins where the range ends has nothing in common with it",
    ("common/ranges.c", "ranges_intersect", "compare",
     "while (w < with->n && with->at[w].end <= a->start)",
     "while (w < with->n && with->at[w].end < a->start)", 1):
        "what ends where the range begins has nothing in common with it",
    ("common/ranges.c", "ranges_merge", "compare",
     "else if (r->at[i].end > last->end)",
     "else if (r->at[i].end >= last->end)", 1):
        "an end that is equal is set to what it is",
    ("common/ranges.c", "ranges_subtract", "compare",
     "for (size_t k = h; k < holes->n && holes->at[k].start < end; k++) {",
     "for (size_t k = h; k < holes->n && holes->at[k].start <= end; k++) {", 1):
        "a hole that begins where the range ends takes nothing of it",
    ("common/ranges.c", "ranges_subtract", "compare",
     "while (h < holes->n && holes->at[h].end <= at)",
     "while (h < holes->n && holes->at[h].end < at)", 1):
        "a hole that ends where the range begins takes nothing of it",
    ("common/ranges.c", "ranges_subtract_one", "compare",
     "if (start < end)",
     "if (start <= end)", 1):
        "the two halves around a hole of no bytes become one again",
}
