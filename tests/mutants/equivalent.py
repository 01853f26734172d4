# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Mutants that no test can notice, and why.

{(file, function, kind, the statement with the change in it, number): reason}
"""
EQUIVALENT = {
    ("common/file.c", "file_take_streams", "never",
     "if (!((streams[0].revents | streams[1].revents | streams[2].revents) & POLLNVAL))", 1):
        "something is opened and closed again: two system calls, and nothing else",
    ("kexec/prove.c", "prove_disjoint", "compare",
     "for (unsigned int i = 0; i [< -> <=] image->n_segments; i++)", 1):
        "nothing is compared with what lies behind the last segment: there is no later one",
    ("kexec/arch/ppc64/prove.c", "prove_fdt", "compare",
     "if (fdt_path_offset(s->data, \"/cpus\") [< -> <=] 0)", 1):
        "only the root is at offset 0",
    ("kexec/arch/ppc64/seal.c", "seal_first_cpu", "compare",
     "return node [>= -> >] 0 && flatcpus_is_cpu(fdt, node) ? node : -FDT_ERR_NOTFOUND;", 1):
        "no node below another is at offset 0",
    ("kexec/arch/ppc64/seal.c", "seal_add_node", "compare",
     "int prop, len, rc = node [< -> <=] 0 ? node : 0;", 1):
        "no node below another is at offset 0",
    ("kexec/arch/ppc64/seal.c", "seal_cpus_end", "compare",
     "for (; node [>= -> >] 0 && flatcpus_is_cpu(fdt, node); node = fdt_next_subnode(fdt, node))", 1):
        "no node below another is at offset 0",
    ("kexec/arch/ppc64/seal.c", "ppc64_seal_fdt", "compare",
     "node = like [< -> <=] 0 ? like : seal_add_node(copy, s->data, like);", 1):
        "no node below another is at offset 0",
    ("kexec/arch/ppc64/seal.c", "ppc64_seal_fdt", "compare",
     "if (node [>= -> >] 0)", 1):
        "no node below another is at offset 0",
    ("kexec/arch/ppc64/seal.c", "ppc64_seal_fdt", "compare",
     "if (node [>= -> >] 0)", 2):
        "no node below another is at offset 0",
    ("kexec/arch/ppc64/seal.c", "ppc64_seal_fdt", "compare",
     "return node [>= -> >] 0 ? 0 : fail(EINVAL, \"the FDT: no node of a CPU is the first below /cpus\");", 1):
        "no node below another is at offset 0",
    ("kexec/arch/ppc64/seal.c", "seal_has_all_cpus", "compare",
     "if (cpus [< -> <=] 0 || fdt_first_subnode(fdt, cpus) != at)", 1):
        "only the root is at offset 0",
    ("kexec/elfcorehdr.c", "core_move_start", "compare",
     "end = core->dump.at[0].end [< -> <=] size ? core->dump.at[0].end : size;", 1):
        "of two equal numbers either is the smaller",
    ("kexec/elfcorehdr.c", "notes_to_come", "compare",
     "return m->possible.n [> -> >=] m->n_notes ? m->possible.n - m->n_notes : 0;", 1):
        "no CPU is to come: the difference is 0",
    ("kexec/elfcorehdr.c", "elfcorehdr_hotplug_size", "compare",
     "if (more [> -> >=] elfcorehdr_size(ELFCOREHDR_PHDRS_MAX))", 1):
        "what is equal becomes what it is",
    ("kexec/elfcorehdr.c", "elfcorehdr_hotplug_size", "compare",
     "return (hint [> -> >=] more ? hint : more) + ELF64_PHDR_SIZE;", 1):
        "of two equal numbers either is the larger",
    ("common/ranges.c", "by_start", "compare",
     "return x->start [< -> <=] y->start ? -1 : 1;", 1):
        "they differ here",
    ("common/ranges.c", "by_start", "compare",
     "return x->end [> -> >=] y->end ? -1 : 1;", 1):
        "they differ here",
    ("common/ranges.c", "ranges_merge", "compare",
     "else if (r->at[i].end [> -> >=] last->end)", 1):
        "an end that is equal is set to what it is",
    ("common/ranges.c", "ranges_subtract", "compare",
     "while (h < holes->n && holes->at[h].end [<= -> <] at)", 1):
        "a hole that ends where the range begins takes nothing of it",
    ("common/ranges.c", "ranges_subtract", "compare",
     "for (size_t k = h; k < holes->n && holes->at[k].start [< -> <=] end; k++)", 1):
        "a hole that begins where the range ends takes nothing of it",
    ("common/ranges.c", "ranges_subtract_one", "compare",
     "if (start [< -> <=] end)", 1):
        "the two halves around a hole of no bytes become one again",
    ("common/ranges.c", "ranges_intersect", "compare",
     "while (w < with->n && with->at[w].end [<= -> <] a->start)", 1):
        "what ends where the range begins has nothing in common with it",
    ("common/ranges.c", "ranges_intersect", "compare",
     "for (size_t k = w; k < with->n && with->at[k].start [< -> <=] a->end; k++)", 1):
        "what begins where the range ends has nothing in common with it",
    ("common/ranges.c", "ranges_intersect", "compare",
     "append(&out, a->start [> -> >=] with->at[k].start ? a->start : with->at[k].start, a->end < with->at[k].end ? a->end : with->at[k].end, a->why);", 1):
        "of two equal numbers either is the larger",
    ("common/ranges.c", "ranges_intersect", "compare",
     "append(&out, a->start > with->at[k].start ? a->start : with->at[k].start, a->end [< -> <=] with->at[k].end ? a->end : with->at[k].end, a->why);", 1):
        "of two equal numbers either is the smaller",
    ("common/ranges.c", "ranges_cover", "compare",
     "for (size_t i = 0; i < r->n && start [< -> <=] end; i++)", 1):
        "where all is covered, nothing more can be missing",
    ("common/ranges.c", "ranges_cover", "compare",
     "if (r->at[i].start <= start && start [< -> <=] r->at[i].end)", 1):
        "a range that ends there leads no further",
    ("common/idlist.c", "idlist_has", "compare",
     "if (list->id[middle] [< -> <=] id)", 1):
        "they differ here",
    ("common/elf.c", "byte_order", "compare",
     "*little = if_little == if_big ? data[5] == 1 : if_little [> -> >=] if_big;", 1):
        "they differ here",
    ("common/elf.c", "headers_size", "compare",
     "if (*need [< -> <=] l->ehdr)", 1):
        "what is equal becomes what it is",
    ("common/elf.c", "read_phdrs", "compare",
     "uint32_t announced = elf->n_phdrs, n = announced [< -> <=] max ? announced : max;", 1):
        "of two equal numbers either is the smaller",
    ("common/file.c", "read_piece", "compare",
     "done += n [> -> >=] 0 ? (uint64_t)n : 0;", 1):
        "the difference is 0",
    ("common/file.c", "read_start", "compare",
     "for (uint64_t done = 0; done [< -> <=] size && rc >= 0; done += READ_PIECE)", 1):
        "a piece of no bytes is there at once",
    ("common/file.c", "read_start", "compare",
     "uint64_t piece = size - done [< -> <=] READ_PIECE ? size - done : READ_PIECE;", 1):
        "of two equal numbers either is the smaller",
    ("common/file.c", "map_start", "compare",
     "for (uint64_t done = 0; f->data && done [< -> <=] size; done += PROGRESS_PIECE)", 1):
        "of a piece of no bytes nothing is touched",
    ("common/file.c", "map_start", "compare",
     "uint64_t piece = size - done [< -> <=] PROGRESS_PIECE ? size - done : PROGRESS_PIECE;", 1):
        "of two equal numbers either is the smaller",
    ("kexec/arch/ppc64/capture.c", "take_piece", "compare",
     "if (end [< -> <=] size)", 1):
        "at address 0 nothing is free: the vectors are there, or what is taken first",
    ("kexec/arch/ppc64/capture.c", "reserve_segments", "compare",
     "int rc = ranges_add(reserved, 0, page [> -> >=] VECTORS_SIZE ? page : VECTORS_SIZE, \"vectors\");", 1):
        "of two equal numbers either is the larger",
    ("kexec/arch/ppc64/capture.c", "take_lowest", "compare",
     "if (start [>= -> >] end || end - start < size)", 1):
        "no bytes are fewer than what is taken",
    ("common/file.c", "file_open", "compare",
     "rc = read_piece(f, f->head, 0, f->size [< -> <=] FILE_HEAD_SIZE ? f->size : FILE_HEAD_SIZE);", 1):
        "of two equal numbers either is the smaller",
    ("common/file.c", "map_start", "compare",
     "if (fcntl(f->fd, F_GETLEASE) != F_RDLCK || size [> -> >=] SIZE_MAX / 2)", 1):
        "so much cannot be mapped",
    ("common/file.c", "file_unpacked", "compare",
     "memcpy(f->head, data, size [< -> <=] FILE_HEAD_SIZE ? size : FILE_HEAD_SIZE);", 1):
        "of two equal numbers either is the smaller",
    ("kexec/kcore.c", "kcore_piece", "compare",
     "*done = offset [>= -> >] data->len ? 0 : data->len - offset < len ? data->len - offset : len;", 1):
        "at the end there are no bytes, either way",
    ("kexec/kcore.c", "kcore_piece", "compare",
     "*done = offset >= data->len ? 0 : data->len - offset [< -> <=] len ? data->len - offset : len;", 1):
        "of two equal numbers either is the smaller",
    ("kexec/logread.c", "logread_lines", "compare",
     "if (!found || found [>= -> >] line + len)", 1):
        "no word begins with the newline that ends the line",
    ("kexec/nexttree.c", "nexttree_reserved", "compare",
     "for (int i = 0; i [< -> <=] fdt_num_mem_rsv(fdt) && rc >= 0; i++)", 1):
        "the entry that ends the map is an empty range",
    ("kexec/nexttree.c", "nexttree_prove", "compare",
     "bootargs = chosen [< -> <=] 0 ? NULL : fdt_getprop(s->data, chosen, \"bootargs\", &len);", 1):
        "only the root is at offset 0",
    ("kexec/format/image.c", "image_understand", "compare",
     ".filesz = k->file.size [< -> <=] size ? k->file.size : size", 1):
        "of two equal numbers either is the smaller",
    ("kexec/devicetree.c", "dt_compare_names", "compare",
     "int order = strncmp(a, b, base_a [< -> <=] base_b ? base_a : base_b);", 1):
        "of two equal numbers either is the smaller",
    ("kexec/devicetree.c", "dt_compare_names", "compare",
     "return base_a [< -> <=] base_b ? -1 : 1;", 1):
        "they differ here",
    ("kexec/devicetree.c", "dt_compare_names", "compare",
     "return strlen(unit_a) [< -> <=] strlen(unit_b) ? -1 : 1;", 1):
        "they differ here",
    ("kexec/devicetree.c", "dt_insert", "compare",
     "if (parent->last && dt_compare_names(parent->last->name, node->name) [<= -> <] 0)", 1):
        "from the start the same place is found",
    ("kexec/devicetree.c", "dt_insert", "never",
     "if (parent->last && dt_compare_names(parent->last->name, node->name) <= 0)", 1):
        "from the start the same place is found",
    ("kexec/devicetree.c", "dt_compatible", "compare",
     "for (size_t at = 0; p && at [< -> <=] p->len;)", 1):
        "behind the last string is none that fits",
    ("kexec/devicetree.c", "dt_set", "compare",
     "while (*at && strcmp((*at)->name, name) [< -> <=] 0)", 1):
        "there is no property of that name",
    ("kexec/arch/ppc64/room.c", "find_memory_end", "always",
     "if (rc >= 0)", 1):
        "ppc64_check_dtb() says the same",
    ("kexec/arch/ppc64/room.c", "find_memory_end", "never",
     "if (rc < 0)", 1):
        "ppc64_check_dtb() says the same",
    ("kexec/arch/ppc64/room.c", "find_memory_end", "succeed",
     "return fail_in(rc, \"%s\", image->dtb.name);", 1):
        "ppc64_check_dtb() says the same",
    ("kexec/arch/ppc64/room.c", "find_crash_room", "always",
     "if (rc >= 0)", 2):
        "nothing is placed in an image that is refused",
    ("kexec/arch/ppc64/pointers.c", "give_tpm_log", "never",
     "if (!dt_prop(node, \"linux,sml-base\"))", 1):
        "give_pointer() asks again: it is only sooner",
    ("kexec/devicetree-fs.c", "dt_read_again", "never",
     "if (i && sysroot_is_live(sr))", 1):
        "it only waits, on a machine whose devices go",
    ("kexec/devicetree-fs.c", "dt_read_again", "always",
     "if (i)", 1):
        "before the first time nothing is recorded",
    ("kexec/devicetree-flatten.c", "structure_size", "one",
     "*names += strlen(p->name)[+ 1 -> ];", 1):
        "this bound decides of trees of nearly 1 GiB alone",
    ("kexec/devicetree-flatten.c", "dt_flatten", "compare",
     "if (structure + structure_bytes + names [> -> >=] DT_SIZE_MAX)", 1):
        "a tree of exactly 1 GiB is for no unit test",
    ("kexec/devicetree-flatten.c", "name_hash", "empty",
     "return 0;", 1):
        "from any slot on a name is found, only later",
    ("kexec/arch/ppc64/dtb.c", "starting_cpu", "compare",
     "uint32_t cpu = m->reboot_cpu [< -> <=] 0 ? 0 : (uint32_t)m->reboot_cpu;", 1):
        "0 either way",
    ("kexec/arch/ppc64/dtb.c", "check_memory", "always",
     "if (rc >= 0)", 1):
        "of such cells avoid_reserved() has said so before",
    ("kexec/arch/ppc64/dtb.c", "forget_old_initrd", "compare",
     "if (!chosen || dt_number(chosen, \"linux,initrd-start\", &start) <= 0 || dt_number(chosen, \"linux,initrd-end\", &end) [<= -> <] 0)", 1):
        "no range ends at 0",
    ("kexec/arch/ppc64/dtb.c", "take_over_facts", "compare",
     "l = order [<= -> <] 0 ? l->next : l;", 1):
        "the other one's next is greater",
    ("kexec/arch/ppc64/dtb.c", "take_over_facts", "compare",
     "n = order [>= -> >] 0 ? n->next : n;", 1):
        "the other one's next is greater",
    ("common/text.c", "plain_run", "compare",
     "while (run [< -> <=] len)", 1):
        "behind the text is a NUL, which is not shown as it is either",
    ("common/decompress.c", "inflate_member", "compare",
     "if (!z->avail_in && *fed [< -> <=] in->size)", 1):
        "at the end nothing is left to be fed",
    ("common/decompress.c", "inflate_member", "compare",
     "z->avail_in = (uInt)(left [< -> <=] STEP ? left : STEP);", 1):
        "of two equal numbers either is the smaller",
    ("common/decompress.c", "run_zlib", "never",
     "if (zlib.inflateInit2_(&z, 15 + 16, ZLIB_VERSION, (int)sizeof(z)) != Z_OK)", 1):
        "zlib starts unless a few KiB of memory cannot be had",
    ("common/decompress.c", "run_zlib", "succeed",
     "return fail(ENOMEM, \"zlib cannot start\");", 1):
        "zlib starts unless a few KiB of memory cannot be had",
    ("common/decompress.c", "run_lzma", "never",
     "if (lzma_start(&s, in) != LZMA_OK)", 1):
        "liblzma starts unless a few KiB of memory cannot be had",
    ("common/decompress.c", "run_lzma", "succeed",
     "return fail(ENOMEM, \"liblzma cannot start\");", 1):
        "liblzma starts unless a few KiB of memory cannot be had",
    ("common/decompress.c", "zstd_all", "compare",
     "if (left && from.pos == from.size && to.pos [< -> <=] to.size)", 1):
        "libzstd keeps the last byte of a frame back until all of it is put out; without that byte it is truncated",
    ("common/decompress.c", "run_zstd", "never",
     "if (!ctx || zstd.ZSTD_isError(zstd.ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, window.upperBound)))", 1):
        "libzstd starts unless a few KiB of memory cannot be had",
    ("common/decompress.c", "file_decompress", "never",
     "if (!m->run)", 1):
        "what looks at mutants has every library; tests/dist/run looks at a build that has none",
    ("common/decompress.c", "file_decompress", "succeed",
     "return fail(ENOTSUP, \"is compressed with %s, but this kexec was built without %s\", m->name, m->library);", 1):
        "what looks at mutants has every library; tests/dist/run looks at a build that has none",
    ("kexec/format/elf.c", "by_addr", "compare",
     "return x->addr [< -> <=] y->addr ? -1 : x->addr > y->addr;", 1):
        "pieces at one address overlap, in whatever order",
    ("kexec/format/elf.c", "by_addr", "compare",
     "return x->addr < y->addr ? -1 : x->addr [> -> >=] y->addr;", 1):
        "pieces at one address overlap, in whatever order",
    ("kexec/format/elf.c", "check_align", "compare",
     "if (p->align [<= -> <] 1)", 1):
        "1 is a power of two, and not more than what is there",
    ("kexec/format/elf.c", "check_align", "compare",
     "if (p->align [> -> >=] k->align)", 1):
        "what is equal is set to what it is",
    ("kexec/format/elf.c", "collect", "compare",
     "if (!k->n_pieces || p->paddr [< -> <=] k->low)", 1):
        "pieces at one address overlap: they are refused",
    ("kexec/format/elf.c", "read_headers", "compare",
     "size_t len = f->size [< -> <=] sizeof(start) ? f->size : sizeof(start);", 1):
        "of two equal numbers either is the smaller",
    ("kexec/format/flat.c", "kernel_understand_flat", "compare",
     ".memsz = size + (size [> -> >=] BSS_MIN ? size : BSS_MIN)", 1):
        "of two equal numbers either is the larger",
    ("kexec/cmdline.c", "is_listed_whole", "compare",
     "return name [< -> <=] len && strlen(list) >= len && same_name(word, list, name) && !memcmp(word + name, list + name, len - name) && (!list[len] || strchr(cmdline_separators, list[len]));", 1):
        "a word without = is not what has one",
    ("kexec/rehearse.c", "prepared_for", "compare",
     "return size [> -> >=] others ? (size - others) / PHDR_SIZE : 0;", 1):
        "the difference is 0",
    ("kexec/rehearse.c", "rehearse_elfcorehdr", "compare",
     "n = ranges + 1 [> -> >=] most ? ranges + 1 : most;", 1):
        "of two equal numbers either is the larger",
    ("kexec/rehearse.c", "rehearse_elfcorehdr", "compare",
     "if (n + cpus + others [> -> >=] PHDRS_MAX)", 1):
        "what is equal is set to what it is",
    ("kexec/arch/ppc64/rehearse.c", "count_cpu", "compare",
     "threads = p && p->len [> -> >=] 4 ? p->len / 4 : 1;", 1):
        "4 bytes are one thread either way",
    ("kexec/arch/ppc64/rehearse.c", "count_cpu", "compare",
     "if (!live->fewest || threads [< -> <=] live->fewest)", 1):
        "what is equal is set to what it is",
    ("kexec/arch/ppc64/rehearse.c", "count_cpu", "compare",
     "if (!live->largest || node_bytes(n) [> -> >=] node_bytes(live->largest))", 1):
        "of two equally large nodes either stands for those to come",
    ("kexec/arch/ppc64/rehearse.c", "most_cores", "compare",
     "uint64_t more = m->possible.n [> -> >=] live->threads ? m->possible.n - live->threads : 0;", 1):
        "the difference is 0",
    ("kexec/arch/ppc64/rehearse.c", "add_cpu_node", "compare",
     "if (node [< -> <=] 0)", 1):
        "only the root is at offset 0",
    ("kexec/arch/ppc64/rehearse.c", "add_cpu_node", "never",
     "if (node < 0)", 1):
        "flatcpus_replace() lets it add two nodes where there is room for four",
    ("kexec/arch/ppc64/rehearse.c", "add_cpu_node", "always",
     "if (strcmp(p->name, \"name\"))", 1):
        "set twice, it is what it was set to last",
    ("kexec/arch/ppc64/rehearse.c", "add_cpu_node", "always",
     "if (!rc)", 1):
        "flatcpus_replace() lets it add two nodes where there is room for four",
    ("kexec/arch/ppc64/flatcpus.c", "flatcpus_find_free", "compare",
     "if (cpus [< -> <=] 0)", 1):
        "only the root is at offset 0",
    ("kexec/arch/ppc64/flatcpus.c", "make_bare", "never",
     "if (rc)", 1):
        "size_bound() has room for more than an empty tree",
    ("kexec/arch/ppc64/flatcpus.c", "measure", "compare",
     "if (cpus [< -> <=] 0)", 1):
        "no node below another is at offset 0",
    ("kexec/arch/ppc64/flatcpus.c", "flatcpus_replace", "compare",
     "if (*added [> -> >=] cores)", 1):
        "what is equal becomes what it is",
    ("kexec/arch/ppc64/survey.c", "add_area", "always",
     "if (rc >= 0)", 1):
        "what does not fit in 64 bits does not the second time, and the words are the same",
    ("kexec/arch/ppc64/survey.c", "survey_ram", "compare",
     "return rc [< -> <=] 0 ? rc : 0;", 1):
        "the other value is 0, too",
    ("kexec/arch/ppc64/survey.c", "survey_chosen", "compare",
     "if (size [> -> >=] m->crash_size)", 1):
        "what is equal becomes what it is",
    ("kexec/arch/ppc64/survey.c", "add_pointed", "compare",
     "return rc [< -> <=] 0 ? fail_in(rc, \"device tree: %s\", node->name) : 0;", 1):
        "0 is returned either way, and is_arch_300() forgets the words",
    ("kexec/arch/ppc64/survey.c", "add_pointed", "always",
     "if (rc >= 0)", 1):
        "what does not fit in 64 bits does not the second time, and the words are the same",
    ("kexec/arch/ppc64/survey.c", "survey_real_mode", "compare",
     "if (end && end [< -> <=] cap)", 1):
        "what is equal becomes what it is",
    ("kexec/arch/ppc64/tree.c", "put_usable", "compare",
     "uint64_t from = u->start [> -> >=] start ? u->start : start, to = u->end < end ? u->end : end;", 1):
        "of two equal numbers either is the larger",
    ("kexec/arch/ppc64/tree.c", "put_usable", "compare",
     "uint64_t from = u->start > start ? u->start : start, to = u->end [< -> <=] end ? u->end : end;", 1):
        "of two equal numbers either is the smaller",
    ("kexec/arch/ppc64/tree.c", "lmbs_without_usable", "empty",
     "return 0;", 1):
        "put_lmb() writes the same count of 0 for each of them, in more time",
    ("kexec/arch/ppc64/tree.c", "lmbs_without_usable", "compare",
     "return u->start [> -> >=] base ? (u->start - base) / size : 0;", 1):
        "the difference is 0",
    ("kexec/arch/ppc64/tree.c", "put_lmbs", "compare",
     "for (uint64_t i = 0; l->usable && i [< -> <=] l->n; i += without + 1)", 1):
        "of no LMBs none has usable memory, or lacks it: nothing is put",
    ("kexec/arch/ppc64/tree.c", "ppc64_new_tree", "always",
     "if (image->dtb_tree)", 1):
        "the live tree has all that is taken over from the live tree",
    ("kexec/arch/ppc64/cpunodes.c", "threads_of", "compare",
     "return p && p->len [>= -> >] 4 ? p->len / 4 : 1;", 1):
        "4 bytes are one thread either way",
    ("kexec/arch/ppc64/cpunodes.c", "cpunodes_count", "compare",
     "if (live_node_size(n) [> -> >=] largest)", 1):
        "of two equally large nodes either stands for those to come",
    ("kexec/arch/ppc64/cpunodes.c", "cpunodes_count", "compare",
     "if (threads_of(n) [< -> <=] threads)", 1):
        "what is equal is set to what it is",
    ("kexec/arch/ppc64/cpunodes.c", "cpunodes_count", "compare",
     "if (cores->possible [< -> <=] nodes)", 1):
        "what is equal is set to what it is",
    ("kexec/arch/ppc64/cpunodes.c", "cpunodes_needed", "compare",
     "return after [> -> >=] before ? after - before : 0;", 1):
        "the difference is 0",
    ("kexec/arch/x86_64/proofs.c", "read_inside", "compare",
     "if (at [< -> <=] r->addr || at - r->addr > r->len || size > r->len - (at - r->addr))", 1):
        "at the segment's start is the page, in which nothing of it may be",
    ("kexec/arch/x86_64/proofs.c", "read_inside", "compare",
     "if (at < r->addr || at - r->addr [> -> >=] r->len || size > r->len - (at - r->addr))", 1):
        "at the segment's end there are no bytes, and of none nothing is sound",
    ("kexec/arch/x86_64/proofs.c", "prove_entry", "compare",
     "if (!size || start + size [< -> <=] start)", 1):
        "equal only without bytes",
    ("kexec/arch/x86_64/proofs.c", "x86_64_prove_boot_data", "compare",
     "if (len < ZERO_PAGE || addr + len [< -> <=] addr)", 1):
        "equal only without bytes",
    ("kexec/arch/x86_64/e820.c", "e820_by_start", "compare",
     "return x->start [< -> <=] y->start ? -1 : 1;", 1):
        "they differ here",
    ("kexec/arch/x86_64/e820.c", "e820_by_start", "compare",
     "return x->end [< -> <=] y->end ? -1 : 1;", 1):
        "they differ here",
    ("kexec/arch/x86_64/e820.c", "e820_by_start", "compare",
     "return x->type [< -> <=] y->type ? -1 : x->type > y->type;", 1):
        "entries that are equal in all have no order",
    ("kexec/arch/x86_64/e820.c", "e820_by_start", "compare",
     "return x->type < y->type ? -1 : x->type [> -> >=] y->type;", 1):
        "entries that are equal in all have no order",
    ("kexec/arch/x86_64/boot-params.c", "boot_desc_size", "compare",
     "return size [< -> <=] X86_EFI_DESC_SIZE || size > EFI_DESC_MAX || size % 8 ? X86_EFI_DESC_SIZE : size;", 1):
        "what is equal is set to what it is",
    ("kexec/arch/x86_64/boot-params.c", "boot_header", "compare",
     "if (end [> -> >=] X86_HDR_END)", 1):
        "what is equal is set to what it is",
    ("kexec/arch/x86_64/boot-params.c", "boot_inherited", "compare",
     "if (page[X86_BP_EDD_ENTRIES] [> -> >=] EDD_MAX)", 1):
        "what is equal is set to what it is",
    ("kexec/arch/x86_64/boot-params.c", "boot_inherited", "compare",
     "if (page[X86_BP_EDD_MBR_ENTRIES] [> -> >=] EDD_MBR_MAX)", 1):
        "what is equal is set to what it is",
    ("kexec/arch/x86_64/boot-params.c", "boot_memory_sizes", "compare",
     "bytes_put(page + X86_BP_EXT_MEM_K, kib [> -> >=] 0xfc00 ? 0xfc00 : kib, 2, true);", 1):
        "of two equal numbers either is the smaller",
    ("kexec/arch/x86_64/boot-params.c", "boot_memory_sizes", "compare",
     "bytes_put(page + X86_BP_ALT_MEM_K, kib [> -> >=] UINT32_MAX ? UINT32_MAX : kib, 4, true);", 1):
        "of two equal numbers either is the smaller",
    ("kexec/arch/x86_64/boot-params.c", "boot_e820", "compare",
     "size_t n = e->n [< -> <=] X86_E820_IN_ZERO_PAGE ? e->n : X86_E820_IN_ZERO_PAGE;", 1):
        "of two equal numbers either is the smaller",
    ("kexec/format/bzimage.c", "bzimage_understand", "compare",
     "size_t len = k->file.size [< -> <=] sizeof(h) ? k->file.size : sizeof(h);", 1):
        "of two equal numbers either is the smaller",
    ("kexec/format/uki.c", "uki_find", "compare",
     "le32_get(s + SECTION_RAW_OFFSET), virtual [< -> <=] raw ? virtual : raw", 1):
        "of two equal numbers either is the smaller",
    ("kexec/format/format.c", "read_wrapping", "compare",
     "if (size [> -> >=] f->size)", 1):
        "what is equal becomes what it is",
    ("kexec/format/format.c", "read_wrapping", "compare",
     "if (size [> -> >=] DECOMPRESS_MAX)", 1):
        "a test would have to read 2 GiB",
    ("kexec/format/format.c", "kernel_read", "compare",
     "if (k->piece[i].offset + k->piece[i].filesz [> -> >=] end)", 1):
        "what is equal becomes what it is",
    ("kexec/format/format.c", "kernel_read", "compare",
     "if (end [> -> >=] DECOMPRESS_MAX)", 1):
        "a test would have to read 2 GiB",
    ("kexec/purgatory.c", "purgatory_hash", "compare",
     "for (unsigned int i = 0; i [< -> <=] image->n_segments; i++)", 1):
        "each region is in a segment: nobody gets to the last one without having found it",
    ("kexec/image.c", "image_fits", "compare",
     "uint64_t end = p.below && p.below [< -> <=] r->end ? p.below : r->end;", 1):
        "of two equal numbers either is the smaller",
    ("kexec/image.c", "image_fits", "compare",
     "uint64_t start = p.above [> -> >=] r->start ? p.above : r->start;", 1):
        "of two equal numbers either is the larger",
    ("kexec/image.c", "image_fits", "compare",
     "*addr = end [< -> <=] size ? 0 : round_down64(end - size, align);", 1):
        "the difference is 0",
    ("kexec/image.c", "image_fits", "compare",
     "return round_up_ok(start, align, addr) && *addr [< -> <=] end && end - *addr >= size;", 1):
        "in no bytes there is no room for a page",
    ("kexec/image.c", "largest_hole", "compare",
     "if (image->free.at[i].end - image->free.at[i].start [> -> >=] largest)", 1):
        "what is equal becomes what it is",
    ("kexec/image.c", "image_take", "compare",
     "uint64_t align = p.align [> -> >=] image->machine->page_size ? p.align : image->machine->page_size;", 1):
        "of two equal numbers either is the larger",
    ("kexec/image.c", "image_place_kernel", "compare",
     "uint64_t low = round_down64(k->low, p.align [> -> >=] page && k->relocatable ? p.align : page);", 1):
        "of two equal numbers either is the larger",
    ("kexec/arch/ppc64/needs.c", "find_floor", "compare",
     "return image->kernel.high - image->kernel.low [> -> >=] floor ? image->kernel.high - image->kernel.low : floor;", 1):
        "of two equal numbers either is the larger",
    ("kexec/arch/ppc64/needs.c", "find_old_initrd", "compare",
     "if (!chosen || dt_number(chosen, \"linux,initrd-start\", &r->start) <= 0 || dt_number(chosen, \"linux,initrd-end\", &r->end) [<= -> <] 0 || r->start >= r->end)", 1):
        "an end that is not there is 0, which is before every start",
    ("kexec/arch/ppc64/needs.c", "fill_needs", "compare",
     ".kernel_align = align [> -> >=] KERNEL_ALIGN ? align : KERNEL_ALIGN", 1):
        "of two equal numbers either is the larger",
    ("kexec/arch/ppc64/needs.c", "fill_needs", "compare",
     ".kernel_below = image->crash && f->rtas.n && limit [> -> >=] PPC64_RTAS_REACHES ? PPC64_RTAS_REACHES : limit", 1):
        "of two equal numbers either is the smaller",
    ("kexec/plan.c", "check_special", "compare",
     "for (size_t i = 0; i [< -> <=] ARRAY_SIZE(names); i++)", 1):
        "there are no more wishes than names",
    ("kexec/format/initrd.c", "initrd_append", "compare",
     "if (rc >= 0 && (size [> -> >=] DECOMPRESS_MAX || joined->len > DECOMPRESS_MAX - size))", 1):
        "a test would have to read 2 GiB",
    ("kexec/format/initrd.c", "initrd_append", "compare",
     "if (rc >= 0 && (size > DECOMPRESS_MAX || joined->len [> -> >=] DECOMPRESS_MAX - size))", 1):
        "a test would have to read 2 GiB",
    ("kexec/format/uki.c", "pe_extent", "compare",
     "if (pe_raw_end(pe_section(&pe, i)) [> -> >=] end)", 1):
        "the larger of two that are the same is either",
    ("kexec/arch/ppc64/drconf.c", "each_v1", "compare",
     "if (e.base != next || e.base [< -> <=] first.base || e.flags != first.flags)", 1):
        "what follows a block of memory does not begin where it does",
    ("kexec/arch/ppc64/drconf.c", "each_v1", "always",
     "if (e.base != next || e.base < first.base || e.flags != first.flags)", 1):
        "one block at a time is the same memory, if slower: tests/bench counts the instructions",
    ("kexec/arch/ppc64/drconf.c", "give", "compare",
     "if (lmbs.usable && (__builtin_mul_overflow(n, w->lmb_size, &bytes) || base + bytes [< -> <=] base))", 1):
        "equal only without bytes",
    ("kexec/purgatory.c", "purgatory_hash", "compare", "for (uint64_t at = 0; at [< -> <=] size; at += PROGRESS_PIECE)", 1):
        "of a piece without a byte nothing is hashed",
    ("kexec/purgatory.c", "purgatory_hash", "compare", "uint64_t n = left [< -> <=] PROGRESS_PIECE ? left : PROGRESS_PIECE;", 1):
        "of two equal numbers either is the smaller",
    ("kexec/arch/ppc64/capture.c", "lower", "compare",
     "return a [< -> <=] b ? a : b;", 1):
        "of two equal numbers either is the smaller",
    ("kexec/arch/ppc64/capture.c", "cpu_number", "compare",
     "if (dt_is_type(n, \"cpu\") && dt_number(n, name, &value) [< -> <=] 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("kexec/arch/ppc64/capture.c", "cpu_number", "always",
     "if (dt_is_type(n, \"cpu\") && dt_number(n, name, &value) < 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("kexec/arch/ppc64/capture.c", "need_stacks", "compare",
     "uint64_t stack = b->machine->page_size [> -> >=] STACK_SIZE ? b->machine->page_size : STACK_SIZE;", 1):
        "of two equal numbers either is the larger",
    ("kexec/arch/ppc64/capture.c", "take_pieces", "compare",
     "if (start [>= -> >] end)", 1):
        "no bytes are taken of what has none",
    ("kexec/arch/ppc64/capture.c", "largest_piece", "compare",
     "if (needs.at[i].align [> -> >=] largest)", 1):
        "what is equal becomes what it is",
    ("kexec/arch/ppc64/capture.c", "largest_piece", "compare",
     "for (size_t i = 0; i [< -> <=] needs.n; i++)", 1):
        "behind the last need is an empty one: there are fewer than there is room for",
    ("kexec/arch/ppc64/capture.c", "find_spare", "compare",
     "uint64_t start = r->end [< -> <=] size ? 0 : round_down64(r->end - size, size);", 1):
        "the difference is 0",
    ("kexec/arch/ppc64/capture.c", "prove_least", "compare",
     "for (size_t i = 0; i [< -> <=] needs->n; i++)", 1):
        "behind the last need is an empty one: there are fewer than there is room for",
    ("kexec/arch/ppc64/capture.c", "likely_total", "compare",
     "for (size_t i = 0; i [< -> <=] needs->n; i++)", 1):
        "behind the last need is an empty one: there are fewer than there is room for",
    ("kexec/arch/ppc64/capture.c", "warn_of_likely", "compare",
     "for (size_t i = 0; i [< -> <=] needs->n; i++)", 1):
        "behind the last need is an empty one: there are fewer than there is room for",
    ("kexec/arch/ppc64/capture.c", "ppc64_memory_cut", "compare",
     "for (size_t i = 0; i [< -> <=] memory->n && left; i++)", 1):
        "what is left is in one of the ranges: it is no more than all of them",
    ("kexec/arch/ppc64/capture.c", "threads_to_a_core", "compare",
     "if (p && p->len / 4 [> -> >=] most)", 1):
        "what is equal becomes what it is",
    ("kexec/arch/ppc64/capture.c", "capture_cpus", "compare",
     "if (!word || len [<= -> <] strlen(\"nr_cpus=\"))", 1):
        "no digits are the number 0, which limits nothing either",
    ("kexec/arch/ppc64/capture.c", "capture_cpus", "compare",
     "return n && n [< -> <=] possible ? lower((n + threads - 1) / threads * threads, possible) : possible;", 1):
        "no fewer than are possible are as many as are possible",
    ("kexec/arch/ppc64/capture.c", "ppc64_prove_region", "always",
     "if (rc >= 0)", 1):
        "a range from 0 on fits in 64 bits",
    ("kexec/failure.c", "failure_row", "compare",
     "for (size_t i = 0; i [< -> <=] ARRAY_SIZE(failure_rows); i++)", 1):
        "each step has a row for every errno: nobody gets to the last one without having found his",
    ("kexec/apply.c", "apply_check_hotplug", "compare",
     "if (state_kept(sr, &cpu_kept, &memory_kept) [< -> <=] 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("kexec/apply.c", "apply_check_hotplug", "always",
     "if (state_kept(sr, &cpu_kept, &memory_kept) < 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("kexec/arch/arm64/proofs.c", "chosen_number", "compare",
     "const uint8_t *p = chosen [< -> <=] 0 ? NULL : fdt_getprop(fdt, chosen, name, &len);", 1):
        "only the root is at offset 0",
    ("kexec/arch/arm64/proofs.c", "chosen_range", "compare",
     "const uint8_t *p = chosen [< -> <=] 0 ? NULL : fdt_getprop(fdt, chosen, name, &len);", 1):
        "only the root is at offset 0",
    ("kexec/arch/arm64/proofs.c", "chosen_range", "logic",
     "if (!p [|| -> &&] cells[0] < 1 || cells[1] < 1 || len % width || i >= len / width)", 1):
        "of no property the length is negative, or 0: of such there is no entry; nor in a width that is negative",
    ("kexec/arch/arm64/proofs.c", "chosen_range", "logic",
     "if (!p || cells[0] < 1 [|| -> &&] cells[1] < 1 || len % width || i >= len / width)", 1):
        "what is wrong with the cells makes the width negative, in which there is no entry; what has no size "
        "is not what is asked for",
    ("kexec/arch/arm64/proofs.c", "prove_places", "compare",
     "for (unsigned int i = 0; i [< -> <=] image->n_segments && !image->crash; i++)", 1):
        "behind the last segment is an empty one: there are fewer than there is room for",
    ("kexec/arch/arm64/proofs.c", "prove_mapped", "compare",
     "for (unsigned int i = 0; i [< -> <=] w->image->n_segments; i++)", 1):
        "behind the last segment is an empty one: there are fewer than there is room for",
    ("kexec/arch/arm64/idmap.c", "level_first", "compare",
     "while (level_shift(map, level) [>= -> >] IDMAP_BITS)", 1):
        "of no granule a level's first bit is the 48th: 39 is of 4 KiB, 47 of 16 KiB, 55 and 42 are of 64 KiB",
    ("kexec/arch/arm64/idmap.c", "find_touched", "compare",
     "for (unsigned int i = 0; i [< -> <=] image->n_segments; i++)", 1):
        "behind the last segment is an empty one: there are fewer than there is room for",
    ("kexec/arch/arm64/idmap.c", "arm64_idmap_place", "compare",
     "if (rc [< -> <=] 0)", 1):
        "there is always a root: of tables at least one",
    ("kexec/arch/arm64/idmap.c", "arm64_idmap_place", "compare",
     "if (rc [< -> <=] 0)", 3):
        "there is always a root: of tables at least one",
    ("kexec/arch/arm64/needs.c", "check_crash_region", "compare",
     "return rc [< -> <=] 0 ? rc : 0;", 1):
        "it is not 0 there",
    ("kexec/arch/arm64/survey.c", "survey_forget_own", "compare",
     "if (chosen && dt_number(chosen, \"linux,initrd-start\", &start) > 0 && dt_number(chosen, \"linux,initrd-end\", &end) [> -> >=] 0)", 1):
        "without an end it is 0, and nothing is compared with what ends at 0",
    ("kexec/arch/arm64/survey.c", "survey_forget_own", "always",
     "if (chosen && dt_number(chosen, \"linux,initrd-start\", &start) > 0 && dt_number(chosen, \"linux,initrd-end\", &end) > 0)", 1):
        "without a start the end is not read: it is 0, and nothing is compared with what ends at 0",
    ("kexec/arch/arm64/survey.c", "survey_tree", "compare",
     "rc = rc [< -> <=] 0 ? fail_in(rc, \"%s\", name) : 0;", 1):
        "a message without an error, which survey_forget_own forgets at once",
    ("kexec/arch/arm64/survey.c", "survey_code", "compare",
     "if (!code->end || l->start [< -> <=] code->start)", 1):
        "what is equal becomes what it is",
    ("kexec/arch/arm64/survey.c", "survey_code", "compare",
     "if (l->end [> -> >=] code->end)", 1):
        "what is equal becomes what it is",
    ("next-boot/entry.c", "entry_ends", "compare",
     "return len [> -> >=] n && !strcasecmp(name + len - n, suffix);", 1):
        "of the names of a directory those that begin with a dot, as suffixes do, are not listed",
    ("next-boot/grub.c", "grub_test", "compare",
     "any = every [> -> >=] any ? every : any;", 1):
        "of two equal truths either is the greater",
    ("next-boot/grub.c", "grub_test", "compare",
     "every = one [< -> <=] every ? one : every;", 1):
        "of two equal truths either is the smaller",
    ("next-boot/grub.c", "grub_test", "compare",
     "return every [> -> >=] any ? every : any;", 1):
        "of two equal truths either is the greater",
    ("next-boot/grub.c", "grub_runs", "compare",
     "runs = r->ifs[i].now [< -> <=] runs ? r->ifs[i].now : runs;", 1):
        "of two equal truths either is the smaller",
    ("next-boot/grub.c", "grub_control", "compare",
     "f->now = this [< -> <=] GRUB_YES - f->before ? this : GRUB_YES - f->before;", 1):
        "of two equal truths either is the smaller",
    ("next-boot/grub.c", "grub_control", "compare",
     "f->before = this [> -> >=] f->before ? this : f->before;", 1):
        "of two equal truths either is the greater",
    ("next-boot/grub.c", "grub_run", "compare", "return rc [< -> <=] 0 ? rc : 0;", 1):
        "0 is returned as 0",
    ("next-boot/loader.c", "efi_variable", "compare",
     "if (raw.len [> -> >=] EFI_ATTRIBUTES)", 1):
        "of no characters there is an empty string, which is left out",
    ("next-boot/loader.c", "loader_find_esp", "always",
     "if (rc >= 0)", 1):
        "close(2) of what is no descriptor does nothing",
    ("next-boot/loader.c", "loader_put_menu_last", "compare",
     "while (n [< -> <=] all->n && all->at[n].type == ENTRY_GRUB)", 1):
        "LOADER_GRUB_BLS is only where there is an entry of type 1: one ends it before the last",
    ("next-boot/loader.c", "loader_read", "always",
     "if (rc >= 0)", 3):
        "where it has failed, entries are only freed",
    ("next-boot/loader.c", "loader_free", "always",
     "if (l->esp.fd >= 0)", 1):
        "close(2) of what is no descriptor does nothing",
    ("next-boot/loader.c", "loader_free", "always",
     "if (l->boot.fd >= 0)", 1):
        "close(2) of what is no descriptor does nothing",
    ("next-boot/tree.c", "place_text", "compare",
     "out->len += got [> -> >=] 0 ? (size_t)got : 0;", 1):
        "what is 0 adds nothing",
    ("next-boot/version.c", "version_numbers", "compare",
     "r = m != n ? version_order(m [> -> >=] n, m < n) : memcmp(*a, *b, m);", 1):
        "they differ here",
    ("next-boot/version.c", "version_numbers", "compare",
     "r = m != n ? version_order(m > n, m [< -> <=] n) : memcmp(*a, *b, m);", 1):
        "they differ here",
    ("next-boot/version.c", "version_words", "compare",
     "int r = memcmp(*a, *b, m [< -> <=] n ? m : n);", 1):
        "of two equal numbers either is the smaller",
    ("kexec/fileproof.c", "fileproof_size", "compare",
     "if (state_crash_size(m->sr, &region) [< -> <=] 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("kexec/fileproof.c", "fileproof_size", "always",
     "if (state_crash_size(m->sr, &region) < 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("kexec/fileproof.c", "fileproof_size", "compare",
     "if (m->crash.end - m->crash.start && m->crash.end - m->crash.start [< -> <=] region)", 1):
        "what is equal is set to what it is",
    ("kexec/fileproof.c", "fileproof_size", "compare",
     "if (region [< -> <=] limit)", 1):
        "what is equal is set to what it is",
    ("kexec/devicetree-blob.c", "dt_read_sound_blob", "compare",
     "for (int i = 0; i [< -> <=] fdt_num_mem_rsv(blob) && rc >= 0; i++)", 1):
        "the last entry has no bytes: it reserves nothing",
    ("kexec/devicetree-blob.c", "dt_read_sound_blob", "succeed",
     "rc = rc ? blob_error(rc) : ranges_add(reserve, start, bytes, \"reserved by --dtb\");", 1):
        "an entry that libfdt has counted it can read",
    ("kexec/iomem.c", "iomem_crash_regions", "compare",
     "if (crash->at[i].start [> -> >=] crash->at[upper].start)", 1):
        "no two regions begin at one address",
    ("kexec/readiness.c", "copy_normal_state", "compare",
     "if (sr->copy && state_loaded(sr, false, &loaded) [< -> <=] 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("kexec/readiness.c", "copy_normal_state", "always",
     "if (sr->copy && state_loaded(sr, false, &loaded) < 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("kexec/readiness.c", "add_warning", "compare",
     "if (r->n_warnings [< -> <=] READINESS_WARNINGS)", 1):
        "no machine has more to be warned of than there is room for",
    ("kexec/readiness.c", "add_warning", "always",
     "if (r->n_warnings < READINESS_WARNINGS)", 1):
        "no machine has more to be warned of than there is room for",
    ("purgatory/kept.c", "kept_phdr_is_sane", "compare",
     "return p->memsz && p->filesz == p->memsz && p->offset + p->memsz [> -> >=] p->offset && p->paddr + p->memsz > p->paddr;", 1):
        "what is added is not 0",
    ("purgatory/kept.c", "kept_phdr_is_sane", "compare",
     "return p->memsz && p->filesz == p->memsz && p->offset + p->memsz > p->offset && p->paddr + p->memsz [> -> >=] p->paddr;", 1):
        "what is added is not 0",
    ("purgatory/arch/ppc64/tree.c", "tree_walk", "compare",
     "else if (tag == PROP && depth && room [>= -> >] 8)", 1):
        "a property at the very end: its node has no end, so it is damaged anyhow",
    ("purgatory/arch/ppc64/tree.c", "tree_walk", "compare",
     "if (len [> -> >=] room - 8 || name >= t->names_size || !tree_string(t->names + name, t->names_size - name))", 1):
        "a value up to the very end: its node has no end, so it is damaged anyhow",
    ("purgatory/arch/ppc64/tree.c", "tree_walk", "compare",
     "if (len > room - 8 || name [>= -> >] t->names_size || !tree_string(t->names + name, t->names_size - name))", 1):
        "there is no string in no bytes",
    ("purgatory/arch/ppc64/tree.c", "tree_walk", "compare",
     "if (was && (was_end - was [< -> <=] value - at || !tree_same(at, was, (uint64_t)(value - at))))", 1):
        "the last word of what was loaded is the end of a node, which has no value",
    ("purgatory/arch/ppc64/tree.c", "tree_walk", "never",
     "if (!len)", 1):
        "a name without an end is read on as tags, of which none is without a byte that is 0",
    ("purgatory/arch/ppc64/tree.c", "tree_same_head", "compare",
     "for (unsigned int i = 0; i [< -> <=] FDT_WORDS; i++)", 1):
        "the mask has no bit for it",
    ("kexec/load.c", "load_make_certain", "compare",
     "if (f.rc [< -> <=] 0 && load_may_do_without(t, f))", 1):
        "without what has failed, nothing has to be done without",
    ("kexec/load.c", "load_is_kept", "compare",
     "if (state_kept(t->sr, &cpu, &memory) [< -> <=] 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("kexec/load.c", "load_is_kept", "always",
     "if (state_kept(t->sr, &cpu, &memory) < 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("kexec/load.c", "load_verify", "always",
     "if (doubt)", 1):
        "of an image without doubts nothing is said",
    ("kexec/load.c", "unload", "compare",
     "if (rc [< -> <=] 0 && o->syscall != SYSCALL_FILE && way_goes_on(WAY_FILE, rc, false))", 1):
        "behind what has not failed no other call follows: 0 is in no list of way_goes_on()",
    ("common/decompress.c", "deflate_member", "empty",
     "return false;", 1):
        "zlib has the word then, and says the same, if slower: tests/bench counts the instructions",
    ("common/decompress.c", "deflate_member", "compare",
     "uint32_t room = in->size [>= -> >] 4 ? le32_get(in->data + in->size - 4) : 0;", 1):
        "zlib has the word then, and says the same, if slower: tests/bench counts the instructions",
    ("common/decompress.c", "deflate_member", "compare",
     "if (in->size - *at [< -> <=] 4 || in->data[*at + 3] & GZIP_HEADER_CRC || room > max || out->len > max - room || room / GZIP_RATIO_USUAL > in->size)", 1):
        "zlib has the word then, and says the same, if slower: tests/bench counts the instructions",
    ("common/decompress.c", "deflate_member", "compare",
     "if (in->size - *at < 4 || in->data[*at + 3] & GZIP_HEADER_CRC || room [> -> >=] max || out->len > max - room || room / GZIP_RATIO_USUAL > in->size)", 1):
        "zlib has the word then, and says the same, if slower: tests/bench counts the instructions",
    ("common/decompress.c", "deflate_member", "compare",
     "if (in->size - *at < 4 || in->data[*at + 3] & GZIP_HEADER_CRC || room > max || out->len [> -> >=] max - room || room / GZIP_RATIO_USUAL > in->size)", 1):
        "zlib has the word then, and says the same, if slower: tests/bench counts the instructions",
    ("common/decompress.c", "deflate_member", "compare",
     "if (in->size - *at < 4 || in->data[*at + 3] & GZIP_HEADER_CRC || room > max || out->len > max - room || room / GZIP_RATIO_USUAL [> -> >=] in->size)", 1):
        "zlib has the word then, and says the same, if slower: tests/bench counts the instructions",
    ("common/decompress.c", "run_deflate", "empty",
     "return false;", 1):
        "zlib has the word then, and says the same, if slower: tests/bench counts the instructions",
    ("common/decompress.c", "run_deflate", "empty",
     "return true;", 2):
        "what looks at mutants has every library; tests/dist/run looks at a build that has none",
    ("common/decompress.c", "run_deflate", "empty",
     "return false;", 2):
        "what looks at mutants has every library; tests/dist/run looks at a build that has none",
    ("common/decompress.c", "run_deflate", "compare",
     "if (library_need(&libdeflate_library) [< -> <=] 0)", 1):
        "zlib has the word then, and says the same, if slower: tests/bench counts the instructions",
    ("common/decompress.c", "run_deflate", "always",
     "if (library_need(&libdeflate_library) < 0)", 1):
        "zlib has the word then, and says the same, if slower: tests/bench counts the instructions",
    ("common/decompress.c", "run_deflate", "never",
     "if (library_need(&libdeflate_library) < 0)", 1):
        "what looks at mutants has every library; tests/dist/run looks at a build that has none",
    ("common/decompress.c", "run_deflate", "logic",
     "good = d [&& -> ||] deflate_member(d, in, &at, out, max);", 1):
        "what is gzip's begins with a member: it is then the loop that decodes it",
    ("common/decompress.c", "lz4_legacy_frame", "compare",
     "if (rc < 0 || size [> -> >=] (uint32_t)lz4.LZ4_compressBound(LZ4_LEGACY_BLOCK))", 1):
        "no block of 8 MiB is that large: literals alone, the longest form, take fewer bytes",
    ("common/decompress.c", "lz4_frame", "compare",
     "if (left && *at == in->size && to [< -> <=] STEP)", 1):
        "what ends a frame is read when all of it is put out; without that it is truncated",
    ("common/decompress.c", "run_lz4", "never",
     "if (lz4.LZ4F_isError(lz4.LZ4F_createDecompressionContext(&ctx, LZ4F_VERSION)))", 1):
        "liblz4 starts unless a few KiB of memory cannot be had",
    ("common/decompress.c", "run_lz4", "succeed",
     "return fail(ENOMEM, \"liblz4 cannot start\");", 1):
        "liblz4 starts unless a few KiB of memory cannot be had",
    ("common/decompress.c", "lzma_step", "succeed",
     "return ret == LZMA_OK ? 0 : fail(EINVAL, \"damaged\");", 1):
        "liblzma takes the limit that it has asked for",
    ("common/decompress.c", "run_zstd", "succeed",
     "rc = fail(ENOMEM, \"libzstd cannot start\");", 1):
        "libzstd starts unless a few KiB of memory cannot be had",
    ("kexec/files.c", "files_free", "always",
     "if (f->kernel_copy >= 0)", 1):
        "to close no descriptor does nothing",
    ("kexec/files.c", "files_free", "always",
     "if (f->initrd_copy >= 0)", 1):
        "to close no descriptor does nothing",
    ("kexec/files.c", "files_write", "compare",
     "if (n [< -> <=] 0 && errno != EINTR)", 1):
        "a memfd takes a byte at least, or says why not",
    ("kexec/files.c", "files_write", "compare",
     "data += n [> -> >=] 0 ? n : 0;", 1):
        "the difference is 0",
    ("kexec/files.c", "files_write", "compare",
     "size -= n [> -> >=] 0 ? (uint64_t)n : 0;", 1):
        "the difference is 0",
    ("kexec/files.c", "files_write_rest", "compare",
     "uint64_t size = f->whole - at [< -> <=] sizeof(data) ? f->whole - at : sizeof(data);", 1):
        "of two equal numbers either is the smaller",
    ("kexec/udev.c", "less_certain", "compare",
     "return a [< -> <=] b ? a : b;", 1):
        "of two equal ones either is the less certain",
    ("kexec/udev.c", "follow", "compare",
     "met = r->target->line [> -> >=] met ? r->target->line : met;", 1):
        "of two equal ones either is the greater",
    ("kexec/udev.c", "udev_append", "always",
     "if (!(out->n & (out->n - 1)))", 1):
        "what is copied more often is the same",
    ("kexec/machine.c", "facts_from_system", "never",
     "if (uname(&u) < 0)", 1):
        "uname(2) fails only for memory that is not the program's",
    ("kexec/machine.c", "facts_from_system", "succeed",
     "return fail(errno, \"uname: %s\", strerror(errno));", 1):
        "uname(2) fails only for memory that is not the program's",
    ("kexec/machine.c", "read_notes_of", "never",
     "if (rc == -ENOENT)", 1):
        "of what has no address check_no_size() does not miss the size",
    ("kexec/machine.c", "cpu_directory", "compare",
     "if (!len || len [> -> >=] 9 || digits[len] || (len > 1 && *digits == '0'))", 1):
        "no number of nine digits is below IDLIST_MAX",
    ("kexec/machine.c", "by_cpu", "compare",
     "return x->cpu [< -> <=] y->cpu ? -1 : x->cpu > y->cpu;", 1):
        "they differ here",
    ("kexec/machine.c", "by_cpu", "compare",
     "return x->cpu < y->cpu ? -1 : x->cpu [> -> >=] y->cpu;", 1):
        "they differ here",
    ("kexec/sysroot.c", "read_all", "compare",
     "size_t step = end - out->len [< -> <=] READ_STEP ? end - out->len : READ_STEP;", 1):
        "of two equal numbers either is the smaller",
    ("kexec/sysroot.c", "write_all", "compare",
     "if (n [< -> <=] 0 && errno != EINTR)", 1):
        "a file takes a byte at least, or says why not",
    ("kexec/sysroot.c", "write_all", "compare",
     "if (n [> -> >=] 0)", 1):
        "what is added is 0",
    ("kexec/sysroot.c", "note_incomplete", "compare",
     "if (rc [< -> <=] 0 && sr->incomplete && !*sr->incomplete)", 1):
        "what is noted of no failure is 0, as before",
    ("kexec/sysroot.c", "sysroot_exists", "always",
     "if (fd >= 0)", 1):
        "to close no descriptor does nothing",
    ("kexec/sysroot.c", "entry_of", "always",
     "if (e->d_type == DT_UNKNOWN)", 1):
        "what fstatat(2) says is what the directory said",
    ("kexec/sysroot.c", "list_directory", "never",
     "if (!dir->stream)", 1):
        "of an open directory there is a stream unless a few KiB of memory cannot be had",
    ("kexec/sysroot.c", "read_entry", "always",
     "if (!e->regular)", 1):
        "what was listed as a regular file is one",
    ("common/decompress.c", "file_decompress", "always",
     "if (rc >= 0)", 1):
        "what looks at mutants has every library",
    ("kexec/arch/x86_64/survey.c", "survey_by_number", "compare",
     "return *x [< -> <=] *y ? -1 : *x > *y;", 1):
        "where 1 and 01 are both there, 1 is read twice, in either order",
    ("kexec/arch/x86_64/survey.c", "survey_by_number", "compare",
     "return *x < *y ? -1 : *x [> -> >=] *y;", 1):
        "where 1 and 01 are both there, 1 is read twice, in either order",
    ("kexec/arch/x86_64/survey.c", "survey_add_entries", "always",
     "if (!__builtin_add_overflow(start, le64_get(table + 8), &end))", 1):
        "what wraps ends before it begins, and x86_64_e820_add() keeps no such area",
    ("kexec/arch/x86_64/survey.c", "survey_boot_e820", "compare",
     "if (n [> -> >=] X86_E820_IN_ZERO_PAGE)", 1):
        "what is equal becomes what it is",
    ("kexec/arch/x86_64/survey.c", "survey_boot_e820", "always",
     "if (n)", 1):
        "of no entries none is added",
    ("kexec/arch/x86_64/survey.c", "survey_addresses", "compare",
     "f->has_addresses = ram && text && f->text_end [> -> >=] f->text;", 1):
        "they differ: of a header with no bytes nothing is taken",
    ("common/progress.c", "progress_show", "compare",
     "if (progress.shown [< -> <=] (int)strlen(text))", 1):
        "what is equal becomes what it is",
    ("common/confine.c", "confine_rule", "always",
     "if (!any)", 2):
        "the number is loaded again, which is there still: nothing came between",
    ("common/confine.c", "confine_capabilities", "empty",
     "return 0;", 2):
        "for a host whose system calls have no table: what looks at mutants has one",
    ("common/confine.c", "confine_capabilities", "succeed",
     "return -ENOSYS;", 1):
        "for a host whose system calls have no table: what looks at mutants has one",
    ("common/confine.c", "confine_calls", "empty",
     "return 0;", 2):
        "for a host whose system calls have no table: what looks at mutants has one",
    ("common/confine.c", "confine_calls", "succeed",
     "return -ENOSYS;", 1):
        "for a host whose system calls have no table: what looks at mutants has one",
    ("vmcore-dmesg/notes.c", "parse_note", "compare",
     "return note->desc [<= -> <] end && note->descsz <= end - note->desc;", 1):
        "what ends with its name has no text, and nothing is behind it",
    ("vmcore-dmesg/notes.c", "parse_note", "never",
     "if (__builtin_add_overflow(at, NOTE_HEADER + round_up64(note->namesz, 4), &note->desc) || __builtin_add_overflow(note->desc, round_up64(note->descsz, 4), &note->next))", 1):
        "no file is large enough for a header at whose sizes that happens",
    ("vmcore-dmesg/notes.c", "read_note", "compare",
     "if (at [>= -> >] end)", 1):
        "no header ends where it begins",
    ("vmcore-dmesg/notes.c", "read_note", "compare",
     "return notes_read(f, at, d, sizeof(d), &len) && len [>= -> >] NOTE_HEADER && parse_note(d, len, at, end, f->core->elf.little, note);", 1):
        "of a header at the file's end there is no text",
    ("vmcore-dmesg/notes.c", "read_note", "never",
     "if (at >= end)", 1):
        "what begins behind the end does not end before it",
    ("vmcore-dmesg/notes.c", "take_note", "compare",
     "size_t len = note->descsz [< -> <=] VMCOREINFO_MAX ? note->descsz : VMCOREINFO_MAX;", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/notes.c", "end_of", "compare",
     "return p->filesz [< -> <=] UINT64_MAX - p->offset ? p->offset + p->filesz : UINT64_MAX;", 1):
        "the sum is the same",
    ("vmcore-dmesg/notes.c", "search_piece", "compare",
     "for (size_t i = 0; i + NAME_END [<= -> <] len; i += 4)", 1):
        "a name at the very end has no text behind it",
    ("vmcore-dmesg/notes.c", "search_piece", "compare",
     "for (unsigned int order = 0; order [< -> <=] 2; order++)", 1):
        "the third order is the second, which has found the same",
    ("vmcore-dmesg/notes.c", "search_notes", "compare",
     "else if (at [>= -> >] f->core->input.end)", 1):
        "one block more is looked for where there is none",
    ("vmcore-dmesg/notes.c", "search_notes", "compare",
     "at = len [< -> <=] end - at ? at + len : end;", 1):
        "the sum is the end",
    ("vmcore-dmesg/notes.c", "search_notes", "compare",
     "len = end - at [< -> <=] SEARCH_PIECE ? (size_t)(end - at) : SEARCH_PIECE;", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/segments.c", "compare", "compare",
     "return (x [> -> >=] y) - (x < y);", 1):
        "of two equal starts either comes first",
    ("vmcore-dmesg/segments.c", "compare", "compare",
     "return (x > y) - (x [< -> <=] y);", 1):
        "of two equal starts either comes first",
    ("vmcore-dmesg/segments.c", "add_starts", "compare",
     "if (last [< -> <=] UINT64_MAX)", 1):
        "behind the last address is 0, where there is a start",
    ("vmcore-dmesg/segments.c", "add_starts", "always",
     "if (last < UINT64_MAX)", 1):
        "behind the last address is 0, where there is a start",
    ("vmcore-dmesg/segments.c", "add_starts", "never",
     "if (!range_of(&elf->phdr[i], physical, mask, &start, &last))", 1):
        "of one start more the answer holds less far, and is the same",
    ("vmcore-dmesg/segments.c", "add_starts", "always",
     "if (s->at[i].start != s->at[s->n - 1].start)", 1):
        "of equal starts the last is found",
    ("vmcore-dmesg/elfcore.c", "elfcore_note_needs", "compare",
     "if (!__builtin_add_overflow(p->offset, p->filesz, &end) && end [> -> >=] core->needs)", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/elfcore.c", "find", "always",
     "if (!s->n)", 1):
        "what is made again is the same",
    ("vmcore-dmesg/elfcore.c", "elfcore_piece", "compare",
     "limit = p->filesz [< -> <=] p->memsz ? p->filesz : p->memsz;", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/elfcore.c", "elfcore_piece", "compare",
     "if (into [>= -> >] limit || __builtin_add_overflow(p->offset, into, &offset))", 1):
        "of no bytes none is there",
    ("vmcore-dmesg/elfcore.c", "elfcore_piece", "compare",
     "if (len [> -> >=] limit - into)", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/elfcore.c", "elfcore_piece", "compare",
     "if (input_read(&core->input, offset, buf, len, &done) [< -> <=] 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("vmcore-dmesg/elfcore.c", "elfcore_piece", "always",
     "if (input_read(&core->input, offset, buf, len, &done) < 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("vmcore-dmesg/input.c", "map", "compare",
     "in->map = in->size [<= -> <] SIZE_MAX / 2 ? mapping_make(in->fd, (size_t)in->size, PROT_READ, MAP_SHARED) : NULL;", 1):
        "there is no room for a map of half of all addresses",
    ("vmcore-dmesg/input.c", "in_parts", "compare",
     "if (in->parts[middle].end [<= -> <] offset)", 1):
        "nothing of the dump is where a part ends: parts do not touch",
    ("vmcore-dmesg/input.c", "in_parts", "compare",
     "return len [< -> <=] in->parts[low].end - offset ? len : (size_t)(in->parts[low].end - offset);", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/input.c", "input_map", "compare",
     "return len [< -> <=] in->map_size - offset ? len : (size_t)(in->map_size - offset);", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/input.c", "temporary_file", "compare",
     "if (fd [< -> <=] 0)", 1):
        "0 is standard input or the dump, which are open by then",
    ("vmcore-dmesg/input.c", "store", "compare",
     "if (n [>= -> >] 0)", 1):
        "of more bytes than none a file takes one, or it is an error",
    ("vmcore-dmesg/input.c", "read_some", "compare",
     "for (*done = 0; *done [< -> <=] len;)", 1):
        "no bytes more are read",
    ("vmcore-dmesg/input.c", "read_some", "compare",
     "if (n [> -> >=] 0)", 1):
        "it is not 0 here",
    ("vmcore-dmesg/input.c", "compare_parts", "compare",
     "return (x [> -> >=] y) - (x < y);", 1):
        "those that begin alike become one, whichever comes first",
    ("vmcore-dmesg/input.c", "compare_parts", "compare",
     "return (x > y) - (x [< -> <=] y);", 1):
        "those that begin alike become one, whichever comes first",
    ("vmcore-dmesg/input.c", "keep_parts", "compare",
     "else if (in->parts[i].end [> -> >=] last->end)", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/input.c", "copy_piece", "compare",
     "rc = flat_read(flat, left [< -> <=] COPY_PIECE ? (size_t)left : COPY_PIECE, &done);", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/input.c", "copy_piece", "compare",
     "if (offset + done [> -> >=] flat->size)", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/input.c", "copy_flattened", "compare",
     "return rc [< -> <=] 0 ? rc : 0;", 1):
        "0 is 0",
    ("vmcore-dmesg/input.c", "is_flattened", "compare",
     "if (len < FLATTENED_NAME || memcmp(d, FLATTENED, len [< -> <=] sizeof(FLATTENED) ? len : sizeof(FLATTENED)))", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/input.c", "needs_copy", "compare",
     "return n [> -> >=] 0 && is_flattened(d, (size_t)n) && !lseek(in->fd, 0, SEEK_SET);", 1):
        "what is empty is not flattened",
    ("vmcore-dmesg/input.c", "input_open", "compare",
     "return in->copy [< -> <=] 0 ? in->copy : 0;", 1):
        "0 is standard input or the dump, not the copy",
    ("vmcore-dmesg/input.c", "input_fill", "compare",
     "int rc = in->copy [>= -> >] 0 ? use_copy(in) : 0;", 1):
        "0 is standard input or the dump, not the copy",
    ("vmcore-dmesg/input.c", "input_close", "compare",
     "if (in->copy [>= -> >] 0)", 1):
        "0 is standard input or the dump, not the copy",
    ("vmcore-dmesg/input.c", "input_has", "compare",
     "if (in->cut && in_parts(in, offset - (len - 1), len [< -> <=] SIZE_MAX ? (size_t)len : SIZE_MAX) < len)", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/input.c", "input_read", "compare",
     "if (offset [>= -> >] in->end)", 1):
        "of no bytes none is there",
    ("vmcore-dmesg/input.c", "input_read", "compare",
     "if (len [> -> >=] in->end - offset)", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/diskdump.c", "go_near", "compare",
     "if (frame < d->at.frame || mark->frame [> -> >=] d->at.frame)", 1):
        "where it is already, as much is known",
    ("vmcore-dmesg/diskdump.c", "count_before", "compare",
     "while (d->at.frame [< -> <=] round_down64(frame, 8))", 1):
        "of no bytes none are counted",
    ("vmcore-dmesg/diskdump.c", "count_before", "compare",
     "len = read_part(d, d->bitmap + d->at.frame / 8, b, left [< -> <=] sizeof(b) ? (size_t)left : sizeof(b));", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/diskdump.c", "count_all", "compare",
     "for (size_t i = 1; i * d->step [<= -> <] frames; i++)", 1):
        "nobody asks for what is behind the last frame",
    ("vmcore-dmesg/diskdump.c", "is_whole", "compare",
     "if (!__builtin_add_overflow(desc.offset, desc.size, &end) && end [> -> >=] d->needs)", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/translate.c", "image_address", "compare",
     "if (vmcoreinfo_has_hex(&core->info, keys[i], &va) && va [< -> <=] lowest)", 1):
        "of two equal numbers either is the lowest",
    ("vmcore-dmesg/translate.c", "lowest_physical", "compare",
     "if (p->type == ELF_PT_LOAD && p->memsz && p->paddr [< -> <=] lowest)", 1):
        "of two equal numbers either is the lowest",
    ("vmcore-dmesg/translate.c", "arm64_direct", "compare",
     "middle = -(UINT64_C(1) << ((bits [< -> <=] 48 ? bits : 48) - 1));", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/translate.c", "translate_walk", "compare",
     "if (*len [> -> >=] size - (va & (size - 1)))", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/translate.c", "vmcore_physical", "compare",
     "if (*len - 1 [> -> >=] d->last - va)", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/translate.c", "vmcore_physical", "one",
     "if (*len[- 1 -> ] > d->last - va)", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/vmcore.c", "recognise", "compare",
     "if (memcmp(head, formats[i].magic, len [< -> <=] n ? len : n))", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/vmcore.c", "recognise", "succeed",
     "return fail(0, \"%s\", formats[i].what);", 1):
        "it is no error: 0 already",
    ("vmcore-dmesg/vmcore.c", "gap_by", "compare",
     "return n [< -> <=] max ? n : max;", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/vmcore.c", "gap_by", "compare",
     "if (n [> -> >=] vmcore_word_mask(core) - va)", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/vmcore.c", "piece", "compare",
     "return piece_by(core, !first, va, buf, len [< -> <=] nowhere ? len : (size_t)nowhere, at);", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/vmcore.c", "gap", "compare",
     "return n [< -> <=] other ? n : other;", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/vmcore.c", "vmcore_use_info", "always",
     "if (core->word != word)", 1):
        "what is made again is the same",
    ("vmcore-dmesg/vmcore.c", "span_init", "compare",
     "size_t most = size [< -> <=] SIZE_MAX / 2 ? (size_t)size : SIZE_MAX / 2;", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/vmcore.c", "span_read", "compare",
     "if (offset [> -> >=] s->size)", 1):
        "at the end no byte is there, and nobody asks for none",
    ("vmcore-dmesg/vmcore.c", "span_read", "compare",
     "if (offset < s->start || offset - s->start [> -> >=] s->valid || len > s->valid - (offset - s->start))", 1):
        "at the end no byte is held, and nobody asks for none",
    ("vmcore-dmesg/vmcore.c", "span_read", "compare",
     "s->valid = vmcore_read(s->core, s->va + offset, s->data, left [< -> <=] SPAN_PIECE ? left : SPAN_PIECE);", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/vmcore.c", "gap_size", "compare",
     "return (size_t)(n [< -> <=] end - offset ? n : end - offset);", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/vmcore.c", "span_block", "compare",
     "if (*len [> -> >=] end - offset)", 1):
        "what is equal becomes what it is",
    ("vmcore-dmesg/prb.c", "fits", "compare",
     "return field [<= -> <] structure && size <= structure - field;", 1):
        "no field that begins at the end has room",
    ("vmcore-dmesg/prb.c", "get_text", "compare",
     "*len = text_len [< -> <=] block - word ? text_len : block - word;", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/prb.c", "find_newest", "compare",
     "for (uint64_t index = 0; index [< -> <=] prb->count; index++)", 1):
        "behind the array there is no descriptor to read",
    ("vmcore-dmesg/prb.c", "prb_walk_ring", "one",
     "last = prb->count[- 1 -> ];", 1):
        "one more is where the newest is, and whose id differs counts for nothing then",
    ("vmcore-dmesg/records.c", "repair", "compare",
     "ring->next = ring->first [> -> >=] ring->size ? ring->size : ring->first;", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/textring.c", "line_at", "compare",
     "return i [< -> <=] r->line_len ? r->line[i] : 0;", 1):
        "behind a line is a newline or a zero, which are no part of a mark either",
    ("vmcore-dmesg/textring.c", "take", "always",
     "if (ring->line.len)", 1):
        "what is copied before it is handed out is the same",
    ("vmcore-dmesg/textring.c", "count_bytes", "compare",
     "return n [< -> <=] ring->size ? n : ring->size;", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/textring.c", "textring_walk_ring", "compare",
     "uint64_t before = ring->size - first [< -> <=] n ? ring->size - first : n;", 1):
        "of two equal numbers either is the smaller",
    ("vmcore-dmesg/log.c", "log_open", "compare",
     "for (unsigned int i = 0; i < core->n_infos && core->n_infos [> -> >=] 1 && most < ALL; i++)", 1):
        "the only note is taken whatever it is worth",
    ("vmcore-dmesg/log.c", "log_open", "compare",
     "for (unsigned int i = 0; i < core->n_infos && core->n_infos > 1 && most [< -> <=] ALL; i++)", 1):
        "no note is worth more than all there is",
    ("vmcore-dmesg/log.c", "log_last_time", "compare",
     "if (log_walk(core, &log) [< -> <=] 0)", 1):
        "where nothing has failed, nothing is forgotten",
    ("vmcore-dmesg/log.c", "log_last_time", "always",
     "if (log_walk(core, &log) < 0)", 1):
        "where nothing has failed, nothing is forgotten",
}
