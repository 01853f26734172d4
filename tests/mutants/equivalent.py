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
}
