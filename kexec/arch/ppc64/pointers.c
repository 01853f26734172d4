// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The kexec-hotplug developers
/*
 * What a device tree points to in memory: tables and logs of firmware and of
 * the boot, which kernels read through their linear map.
 */
#include <string.h>

#include "common/bytes.h"
#include "kexec/arch/ppc64/ppc64.h"

struct pointer_walk {
	const struct machine *m;
	ppc64_pointer_fn *fn;
	void *context;
};

static bool is_number(const struct dt_prop *p)
{
	return p->len == 4 || p->len == 8;
}

static int give_pointer(const struct pointer_walk *w, struct dt_node *node, const char *base,
			const char *size, const char *why, bool little)
{
	const struct dt_prop *at = dt_prop(node, base), *len = dt_prop(node, size);
	struct ppc64_pointer p = { .base = base, .size = size, .why = why };

	if (!at || !len)
		return 0;
	if (!is_number(at) || !is_number(len))
		return fail(EINVAL, "device tree: %s/%s and %s have %u and %u bytes, not 4 or 8",
			    node->name, base, size, at->len, len->len);
	p.start = bytes_get(at->data, at->len, little);
	p.bytes = bytes_get(len->data, len->len, little);
	return w->fn(node, &p, w->context);
}

/*
 * In the node of a virtual TPM the numbers are in the byte order of the
 * running kernel, which put them there (drivers/char/tpm/eventlog/of.c:
 * tpm_read_log_of, which also maps the log).
 */
static int give_tpm_log(const struct pointer_walk *w, struct dt_node *node)
{
	bool virtual;

	if (!dt_prop(node, "linux,sml-base"))
		return 0;
	virtual = dt_compatible(node, "IBM,vtpm") || dt_compatible(node, "IBM,vtpm20");
	return give_pointer(w, node, "linux,sml-base", "linux,sml-size", "TPM log",
			    virtual && w->m->little);
}

/* Address and size in one property (arch/powerpc/platforms/powernv/opal.c:opal_add_one_export). */
static int give_export(const struct pointer_walk *w, struct dt_node *node,
		       const struct dt_prop *prop)
{
	struct ppc64_pointer p = { .base = prop->name,
				   .size = prop->name,
				   .why = "export of OPAL" };

	if (prop->len < 16 || !strcmp(prop->name, "name"))
		return 0;
	p.start = be64_get(prop->data);
	p.bytes = be64_get(prop->data + 8);
	return w->fn(node, &p, w->context);
}

static int give_exports(const struct pointer_walk *w, struct dt_node *tree)
{
	struct dt_node *firmware = dt_find(tree, "/ibm,opal/firmware"), *n = NULL;
	struct dt_node *exports = firmware ? dt_child(firmware, "exports") : NULL;
	const struct dt_prop *map = firmware ? dt_prop(firmware, "symbol-map") : NULL;
	int rc = map ? give_export(w, firmware, map) : 0;

	while (exports && rc >= 0 && (n = dt_next(exports, n)))
		for (const struct dt_prop *p = n->props, *next; p && rc >= 0; p = next) {
			next = p->next;		/* the callback may take p out */
			rc = give_export(w, n, p);
		}
	return rc;
}

int ppc64_each_pointer(const struct machine *m, struct dt_node *tree, ppc64_pointer_fn *fn,
		       void *context)
{
	struct pointer_walk w = { m, fn, context };
	int rc = give_exports(&w, tree);

	for (struct dt_node *n = NULL; rc >= 0 && (n = dt_next(tree, n));) {
		if (dt_is_type(n, "pci"))
			rc = give_pointer(&w, n, "linux,tce-base", "linux,tce-size", "TCE table",
					  false);
		if (rc >= 0)
			rc = give_tpm_log(&w, n);
	}
	return rc;
}
