/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The kexec-hotplug developers */
/* Device trees for tests, from words. */
#ifndef TESTS_UNIT_TREES_H
#define TESTS_UNIT_TREES_H

#include "kexec/devicetree.h"
#include "tests/unit/unit.h"

static inline struct dt_node *tree_new(struct arena *a)
{
	struct dt_node *root = arena_alloc(a, sizeof(*root));

	root->name = "";
	return root;
}

/* What has ";" has a comma there. */
static inline char *tree_commas(char *text)
{
	for (char *c = text; *c; c++)
		*c = *c == ';' ? ',' : *c;
	return text;
}

/* "name" is empty, "name=text" a string, "name=<1.ff" cells. */
static inline void tree_set(struct arena *a, struct dt_node *node, char *prop)
{
	char *value = strchr(tree_commas(prop), '='), *end;
	BUF_AUTO bytes = {0};

	if (value)
		*value++ = 0;
	if (value && *value == '<')
		for (end = value; *end && end[1];) {
			uint8_t cell[4];

			be32_put(cell, (uint32_t)strtoul(end + 1, &end, 16));
			buf_add(&bytes, cell, 4);
		}
	else if (value)
		buf_add(&bytes, value, strlen(value) + 1);
	dt_set(a, node, prop, bytes.data, bytes.len);
}

/* "a/b:p=1,q c": of words each is a path from the root, with properties. */
static inline struct dt_node *tree_of(struct arena *a, const char *text)
{
	STRING_AUTO copy = mem_copy_string(text);
	struct dt_node *root = tree_new(a);
	char *words, *steps, *rest = copy;

	for (char *word; (word = strtok_r(rest, " ", &words)); rest = NULL) {
		char *props = strchr(word, ':');
		struct dt_node *node = root;

		if (props)
			*props++ = 0;
		for (char *name; (name = strtok_r(word, "/", &steps)); word = NULL) {
			struct dt_node *child = dt_child(node, tree_commas(name));

			node = child ? child : dt_add_child(a, node, name);
		}
		for (char *p; (p = strtok_r(props, ",", &steps)); props = NULL)
			tree_set(a, node, p);
	}
	return root;
}

#endif
