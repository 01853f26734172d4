/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/*
 * add-cores GROWTH DTB CPUS [UNIT...]
 *
 * Do to a crash image's device tree what the kernel does when CPUs are added
 * (arch/powerpc/kexec/core_64.c:update_cpus_node), within the blob's own
 * totalsize: delete every cpu node, add each live one from the directory
 * CPUS (a /proc/device-tree/cpus) with all its properties, then one more for
 * each UNIT (hexadecimal unit address): a copy of the largest live node. Each
 * of them has a property of GROWTH bytes more, which no node had at boot: the
 * partition has moved to another machine.
 *
 * Prints the bytes left. Status 1 when libfdt refuses, with its words on
 * stderr; 2 when the arguments or files are no good.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_PROPS 256
#define MAX_NODES 4096

struct prop {
	char *name;
	char *data;
	int len;
};

struct node {
	char *name;
	struct prop props[MAX_PROPS];
	int count;
	long size;
};

static char *read_file(const char *path, int *len)
{
	FILE *f = fopen(path, "rb");
	char *data = NULL;
	size_t size = 0, n = 0;

	if (!f)
		err(2, "%s", path);
	do {
		size = size ? 2 * size : 4096;
		data = realloc(data, size);
		if (!data)
			err(2, "%s", path);
		n += fread(data + n, 1, size - n, f);
	} while (n == size);
	fclose(f);
	*len = n;
	return data;
}

static char *join(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		err(2, "%s", dir);
	return path;
}

static int is_directory(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		err(2, "%s", path);
	return S_ISDIR(st.st_mode);
}

/* The properties of a live node; what is below it, the kernel does not look at. */
static struct node *read_node(const char *path, const char *name)
{
	struct node *node = calloc(1, sizeof(*node));
	struct dirent **list;
	int i, n = scandir(path, &list, NULL, alphasort);

	if (!node || n < 0)
		err(2, "%s", path);
	node->name = strdup(name);
	for (i = 0; i < n; i++) {
		char *file = join(path, list[i]->d_name);

		if (!is_directory(file)) {
			struct prop *p = &node->props[node->count++];

			if (node->count > MAX_PROPS)
				errx(2, "%s: more than %d properties", path, MAX_PROPS);
			p->name = strdup(list[i]->d_name);
			p->data = read_file(file, &p->len);
			node->size += 12 + (p->len + 3) / 4 * 4;
		}
		free(file);
		free(list[i]);
	}
	free(list);
	return node;
}

static struct prop *find_prop(struct node *node, const char *name)
{
	int i;

	for (i = 0; i < node->count; i++)
		if (!strcmp(node->props[i].name, name))
			return &node->props[i];
	return NULL;
}

static void free_node(struct node *node)
{
	while (node->count--) {
		free(node->props[node->count].name);
		free(node->props[node->count].data);
	}
	free(node->name);
	free(node);
}

static int is_live_cpu(struct node *node)
{
	struct prop *type = find_prop(node, "device_type");

	return type && type->len == 4 && !memcmp(type->data, "cpu", 4);
}

static int read_live(const char *path, struct node **nodes)
{
	struct dirent **list;
	int i, count = 0, n = scandir(path, &list, NULL, alphasort);

	if (n < 0)
		err(2, "%s", path);
	for (i = 0; i < n; i++) {
		char *dir = join(path, list[i]->d_name);

		if (list[i]->d_name[0] != '.' && is_directory(dir)) {
			if (count == MAX_NODES)
				errx(2, "%s: more than %d nodes", path, MAX_NODES);
			nodes[count] = read_node(dir, list[i]->d_name);
			if (is_live_cpu(nodes[count]))
				count++;
			else
				free_node(nodes[count]);
		}
		free(dir);
		free(list[i]);
	}
	free(list);
	if (!count)
		errx(2, "%s: no cpu node", path);
	return count;
}

static int check(int result, const char *what)
{
	if (result < 0)
		errx(1, "%s: %s", what, fdt_strerror(result));
	return result;
}

static int is_cpu(const void *fdt, int node)
{
	int len;
	const char *type = fdt_getprop(fdt, node, "device_type", &len);

	return type && len == 4 && !memcmp(type, "cpu", 4);
}

static void delete_cpus(void *fdt, int cpus)
{
	int node = fdt_first_subnode(fdt, cpus);

	while (node >= 0) {
		if (is_cpu(fdt, node)) {
			check(fdt_del_node(fdt, node), "deleting a cpu node");
			node = fdt_first_subnode(fdt, cpus);
		} else {
			node = fdt_next_subnode(fdt, node);
		}
	}
}

static void add_node(void *fdt, int cpus, const struct node *node)
{
	int i, offset = check(fdt_add_subnode(fdt, cpus, node->name), node->name);

	for (i = 0; i < node->count; i++)
		check(fdt_setprop(fdt, offset, node->props[i].name, node->props[i].data,
				  node->props[i].len), node->name);
}

/* Turn a copied node into that of the core at @unit. */
static void set_unit(struct node *node, unsigned long unit)
{
	struct prop *reg = find_prop(node, "reg");
	struct prop *threads = find_prop(node, "ibm,ppc-interrupt-server#s");
	char *old = node->name;
	int i;

	if (asprintf(&node->name, "%.*s@%lx", (int)strcspn(old, "@"), old, unit) < 0)
		err(2, "%s", old);
	free(old);
	if (reg && reg->len == 4)
		fdt32_st(reg->data, unit);
	for (i = 0; threads && i < threads->len / 4; i++)
		fdt32_st(threads->data + 4 * i, unit + i);
}

/* Other firmware describes cores with some properties of its own. */
static void grow(struct node *node, int bytes)
{
	static const char name[] = "vendor,added-later";
	struct prop *p = &node->props[node->count++];

	if (node->count > MAX_PROPS)
		errx(2, "%s: more than %d properties", node->name, MAX_PROPS);
	p->name = strdup(name);
	p->data = calloc(1, bytes);
	p->len = bytes;
}

static struct node *largest(struct node **nodes, int count)
{
	struct node *best = nodes[0];
	int i;

	for (i = 1; i < count; i++)
		if (nodes[i]->size > best->size)
			best = nodes[i];
	return best;
}

static int count_cpus(const void *fdt, int cpus)
{
	int node, count = 0;

	fdt_for_each_subnode(node, fdt, cpus)
		count += is_cpu(fdt, node);
	return count;
}

/* A buffer of exactly totalsize bytes: a sanitizer sees a write beyond it. */
static void *load(const char *path)
{
	int len;
	void *fdt = read_file(path, &len);

	check(fdt_check_full(fdt, len), path);
	if (fdt_totalsize(fdt) > (unsigned int)len)
		errx(1, "%s: totalsize %u, but %d bytes", path, fdt_totalsize(fdt), len);
	return realloc(fdt, fdt_totalsize(fdt));
}

int main(int argc, char **argv)
{
	static struct node *nodes[MAX_NODES];
	struct node *copy;
	int i, cpus, count;
	void *fdt;

	if (argc < 4)
		errx(2, "usage: add-cores GROWTH DTB CPUS [UNIT...]");
	fdt = load(argv[2]);
	count = read_live(argv[3], nodes);
	cpus = check(fdt_path_offset(fdt, "/cpus"), "/cpus");
	delete_cpus(fdt, cpus);
	for (i = 0; i < count; i++) {
		grow(nodes[i], atoi(argv[1]));
		add_node(fdt, cpus, nodes[i]);
	}
	copy = largest(nodes, count);
	for (i = 4; i < argc; i++) {
		set_unit(copy, strtoul(argv[i], NULL, 16));
		add_node(fdt, cpus, copy);
	}
	check(fdt_check_full(fdt, fdt_totalsize(fdt)), "the result");
	if (count_cpus(fdt, cpus) != count + argc - 4)
		errx(1, "%d cpu nodes, expected %d", count_cpus(fdt, cpus), count + argc - 4);
	printf("%u\n", fdt_totalsize(fdt) - fdt_off_dt_strings(fdt) - fdt_size_dt_strings(fdt));
	while (count--)
		free_node(nodes[count]);
	free(fdt);
	return 0;
}
