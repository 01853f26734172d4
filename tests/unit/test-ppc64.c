// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/* What machines of POWER say of themselves, and the device tree that the next kernel gets. */
#include "tests/unit/trees.h"
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <libfdt.h>

#include "kexec/arch/ppc64/ppc64.h"
#include "kexec/sysroot.h"

static struct arena arena;
static char *dir;

static int setup(void **state)
{
	(void)state;
	dir = unit_directory();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unit_remove(dir);
	arena_free(&arena);
	fail_forget();
	return 0;
}

/* --- what a machine says --- */

static void write_node(const char *path, const struct dt_node *node)
{
	STRING_AUTO here = mem_printf("%s/%s", path, node->name);

	mkdir(here, 0777);
	for (const struct dt_prop *p = node->props; p; p = p->next)
		unit_write(here, p->name, p->data, p->len);
	for (const struct dt_node *n = node->children; n; n = n->next)
		write_node(here, n);
}

static void put_ranges(struct buf *out, const char *name, const struct ranges *r, const char *usual)
{
	BUF_AUTO text = {0};

	buf_printf(&text, "%s", name);
	for (size_t i = 0; i < r->n; i++)
		buf_printf(&text, " %" PRIx64 "-%" PRIx64, r->at[i].start, r->at[i].end);
	if (strcmp((char *)text.data, usual))
		buf_printf(out, "%s%s", out->len ? ", " : "", (char *)text.data);
}

static void put_number(struct buf *out, const char *name, uint64_t value, uint64_t usual)
{
	if (value != usual)
		buf_printf(out, "%s%s %" PRIx64, out->len ? ", " : "", name, value);
}

static void put_word(struct buf *out, const char *word, bool is_so)
{
	if (is_so)
		buf_printf(out, "%s%s", out->len ? ", " : "", word);
}

/* All that differs from a guest with a hash table that has 0-1000, and nothing else. */
static const char *told(const struct machine *m)
{
	const struct ppc64_facts *f = m->arch_facts;
	BUF_AUTO out = {0};

	buf_printf(&out, "%s", "");
	put_ranges(&out, "memory", &f->memory, "memory 0-1000");
	put_ranges(&out, "ram", &m->ram, "ram 0-1000");
	put_ranges(&out, "avoid", &m->avoid, "avoid");
	put_ranges(&out, "rtas", &f->rtas, "rtas");
	put_ranges(&out, "opal", &f->opal, "opal");
	put_ranges(&out, "pointed", &f->pointed, "pointed");
	put_ranges(&out, "reserved", &f->reserved, "reserved");
	put_ranges(&out, "coherent", &f->coherent, "coherent");
	put_number(&out, "crash", m->crash.start, 0);
	put_number(&out, "to", m->crash.end, 0);
	put_ranges(&out, "more", &m->crash_more, "more");
	put_number(&out, "kernel", m->kernel_end, 0);
	put_number(&out, "base", f->opal_base, 0);
	put_number(&out, "entry", f->opal_entry, 0);
	for (size_t i = 0; i < f->n_cpus; i++)
		put_number(&out, i ? "cpu" : "cpus", f->cpu[i].cpu << 8 | f->cpu[i].hardware_id,
			   UINT64_MAX);
	put_word(&out, "bare", !f->guest);
	put_word(&out, "radix", f->radix);
	put_word(&out, "keystore", f->keystore);
	put_word(&out, "hvterm", f->hvterm);
	put_number(&out, "unit", f->hvterm_unit, 0);
	put_number(&out, "limit", m->real_mode_limit, 0x1000);
	return arena_string(&arena, (char *)out.data, out.len);
}

#define CELLS		":#size-cells=<2 "
#define PLAIN		CELLS "memory@0:device_type=memory,reg=<0.0.0.1000 "
#define BARE		PLAIN "ibm;opal "
#define AREA(at, size)	"linux;rtas-base=<" at ",rtas-size=<" size " "
#define GPU		"compatible=ibm;coherent-device-memory"
#define LINE(text)	PROC_IOMEM, text "\n"
#define ID(cpu)		SYS_CPU "/cpu" #cpu "/physical_id"
#define DRCONF(flags) \
	"ibm;dynamic-reconfiguration-memory:ibm;lmb-size=<0.100," \
	"ibm;dynamic-memory=<1.0.2000.0.0.0." flags " "
#define MEMORY(at, reg)	"memory@" at ":device_type=memory,reg=<" reg " "
#define CPU(id, pvr)	"cpus/c@" id ":device_type=cpu,cpu-version=<" pvr " "
#define VEC5(cell)	"chosen:ibm;architecture-vec-5=<0.0.0.0.0.0." cell " "
#define ALL		"limit ffffffffffffffff"
#define GIB		"memory, ram, limit 40000000"
#define TIB		"memory, ram, limit 10000000000"

struct survey_row {
	const char *tree, *file, *text; /* of one file more, or NULL */
	const char *want;		/* or, with err, what the message says */
	int err;
	const char *cmdline;		/* NULL: none */
	uint64_t crash_size;		/* 0: not known */
};

#define IS(words, facts)		{ words, .want = facts }
#define REFUSED(words, no, text)	{ words, .want = text, .err = no }

static const struct survey_row survey_rows[] = {
	IS(PLAIN, ""),
	IS(CELLS "x", "memory, ram, limit 40000000"),

	/* memory */
	IS(PLAIN DRCONF("8"), "memory 0-1000 2000-2100, ram 0-1000 2000-2100"),
	IS(PLAIN DRCONF("0"), ""),
	REFUSED(CELLS "memory@0:device_type=memory,reg=<0 " DRCONF("8"), EINVAL,
	  "memory@0/reg has 4 bytes"),
	REFUSED(":#size-cells=<3", EINVAL, "/#size-cells is 3"),
	{ PLAIN, LINE("0-7ff : System RAM"), .want = "ram 0-800" },
	{ PLAIN, LINE("0-7ff : System ROM"), .want = "" },
	{ PLAIN, LINE("00-00 : System RAM\n0-0 : System RAM"), .want = "" },
	{ PLAIN, LINE("10-10 : System RAM\n20-21 : System RAM"), .want = "ram 20-22" },
	{ PLAIN, LINE("0-7ff : System RAM (kmem)"), .want = "ram 0-800, avoid 0-800" },
	{ PLAIN, LINE("0-7ff : x\n  0-3ff : System RAM"), .want = "ram 0-400, avoid 0-400" },
	{ PLAIN, LINE("800-17ff : System RAM\n0-7ff : System RAM\n  10-1f : Kernel code"),
	  .want = "ram 0-1800" },
	{ PLAIN, LINE("10-1f : Crash kernel\n20-20 : Crash kernel\n31-32 : Crash kernel"),
	  .want = "more 10-20 31-33" },
	{ PLAIN "chosen", LINE("30-3f : Crash kernel\n20-2f : Crash kernel"),
	  .want = "more 20-40" },
	{ PLAIN, PROC_IOMEM "/x", "", .want = PROC_IOMEM ": is not a regular file", .err = EINVAL },

	/* mem= */
	IS(PLAIN "chosen:linux;memory-limit=<400", ""),
	{ PLAIN "chosen:linux;memory-limit=<400", .want = "ram 0-400", .cmdline = "mem=1K" },
	{ PLAIN "chosen:linux;memory-limit=<0", .want = "", .cmdline = "mem=1K" },
	{ PLAIN "chosen", .want = "", .cmdline = "mem=1K" },
	{ PLAIN, .want = "", .cmdline = "mem=1K" },
	{ PLAIN "chosen:linux;memory-limit=<400", LINE("0-7ff : System RAM"), .want = "ram 0-800",
	  .cmdline = "mem=1K" },
	{ PLAIN "chosen:linux;memory-limit=ab", .want = "chosen/linux,memory-limit has 3 bytes",
	  .err = EINVAL, .cmdline = "mem=1K" },
	{ PLAIN "chosen:linux;memory-limit=ab", PROC_IOMEM "/x", "",
	  .want = PROC_IOMEM ": is not a regular file", .err = EINVAL, .cmdline = "mem=1K" },
	{ PLAIN "chosen:linux;memory-limit=<400", PROC_IOMEM "/x", "",
	  .want = PROC_IOMEM ": is not a regular file", .err = EINVAL, .cmdline = "mem=1K" },

	/* CPUs: 0, 2 and 3 are present */
	{ PLAIN, SYS_CPU "/x", "", .want = "" },
	{ PLAIN, ID(0), "8", .want = "cpus 8" },
	{ PLAIN, ID(3), "8", .want = "cpus 308" },
	{ PLAIN, ID(1), "8", .want = "" },
	{ PLAIN, ID(0), "x", .want = "cpu0/physical_id: \"x\" is not a number", .err = EINVAL },
	{ PLAIN, ID(3), "x", .want = "cpu3/physical_id: \"x\" is not a number", .err = EINVAL },
	{ PLAIN, SYS_CPU, "", .want = SYS_CPU ": is not a directory", .err = EINVAL },

	/* what /chosen says */
	IS(PLAIN "chosen:linux;kernel-end=<300", "kernel 300"),
	REFUSED(PLAIN "chosen:linux;kernel-end=ab", EINVAL, "linux,kernel-end has 3"),
	IS(PLAIN "chosen:linux;htab-base=<200,linux;htab-size=<80", "avoid 200-280"),
	IS(PLAIN "chosen:linux;kernel-end=<300,linux;htab-base=<200,linux;htab-size=<80,"
	  "linux;crashkernel-base=<400,linux;crashkernel-size=<100",
	  "avoid 200-280, crash 400, to 500, kernel 300"),
	REFUSED(PLAIN "chosen:linux;htab-base=ab,linux;htab-size=<80", EINVAL,
	  "linux,htab-base has 3"),
	REFUSED(PLAIN "chosen:linux;htab-base=<200,linux;htab-size=ab", EINVAL,
	  "linux,htab-size has 3"),
	IS(PLAIN "chosen:linux;crashkernel-base=<400", "crash 400, to 400"),
	IS(PLAIN "chosen:linux;crashkernel-size=<400", ""),
	REFUSED(PLAIN "chosen:linux;crashkernel-base=ab,linux;crashkernel-size=<100", EINVAL,
	  "linux,crashkernel-base has 3"),
	REFUSED(PLAIN "chosen:linux;crashkernel-base=<400,linux;crashkernel-size=ab", EINVAL,
	  "linux,crashkernel-size has 3"),
	{ PLAIN "chosen:linux;crashkernel-base=<400,linux;crashkernel-size=<100",
	  .want = "crash 400, to 480", .crash_size = 0x80 },
	{ PLAIN "chosen:linux;crashkernel-base=<400,linux;crashkernel-size=<100",
	  .want = "crash 400, to 500", .crash_size = 0x180 },
	{ PLAIN "chosen:linux;crashkernel-base=<400,linux;crashkernel-size=<100",
	  LINE("380-47f : Crash kernel"), .want = "crash 400, to 500, more 380-400" },
	IS(PLAIN "chosen:linux;crashkernel-base=<ffffffff.fffff000,linux;crashkernel-size=<fff",
	  "crash fffffffffffff000, to ffffffffffffffff"),
	REFUSED(PLAIN "chosen:linux;crashkernel-base=<ffffffff.fffff000,"
	  "linux;crashkernel-size=<1000", EINVAL,
	  "the crash region of 0x1000 bytes at 0xfffffffffffff000 wraps around 64 bits"),

	/* firmware */
	IS(PLAIN "rtas:" AREA("200", "80"), "avoid 200-280, rtas 200-280"),
	IS(PLAIN "rtas:linux;rtas-base=<200", ""),
	IS(PLAIN "rtas:rtas-size=<200", ""),
	REFUSED(PLAIN "rtas:rtas-size=ab", EINVAL, "rtas/rtas-size has 3"),
	REFUSED(PLAIN "rtas:linux;rtas-base=ab,rtas-size=abcd", EINVAL,
	  "rtas/linux,rtas-base has 3"),
	REFUSED(PLAIN "rtas:" AREA("ffffffff.ffffffff", "2"), EOVERFLOW, "RTAS: 0x2 bytes at"),
	REFUSED(BARE "rtas:" AREA("ffffffff.ffffffff", "2"), EOVERFLOW, "RTAS: 0x2 bytes at"),
	IS(BARE, "bare, " ALL),
	IS(BARE "ibm;opal:opal-base-address=<300,opal-runtime-size=<40,opal-entry-address=<310",
	  "avoid 300-340, opal 300-340, base 300, entry 310, bare, " ALL),
	IS(BARE "ibm;opal:opal-entry-address=<310", "entry 310, bare, " ALL),
	REFUSED(BARE "ibm;opal:opal-base-address=ab,opal-runtime-size=<40", EINVAL,
	  "opal-base-address has 3"),
	REFUSED(BARE "ibm;opal:opal-base-address=<300,opal-runtime-size=ab", EINVAL,
	  "opal-runtime-size has 3"),
	REFUSED(BARE "ibm;opal:opal-entry-address=ab", EINVAL, "opal-entry-address has 3"),
	IS(PLAIN "p@1:device_type=pci,linux;tce-base=<200,linux;tce-size=<10 "
	  "p@2:device_type=pci,linux;tce-base=<210,linux;tce-size=<10",
	  "avoid 200-220, pointed 200-220"),
	REFUSED(PLAIN "p@1:device_type=pci,linux;tce-base=<ffffffff.ffffffff,linux;tce-size=<10 "
	  ":reserved-ranges=<0.500.0.10", EOVERFLOW, "device tree: p@1: TCE table: 0x10 bytes at"),
	IS(PLAIN ":reserved-ranges=<0.500.0.10.0.600.0.10",
	  "avoid 500-510 600-610, reserved 500-510 600-610"),
	REFUSED(PLAIN ":reserved-ranges=<1", EINVAL, "/reserved-ranges has 4 bytes"),
	IS(PLAIN "reserved-memory:#size-cells=<2 reserved-memory/a@1:reg=<0.700.0.10",
	  "avoid 700-710"),
	REFUSED(PLAIN "reserved-memory:#size-cells=<3", EINVAL, "reserved-memory/#size-cells is 3"),
	IS(PLAIN "gpu@2:" GPU ",reg=<0.9000.0.100 gpu@1:" GPU ",reg=<0.8000.0.100",
	  "avoid 8000-8100 9000-9100, coherent 8000-8100 9000-9100"),
	IS(PLAIN "gpu@1:" GPU " pci@2:reg=<0.9000.0.100", ""),
	REFUSED(PLAIN "gpu@1:" GPU ",reg=<1", EINVAL, "gpu@1/reg has 4 bytes"),
	{ PLAIN, SYS_SECVAR_FORMAT, "ibm,plpks-sb-v1\n", .want = "keystore" },
	{ PLAIN, SYS_SECVAR_FORMAT, "ibm,plpk", .want = "" },
	{ PLAIN, SYS_SECVAR_FORMAT "/x", "", .want = SYS_SECVAR_FORMAT ": is not a regular file",
	  .err = EINVAL },

	/* the console */
	IS(PLAIN "v@1:compatible=hvterm1,reg=<30 chosen:stdout-path=/v@1", "hvterm, unit 30"),
	IS(PLAIN "v@1:compatible=hvterm1 chosen:stdout-path=/v@1", ""),
	IS(PLAIN "v@1:compatible=hvterm1,reg=<1.2.3 chosen:stdout-path=/v@1", ""),
	IS(PLAIN "v@1:compatible=other,reg=<30 chosen:stdout-path=/v@1", ""),
	IS(PLAIN "v@1:compatible=hvterm1,reg=<30", ""),

	/* the MMU: a guest has it from the hypervisor */
	IS(PLAIN VEC5("40000000"), "radix, " ALL),
	IS(PLAIN VEC5("7f000000"), "radix, " ALL),
	IS(PLAIN VEC5("0"), ""),
	IS(PLAIN VEC5("80000000"), ""),
	IS(PLAIN VEC5("c0ffffff"), ""),
	IS(PLAIN VEC5("40000000") CPU("0", "4d0000"), "radix, " ALL),
	IS(PLAIN CPU("0", "4e0000"), ""),
	IS(BARE CPU("0", "4d0000"), "bare, " ALL),
	IS(BARE CPU("0", "4e0000"), "bare, radix, " ALL),
	IS(BARE CPU("0", "4e0000") "chosen", "bare, radix, " ALL),
	IS(BARE CPU("0", "4e0000") "chosen:linux;htab-base=<200", "bare, " ALL),

	/* how far early boot reaches with a hash table: by the CPU and the first memory */
	IS(CELLS CPU("0", "f000004"), GIB),
	IS(CELLS CPU("0", "f000005"), TIB),
	IS(CELLS CPU("0", "f000006"), TIB),
	IS(CELLS CPU("0", "4d0000"), GIB),
	IS(CELLS CPU("0", "4e0000"), TIB),
	IS(CELLS CPU("0", "4f0000"), GIB),
	IS(CELLS CPU("0", "7fffff"), GIB),
	IS(CELLS CPU("0", "800000"), TIB),
	IS(CELLS CPU("0", "ffffff"), TIB),
	IS(CELLS CPU("0", "1000000"), GIB),
	IS(CELLS CPU("0", "0") CPU("8", "4e0000"), TIB),
	IS(CELLS CPU("0", "4d0000") CPU("8", "4e0000"), GIB),
	IS(CELLS "cpus/c@0:device_type=cpu " CPU("8", "4e0000"), TIB),
	IS(CELLS "cpus/c@0:device_type=cpu,cpu-version=ab", GIB),
	IS(CELLS "cpus/c@0:cpu-version=<4e0000", GIB),
	IS(CELLS "cpus", GIB),
	IS(CELLS MEMORY("0", "0.0.1.0"), "memory 0-100000000, ram 0-100000000, limit 40000000"),
	IS(CELLS MEMORY("0", "0.0.0.40000000"),
	  "memory 0-40000000, ram 0-40000000, limit 40000000"),
	IS(CELLS MEMORY("0", "0.0.0.3fffffff"),
	  "memory 0-3fffffff, ram 0-3fffffff, limit 3fffffff"),
	IS(CELLS MEMORY("0", "0.0.0.400.0.400.0.c00"), "limit 400"),
	IS(CELLS MEMORY("0", "0.100.0.f00.0.0.0.100"), "limit 100"),
	IS(CELLS MEMORY("0", "0.0.0.0.0.100.0.100"), "memory 100-200, ram 100-200, limit 40000000"),
	IS(CELLS MEMORY("0", "0.100.0.f00") MEMORY("1", "0.0.0.100"), "limit 100"),
	IS(CELLS MEMORY("0", "0.0.0.100") MEMORY("1", "0.100.0.f00") MEMORY("2", "0.0.0.80"),
	  "limit 100"),
	IS(CELLS "memory@0:device_type=memory " MEMORY("1", "0.0.0.1000"), ""),
	IS(PLAIN "a:reg=<0.0.0.80 a@1:device_type=a,reg=<0.0.0.80", ""),
	REFUSED(CELLS MEMORY("0", "ffffffff.ffffffff.0.2")
		"memory@0:linux;usable-memory=<0.0.0.100", EOVERFLOW, "RMA: 0x2 bytes at"),
};

static int survey_at(struct machine *m, struct sysroot *sr, const struct survey_row *row,
		     const char *root)
{
	static const uint32_t present[] = { 0, 2, 3 };
	STRING_AUTO tree = mem_printf("%s/" PROC_DEVICE_TREE, root);
	uint32_t *exact = mem_alloc(sizeof(present));	/* for the sanitizer */

	unit_write(root, PROC_DEVICE_TREE "/name", "", 1);
	write_node(tree, tree_of(&arena, row->tree));
	if (row->file)
		unit_write(root, row->file, row->text, strlen(row->text));
	memcpy(exact, present, sizeof(present));
	*sr = (struct sysroot){ .root = root };
	*m = (struct machine){
		.sr = sr, .present = { exact, ARRAY_SIZE(present) },
		.cmdline = row->cmdline ? row->cmdline : "",
		.crash_size = row->crash_size ? row->crash_size : UINT64_MAX,
	};
	return ppc64_survey(m);
}

static void forget(struct machine *m)
{
	ppc64_forget(m);
	ranges_free(&m->ram);
	ranges_free(&m->avoid);
	ranges_free(&m->crash_more);
	free(m->present.id);
	arena_free(&m->arena);
}

static void surveys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(survey_rows); i++) {
		const struct survey_row *row = &survey_rows[i];
		STRING_AUTO root = mem_printf("%s/%zu", dir, i);
		struct sysroot sr;
		struct machine m;
		int rc;

		fail_forget();
		rc = survey_at(&m, &sr, row, root);
		if (rc != -row->err || (rc ? !strstr(fail_text(), row->want) :
					     strcmp(told(&m), row->want)))
			print_error("%s: not \"%s\" \"%s\"\n", row->tree, row->want,
				    rc ? fail_text() : told(&m));
		assert_int_equal(rc, -row->err);
		if (rc < 0) {
			assert_non_null(strstr(fail_text(), row->want));
		} else {
			assert_string_equal(told(&m), row->want);
			assert_string_equal(fail_text(), "");
		}
		forget(&m);
	}
}

/* Without a tree it is no machine of POWER, nor with one that cannot be read. */
static void no_trees(void **state)
{
	struct sysroot sr = { .root = dir };
	struct machine m = { .sr = &sr, .cmdline = "" };
	BUF_AUTO path = {0};

	(void)state;
	assert_fails(ppc64_survey(&m), ENOENT, "this machine has no device tree");
	forget(&m);
	buf_printf(&path, "%s", PROC_DEVICE_TREE);
	for (int i = 0; i <= DT_DEPTH_MAX; i++)
		buf_printf(&path, "/a");
	buf_printf(&path, "/reg");
	unit_write(dir, (char *)path.data, "", 0);
	assert_fails(ppc64_survey(&m), EINVAL, "the device tree is more than 64 levels deep");
	forget(&m);
}

/* Nothing of a property is read that is not there. */
static void short_vector(void **state)
{
	static const uint8_t vec5[25] = { [24] = 0x40 };
	struct sysroot sr = { .root = dir };
	struct machine before = {0};
	struct dt_node *chosen;

	(void)state;
	before.tree = tree_of(&arena, "chosen:ibm;architecture-vec-5");
	chosen = dt_child(before.tree, "chosen");
	chosen->props->data = vec5;
	unit_write(dir, PROC_DEVICE_TREE "/chosen/name", "", 1);
	for (uint32_t len = sizeof(vec5) - 1; len <= sizeof(vec5); len++) {
		struct machine m = { .sr = &sr, .before = &before, .cmdline = "" };

		chosen->props->len = len;
		assert_int_equal(ppc64_survey(&m), 0);
		assert_int_equal(((struct ppc64_facts *)m.arch_facts)->radix, len > 24);
		forget(&m);
	}
}

/* --- the tree of the next kernel --- */

static void add_ranges(struct ranges *out, const char *text)
{
	uint64_t start, end;

	for (int len; text && sscanf(text, " %" SCNx64 "-%" SCNx64 "%n", &start, &end, &len) == 2;
	     text += len)
		assert_int_equal(ranges_add(out, start, end - start, "given"), 0);
}

struct next_row {
	const char *live, *want;	/* with err: what the message says */
	const char *usable;		/* by a capture kernel; NULL: it is a normal one */
	int err;
	const char *dtb;		/* the user's, or NULL */
	const char *pointed;		/* what the running kernel's tree points to */
	const char *cmdline;		/* of the running kernel, or NULL */
};

struct next {
	struct ppc64_facts facts;
	struct machine machine;
	struct image image;
};

#define CRASH_START 0x200000
#define CRASH_END   0x300000

static void begin_next(struct next *t, const struct next_row *row)
{
	*t = (struct next){ .machine = {
		.arch_facts = &t->facts, .page_size = 65536, .tree = tree_of(&arena, row->live),
		.cmdline = row->cmdline ? row->cmdline : "quiet",
		.crash = { CRASH_START, CRASH_END, "crash" },
	} };
	add_ranges(&t->facts.pointed, row->pointed);
	image_init(&t->image, &t->machine);
	t->image.cmdline = arena_string(&arena, "second", strlen("second"));
	t->image.crash = row->usable;
	t->image.dtb_tree = row->dtb ? tree_of(&arena, row->dtb) : NULL;
	add_ranges(&t->image.usable, row->usable);
	if (t->image.usable.n)	/* exact, for the sanitizer */
		t->image.usable.at = mem_resize(t->image.usable.at, t->image.usable.n,
						sizeof(*t->image.usable.at));
	t->image.usable.cap = t->image.usable.n;
}

static void end_next(struct next *t)
{
	ranges_free(&t->facts.rtas);
	ranges_free(&t->facts.opal);
	ranges_free(&t->facts.pointed);
	ranges_free(&t->facts.reserved);
	ranges_free(&t->machine.crash_more);
	idlist_free(&t->machine.possible);
	image_free(&t->image);
	fail_forget();
}

#define SECOND	"chosen:bootargs=second,linux;booted-from-kexec "
#define PARTS	"0-10 20-30 40-50"
#define RAM(reg) CELLS "memory@0:device_type=memory,reg=<" reg " "
#define LIMITED(reg, part) \
	{ RAM(reg), SECOND RAM(reg) "memory@0:linux;usable-memory=<" part, .usable = PARTS }
#define LMBS(size, sets) \
	CELLS "ibm;dynamic-reconfiguration-memory:ibm;lmb-size=<0." size "," \
	"ibm;dynamic-memory-v2=<" sets " "
#define LIMITED_LMBS(size, sets, part) \
	{ LMBS(size, sets), SECOND LMBS(size, sets) \
	  "ibm;dynamic-reconfiguration-memory:linux;drconf-usable-memory" part, \
	  .usable = PARTS }
#define EIGHT	"0.0.0.1.0.2.0.1.0.4.0.1.0.6.0.1.0.8.0.1.0.a.0.1.0.c.0.1.0.e.0.1"
#define CAPTURED(chosen, usable, blocks) \
	CELLS "chosen" chosen " memory@0:device_type=memory" usable " x:linux;usable-memory=<1 " \
	"gpu:device_type=memory," GPU ",linux;usable-memory=<0.0.0.0 " \
	"ibm;dynamic-reconfiguration-memory" blocks
#define USABLE	",linux;usable-memory=<0.0.0.10"
#define BLOCKS	":linux;drconf-usable-memory=<1"
#define SECOND_IN ":bootargs=second,linux;booted-from-kexec"
#define SET_ASIDE CELLS "reserved-memory:#size-cells=<2 reserved-memory/a:"
#define TABLE(at, size) "p:device_type=pci,linux;tce-base=<" at ",linux;tce-size=<" size " "

static const struct next_row next_rows[] = {
	{ "", .want = SECOND },
	{ "", .want = SECOND, .usable = "" },
	{ "a:name=a,b=1 a/c:name=c", .want = SECOND "a:b=1 a/c" },
	{ "chosen:bootargs=old,kaslr-seed,linux;booted-from-kexec=1,linux;crashkernel-base,"
	  "linux;crashkernel-size,linux;elfcorehdr,linux;htab-base,linux;htab-size,"
	  "linux;ima-kexec-buffer,linux;initrd-end,linux;initrd-start,linux;kernel-end,"
	  "linux;memory-limit,linux;tce-alloc-end,linux;tce-alloc-start,"
	  "linux;usable-memory-range,rng-seed,other", .want = SECOND "chosen:other" },
	{ ":#size-cells=<3", .want = "/#size-cells is 3", .usable = "", .err = EINVAL },
	{ ":#size-cells=<3", .want = "/#size-cells is 3", .err = EINVAL },
	{ "chosen a:cpu-version=<1", .want = SECOND "a:cpu-version=<1", .dtb = "a:cpu-version=<2" },

	/* a capture kernel has the usable parts of memory */
	LIMITED("0.0.0.8", "0.0.0.8"),
	LIMITED("0.8.0.20", "0.8.0.8.0.20.0.8"),
	LIMITED("0.10.0.10", "0.0.0.0"),
	LIMITED("0.50.0.10", "0.0.0.0"),
	LIMITED("0.0.0.0", "0.0.0.0"),
	LIMITED("0.0.0.60", "0.0.0.10.0.20.0.10.0.40.0.10"),
	LIMITED("0.28.0.20.0.4.0.8", "0.28.0.8.0.40.0.8.0.4.0.8"),
	LIMITED(EIGHT, EIGHT),
	{ RAM("0.0.0.8") "memory@0:linux;usable-memory=<1", .want = SECOND RAM("0.0.0.8")
	  "memory@0:linux;usable-memory=<0.0.0.8", .usable = PARTS },
	{ "memory@0:device_type=memory,reg=<0.0.8", .want = SECOND
	  "memory@0:device_type=memory,reg=<0.0.8,linux;usable-memory=<0.0.8", .usable = PARTS },
	{ CELLS "memory@0:device_type=memory m:reg=<0.0.0.8", .want = SECOND CELLS
	  "memory@0:device_type=memory m:reg=<0.0.0.8", .usable = PARTS },
	{ RAM("0.0.0"), .want = "memory@0/reg has 12 bytes", .usable = PARTS, .err = EINVAL },
	{ RAM("0.0.0") LMBS("10", "0"), .want = "memory@0/reg has 12 bytes", .usable = PARTS,
	  .err = EINVAL },
	{ RAM("0.0.0") "memory@1:device_type=memory,reg=<0.0.0.1",
	  .want = "memory@0/reg has 12 bytes", .usable = PARTS, .err = EINVAL },

	/* and each memory block that is its own has a count of them */
	LIMITED_LMBS("10", "1.5.0.0.0.0.8", "=<0.1.0.0.0.10.0.0.0.1.0.20.0.10.0.0.0.1.0.40.0.10"),
	LIMITED_LMBS("10", "1.7.0.0.0.0.8",
		     "=<0.1.0.0.0.10.0.0.0.1.0.20.0.10.0.0.0.1.0.40.0.10.0.0.0.0"),
	LIMITED_LMBS("10", "1.2.0.60.0.0.8", "=<0.0.0.0"),
	LIMITED_LMBS("10", "1.2.0.0.0.0.0", ""),
	LIMITED_LMBS("10", "1.2.0.0.0.0.88", ""),
	LIMITED_LMBS("10", "0", ""),
	LIMITED_LMBS("10", "3.1.0.0.0.0.8.1.0.10.0.0.0.1.0.20.0.0.8",
		     "=<0.1.0.0.0.10.0.1.0.20.0.10"),
	LIMITED_LMBS("40", "1.2.0.0.0.0.8", "=<0.2.0.0.0.10.0.20.0.10.0.1.0.40.0.10"),
	LIMITED_LMBS("8", "1.4.0.10.0.0.8", "=<0.0.0.0.0.1.0.20.0.8.0.1.0.28.0.8"),
	LIMITED_LMBS("10", "1.3.0.18.0.0.8", "=<0.1.0.20.0.8.0.1.0.28.0.8.0.1.0.40.0.8"),
	{ LMBS("0", "1.2.0.0.0.0.8"), .want = "ibm,lmb-size is missing or 0", .usable = PARTS,
	  .err = EINVAL },

	/* a normal one is not limited where the running kernel is a capture kernel */
	{ CAPTURED("", USABLE, BLOCKS), .want = CAPTURED(SECOND_IN, USABLE, BLOCKS) },
	{ CAPTURED(":linux;elfcorehdr=<1", USABLE, BLOCKS), .want = CAPTURED(SECOND_IN, "", "") },
	{ CAPTURED("", USABLE, BLOCKS), .want = CAPTURED(SECOND_IN, "", ""),
	  .cmdline = "quiet elfcorehdr=1M" },
	{ "memory@0:device_type=memory,linux;usable-memory=<0.0.0", .want = SECOND
	  "memory@0:device_type=memory,linux;usable-memory=<0.0.0" },
	{ "memory@0:device_type=memory,linux;usable-memory=<0.0.0", .want = SECOND
	  "memory@0:device_type=memory", .cmdline = "elfcorehdr=1M" },

	/* reusable memory outside of the crash region is none of a capture kernel's */
	{ SET_ASIDE "reusable,reg=<0.200000.0.100000", .want = SECOND SET_ASIDE
	  "reusable,reg=<0.200000.0.100000", .usable = "" },
	{ SET_ASIDE "reusable,reg=<0.200000.0.100001", .want = SECOND SET_ASIDE
	  "reusable,reg=<0.200000.0.100001,status=disabled", .usable = "" },
	{ SET_ASIDE "reusable,reg=<0.200000.0.100001", .want = SECOND SET_ASIDE
	  "reusable,reg=<0.200000.0.100001" },
	{ SET_ASIDE "reg=<0.400000.0.100000", .want = SECOND SET_ASIDE "reg=<0.400000.0.100000",
	  .usable = "" },
	{ SET_ASIDE "reusable", .want = SECOND SET_ASIDE "reusable", .usable = "" },
	{ SET_ASIDE "x=1 reserved-memory/b:reusable,reg=<0.210000.0.10000.0.100000.0.10000",
	  .want = SECOND SET_ASIDE "x=1 reserved-memory/b:reusable,status=disabled,"
	  "reg=<0.210000.0.10000.0.100000.0.10000", .usable = "" },
	{ SET_ASIDE "reusable,reg=<1", .want = "a/reg has 4 bytes", .usable = "", .err = EINVAL },
	{ "reserved-memory:#size-cells=<3", .want = "reserved-memory/#size-cells is 3",
	  .usable = "", .err = EINVAL },
	{ LMBS("0", "1.2.0.0.0.0.8") "reserved-memory", .want = "ibm,lmb-size is missing or 0",
	  .usable = "", .err = EINVAL },

	/* pointers are kept to what is memory of the next kernel, in whole pieces of its map */
	{ RAM("0.0.0.2000") TABLE("1000", "1000"), .want = SECOND RAM("0.0.0.2000")
	  TABLE("1000", "1000") },
	{ RAM("0.0.0.2000") TABLE("1000", "1001"), .want = SECOND RAM("0.0.0.2000")
	  "p:device_type=pci" },
	{ RAM("0.0.0.2000") TABLE("1001", "0"), .want = SECOND RAM("0.0.0.2000")
	  TABLE("1001", "0") },
	{ RAM("0.0.0.2000") TABLE("ffffffff.ffffffff", "2"), .want = SECOND RAM("0.0.0.2000")
	  "p:device_type=pci" },
	{ RAM("0.0.0.4000000") TABLE("1fff000", "1000"), .want = SECOND RAM("0.0.0.4000000")
	  "memory@0:linux;usable-memory=<0.0.0.2000000 " TABLE("1fff000", "1000"),
	  .usable = "0-2000000" },
	{ RAM("0.0.0.4000000") TABLE("1fff000", "1001"), .want = SECOND RAM("0.0.0.4000000")
	  "memory@0:linux;usable-memory=<0.0.0.2000000 p:device_type=pci", .usable = "0-2000000" },
	{ RAM("0.0.0.4000000") TABLE("1000000", "10"), .want = SECOND RAM("0.0.0.4000000")
	  "memory@0:linux;usable-memory=<0.0.0.1ffffff p:device_type=pci", .usable = "0-1ffffff" },
	{ RAM("0.0.0.4000000") TABLE("1fffff0", "10"), .want = SECOND RAM("0.0.0.4000000")
	  "memory@0:linux;usable-memory=<0.1000001.0.ffffff p:device_type=pci",
	  .usable = "1000001-2000000" },
	{ LMBS("1000000", "1.4.0.0.0.0.8") TABLE("2000000", "10"), .want = SECOND
	  LMBS("1000000", "1.4.0.0.0.0.8") "p:device_type=pci "
	  "ibm;dynamic-reconfiguration-memory:"
	  "linux;drconf-usable-memory=<0.1.0.0.0.1000000.0.0.0.0.0.0", .usable = "0-1000000" },
	{ "chosen " RAM("0.0.0.2000") TABLE("1000", "10"), .want = SECOND RAM("0.0.0.2000")
	  TABLE("1000", "10"), .dtb = RAM("0.0.0.2000") "p:device_type=pci",
	  .pointed = "1000-1010" },
	{ "chosen " RAM("0.0.0.2000") TABLE("1000", "10"), .want = SECOND RAM("0.0.0.2000")
	  "p:device_type=pci", .dtb = RAM("0.0.0.2000") "p:device_type=pci",
	  .pointed = "1000-1008" },
	{ RAM("0.0.0.2000") TABLE("1.2.3", "10"),
	  .want = "linux,tce-base and linux,tce-size have 12", .err = EINVAL },
	{ RAM("0"), .want = "memory@0/reg has 4 bytes", .err = EINVAL },
};

static void print_tree(const struct dt_node *tree)
{
	for (const struct dt_node *n = NULL; (n = dt_next(tree, n));) {
		print_error("%s:", n->name);
		for (const struct dt_prop *p = n->props; p; p = p->next) {
			print_error(" %s=", p->name);
			for (uint32_t i = 0; i < p->len; i++)
				print_error("%02x", p->data[i]);
		}
		print_error("\n");
	}
}

static void next_trees(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(next_rows); i++) {
		const struct next_row *row = &next_rows[i];
		struct dt_node *tree = NULL;
		struct next t;
		int rc;

		begin_next(&t, row);
		rc = ppc64_new_tree(&t.image, &tree);
		if (rc != -row->err || (rc ? !strstr(fail_text(), row->want) :
					     !dt_same(tree, tree_of(&arena, row->want)))) {
			print_error("%s: not \"%s\": %s\n", row->live, row->want, fail_text());
			if (!rc)
				print_tree(tree);
			_fail(__FILE__, __LINE__);
		}
		end_next(&t);
	}
}

/* Segments that the next kernel must not use, what is firmware's, and of whom the rest is. */
static void reserve_maps(void **state)
{
	static const enum role roles[] = { ROLE_CORE, ROLE_BACKUP, ROLE_INITRD };
	static const struct next_row row = { "", SECOND,
		"0-10000 11000-12000 13000-14000 15000-16000 17000-18000 19000-1a000 1b000-1c000 "
		"100000-400000 500000-600000", 0, NULL, "900000-910000",
		NULL };
	struct dt_node *tree;

	(void)state;
	for (size_t bad = 0; bad <= ARRAY_SIZE(roles); bad++) {
		BUF_AUTO text = {0};
		struct next t;

		begin_next(&t, &row);
		add_ranges(&t.machine.crash_more, "500000-600000");
		add_ranges(&t.image.dtb_reserve, "700000-710000");
		add_ranges(&t.facts.rtas, "800000-810000");
		add_ranges(&t.facts.opal, "880000-890000");
		add_ranges(&t.facts.reserved, "980000-990000");
		t.image.old_initrd = (struct range){ 0x680000, 0x690000, "" };
		for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
			t.image.segment[i] = (struct segment){
				.role = roles[i], .name = "segment", .bufsz = 1, .memsz = 0x1000,
				.addr = i == bad ? UINT64_MAX : 0x210000 + 0x10000 * i,
			};
		t.image.n_segments = ARRAY_SIZE(roles);
		if (bad < ARRAY_SIZE(roles)) {
			assert_fails(ppc64_new_tree(&t.image, &tree), EOVERFLOW,
				     "segment: 0x1000 bytes at 0xffffffffffffffff do not fit");
		} else {
			assert_int_equal(ppc64_new_tree(&t.image, &tree), 0);
			put_ranges(&text, "", &t.image.reserve, "");
			assert_string_equal((char *)text.data,
				" 210000-211000 220000-221000 230000-231000 11000-12000 13000-14000"
				" 15000-16000 17000-18000 19000-1a000 1b000-1c000"
				" 100000-200000 300000-400000 680000-690000"
				" 700000-710000 800000-810000 880000-890000 900000-910000"
				" 980000-990000");
			for (size_t i = 3; i < 11; i++)
				assert_string_equal(t.image.reserve.at[i].why,
						    "memory of the crashed kernel");
			assert_string_equal(t.image.reserve.at[11].why, "initrd");
		}
		end_next(&t);
	}
}

/* --- flattened, and placed --- */

#define CORES \
	"cpus/a cpus/c@0:device_type=cpu,reg=<0 cpus/l2:x=1 cpus/z@1:device_type=cpu,reg=<1"
#define FREE	"10000-1000000"

static const struct blob_row {
	const char *live;
	const char *cpus;		/* the order of what is there; with err: the message */
	bool hotplug;
	int err;
	const char *dtb;		/* the user's, or NULL */
	const char *free;		/* NULL: FREE */
	uint64_t page_size;		/* 0: 64 KiB */
	bool huge;			/* more than a blob can hold */
} blob_rows[] = {
	{ CORES, .cpus = " a c@0 l2 z@1" },
	{ CORES, .cpus = " c@0 z@1 a l2", .hotplug = true },
	{ "cpus/b cpus/c@0:device_type=cpu", .cpus = " c@0 b", .hotplug = true },
	{ "cpus/c@0:device_type=cpu", .cpus = " c@0", .hotplug = true },
	{ "x", .cpus = "" },
	{ CORES, .cpus = "", .hotplug = true, .dtb = "x" },
	{ "cpus/l2", .cpus = "no CPU node below /cpus", .hotplug = true, .err = EINVAL },
	{ ":#size-cells=<3", .cpus = "/#size-cells is 3", .err = EINVAL },
	{ ":#size-cells=<3", .cpus = "/#size-cells is 3", .err = EINVAL, .hotplug = true },
	{ TABLE("1.2.3", "10") CORES, .cpus = "linux,tce-base", .err = EINVAL },
	{ TABLE("1.2.3", "10") CORES, .cpus = "linux,tce-base", .err = EINVAL, .hotplug = true },
	{ CORES, .cpus = "fdt: Could not find a free area", .err = ENOSPC, .free = "10000-1ffff" },
	{ CORES, .cpus = "fdt: Could not find a free area", .err = ENOSPC, .hotplug = true,
	  .free = "10000-1ffff" },
	{ CORES, .cpus = "needs more than 1073741824", .err = E2BIG, .huge = true },
	{ CORES, .cpus = "needs more than 1073741824", .err = E2BIG, .hotplug = true,
	  .page_size = 2ull << 30 },
	{ CORES, .cpus = "fdt: Could not find a free area", .err = ENOSPC, .hotplug = true,
	  .page_size = 1ull << 30 },
};

static void check_blob(const struct image *image, const struct blob_row *row)
{
	const struct segment *s = image_segment(image, ROLE_BOOT_DATA);
	uint64_t used = fdt_off_dt_strings(s->data) + fdt_size_dt_strings(s->data), start, size;
	int cpus = fdt_path_offset(s->data, "/cpus"), node, last = fdt_num_mem_rsv(s->data) - 1;
	BUF_AUTO names = {0};

	assert_string_equal(s->name, "fdt");
	assert_int_equal(fdt_check_full(s->data, s->bufsz), 0);
	assert_int_equal(fdt_totalsize(s->data), s->bufsz);
	for (uint64_t i = used; i < s->bufsz; i++)
		assert_int_equal(s->data[i], 0);
	assert_int_equal(s->addr + s->memsz, 0x1000000);
	assert_int_equal(fdt_get_mem_rsv(s->data, last, &start, &size), 0);
	assert_true(start == s->addr && size == s->memsz);
	assert_int_equal(image->reserve.n, last + 1);
	assert_true(image->reserve.at[last].start == start);
	assert_true(image->reserve.at[last].end == start + size);
	buf_printf(&names, "%s", "");
	for (node = cpus < 0 ? cpus : fdt_first_subnode(s->data, cpus); node >= 0;
	     node = fdt_next_subnode(s->data, node))
		buf_printf(&names, " %s", fdt_get_name(s->data, node, NULL));
	assert_string_equal((char *)names.data, row->cpus);
	assert_int_equal(s->digest, !row->hotplug);
	assert_ptr_equal(s->kept, row->hotplug ? &ppc64_kept_cpus : NULL);
	assert_int_equal(s->room.capacity, row->hotplug ? 4 : 0);
	if (!row->hotplug) {
		assert_int_equal(s->bufsz, used);
		return;
	}
	assert_int_equal(s->bufsz % image->machine->page_size, 0);
	assert_int_equal(s->room.free, s->bufsz - used);
	assert_true(s->room.needed > 0 && s->room.free >= s->room.needed + 4 * 512);
}

static void next_blobs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(blob_rows); i++) {
		const struct blob_row *row = &blob_rows[i];
		struct next t;
		int rc;

		begin_next(&t, &(struct next_row){ row->live, .dtb = row->dtb });
		assert_int_equal(idlist_parse(&t.machine.possible, "0-3"), 0);
		t.machine.page_size = row->page_size ? row->page_size : 65536;
		t.image.hotplug = row->hotplug;
		add_ranges(&t.image.free, row->free ? row->free : FREE);
		if (row->huge)
			dt_find(t.machine.tree, "/cpus/l2")->props->len = DT_SIZE_MAX;
		rc = ppc64_boot_data(&t.image);
		if (rc != -row->err || (rc && !strstr(fail_text(), row->cpus))) {
			print_error("%s: %d, not \"%s\": %s\n", row->live, rc, row->cpus,
				    fail_text());
			_fail(__FILE__, __LINE__);
		}
		if (!rc)
			check_blob(&t.image, row);
		end_next(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(surveys, setup, teardown),
		cmocka_unit_test_setup_teardown(no_trees, setup, teardown),
		cmocka_unit_test_setup_teardown(short_vector, setup, teardown),
		cmocka_unit_test_setup_teardown(next_trees, setup, teardown),
		cmocka_unit_test_setup_teardown(reserve_maps, setup, teardown),
		cmocka_unit_test_setup_teardown(next_blobs, setup, teardown),
	};

	return cmocka_run_group_tests_name("ppc64", tests, NULL, NULL);
}
