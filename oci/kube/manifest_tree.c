/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both readers build by the same calls, so that limits, duplicates and aliases are judged once,
 * whatever the manifest is written in. Aliases are counted by what they expand to: a few lines can
 * describe billions of values.
 */
#include "oci/kube/manifest_tree.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "oci/base/strv.h"
#include "oci/base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define MERGE_KEY "<<"

static struct manifest_node *tree_innermost(const struct tree *tree)
{
	return tree->n_open > 0 ? tree->open[tree->n_open - 1] : NULL;
}

int tree_refuse(struct tree *tree, size_t offset, const char *fix, const char *format, ...)
{
	cleanup_free char *reason = NULL;
	va_list arguments;

	va_start(arguments, format);
	reason = strformat_v(format, arguments);
	va_end(arguments);
	if (!reason)
		return error_memory(tree->err);
	*tree->offset = offset;
	return error_set(tree->err, -EINVAL, FINDING_MANIFEST_INVALID, "the manifest", fix,
		"not valid %s: %s", tree->manifest->json ? "JSON" : "YAML", reason);
}

static int manifest_refuse_size(struct tree *tree, size_t offset)
{
	return tree_refuse(tree, offset, "split the manifest, and remove what only repeats",
		"more than %d values, those that aliases repeat included", MANIFEST_MAX_NODES);
}

static struct manifest_node *new_node(struct tree *tree, const struct manifest_node *like)
{
	struct manifest *manifest = tree->manifest;
	struct manifest_node *node;

	if (array_grow(&manifest->nodes, manifest->n_nodes, sizeof(struct manifest_node *)) < 0)
		return NULL;
	node = malloc(sizeof(*node));
	if (!node)
		return NULL;
	*node = *like;
	node->parent = tree_innermost(tree);
	manifest->nodes[manifest->n_nodes++] = node;
	return node;
}

static int attach_root(struct tree *tree, struct manifest_node *node)
{
	struct manifest *manifest = tree->manifest;
	int r = array_grow(&manifest->roots, manifest->n_roots, sizeof(struct manifest_node *));

	if (r < 0)
		return error_memory(tree->err);
	manifest->roots[manifest->n_roots++] = node;
	return 0;
}

static int attach_pair(struct tree *tree, struct manifest_node *mapping, struct manifest_node *node)
{
	if (!tree->key && node->kind != MANIFEST_SCALAR)
		return tree_refuse(tree, node->start, "write a name before the colon",
			"a key that is not a plain name");
	if (!tree->key) {
		tree->key = node;
		return 0;
	}
	if (array_grow(&mapping->pairs, mapping->n, sizeof(*mapping->pairs)) < 0)
		return error_memory(tree->err);
	mapping->pairs[mapping->n++] = (struct manifest_pair){tree->key, node};
	tree->key = NULL;
	return 0;
}

static int manifest_attach(struct tree *tree, struct manifest_node *node)
{
	struct manifest_node *parent = node->parent;

	if (!parent)
		return attach_root(tree, node);
	if (parent->kind == MANIFEST_MAPPING)
		return attach_pair(tree, parent, node);
	if (array_grow(&parent->items, parent->n, sizeof(struct manifest_node *)) < 0)
		return error_memory(tree->err);
	parent->items[parent->n++] = node;
	return 0;
}

static struct tree_anchor *find_anchor(const struct tree *tree, const char *name)
{
	for (size_t i = 0; i < tree->n_anchors; i++)
		if (strcmp(tree->anchors[i].name, name) == 0)
			return &tree->anchors[i];
	return NULL;
}

/* Of two anchors of one name the later one counts from there on. */
static int add_anchor(struct tree *tree, const char *name, struct manifest_node *node)
{
	struct tree_anchor *anchor = find_anchor(tree, name);

	if (anchor) {
		anchor->node = node;
		return 0;
	}
	/* Each alias is looked for among them all. */
	if (tree->n_anchors == MANIFEST_MAX_ANCHORS)
		return tree_refuse(tree, node->start, "write the values out",
			"more than %d anchors", MANIFEST_MAX_ANCHORS);
	if (array_grow(&tree->anchors, tree->n_anchors, sizeof(*tree->anchors)) < 0)
		return error_memory(tree->err);
	anchor = &tree->anchors[tree->n_anchors];
	anchor->name = strdup(name);
	if (!anchor->name)
		return error_memory(tree->err);
	anchor->node = node;
	tree->n_anchors++;
	return 0;
}

int tree_add(struct tree *tree, const struct manifest_node *like, const char *anchor, char *text)
{
	struct manifest_node *node;
	int r;

	if (tree->manifest->n_nodes == MANIFEST_MAX_NODES) {
		free(text);
		return manifest_refuse_size(tree, like->start);
	}
	node = new_node(tree, like);
	if (!node) {
		free(text);
		return error_memory(tree->err);
	}
	node->text = text;
	node->weight = 1;
	r = anchor ? add_anchor(tree, anchor, node) : 0;
	if (r == 0)
		r = manifest_attach(tree, node);
	if (r < 0 || node->kind == MANIFEST_SCALAR)
		return r;
	if (tree->n_open == MANIFEST_MAX_DEPTH)
		return tree_refuse(tree, node->start, "nest it less deeply",
			"nested deeper than %d", MANIFEST_MAX_DEPTH);
	tree->open[tree->n_open++] = node;
	return 0;
}

static bool is_open(const struct tree *tree, const struct manifest_node *node)
{
	for (size_t i = 0; i < tree->n_open; i++)
		if (tree->open[i] == node)
			return true;
	return false;
}

int tree_add_alias(struct tree *tree, const char *anchor, size_t start, size_t end)
{
	const struct tree_anchor *found = find_anchor(tree, anchor);
	struct manifest_node *target = found ? found->node : NULL, *node;

	if (!target)
		return tree_refuse(tree, start, "define the anchor before it is used",
			"this alias comes before its anchor %s", text_quote(anchor));
	if (is_open(tree, target))
		return tree_refuse(tree, start, "remove the alias", "the anchor %s contains itself",
			text_quote(anchor));
	if (tree->manifest->n_nodes == MANIFEST_MAX_NODES)
		return manifest_refuse_size(tree, start);
	node = new_node(tree, &(struct manifest_node){.kind = MANIFEST_ALIAS,
				      .start = start,
				      .end = end,
				      .target = target,
				      .weight = target->weight,
				      .height = target->height});
	if (!node)
		return error_memory(tree->err);
	target->aliased = true;
	return manifest_attach(tree, node);
}

/* By name, and of equal names by place. */
static int compare_pairs(const void *a, const void *b)
{
	const struct manifest_pair *left = a, *right = b;
	int order = strcmp(left->key->text, right->key->text);

	if (order != 0)
		return order;
	return left->key->start < right->key->start ? -1 : 1;
}

/* Kubernetes would take the last of the two, or refuse it, by the way it came. */
static int check_duplicates(struct tree *tree, const struct manifest_node *mapping)
{
	cleanup_free struct manifest_pair *sorted = NULL;

	if (mapping->n < 2)
		return 0;
	sorted = malloc(mapping->n * sizeof(*sorted));
	if (!sorted)
		return error_memory(tree->err);
	memcpy(sorted, mapping->pairs, mapping->n * sizeof(*sorted));
	qsort(sorted, mapping->n, sizeof(*sorted), compare_pairs);
	for (size_t i = 1; i < mapping->n; i++) {
		const struct manifest_node *key = sorted[i].key;

		if (strcmp(key->text, sorted[i - 1].key->text) == 0 &&
			strcmp(key->text, MERGE_KEY) != 0)
			return tree_refuse(tree, key->start, "remove one of the two",
				"the mapping has the key %s twice", text_quote(key->text));
	}
	return 0;
}

static void tree_weigh(struct manifest_node *node, const struct manifest_node *child)
{
	/* No sum of two can be too large: each is checked before it is added to another. */
	node->weight += child->weight;
	if (node->weight > MANIFEST_MAX_NODES)
		node->weight = MANIFEST_MAX_NODES + 1;
	if (node->height <= child->height)
		node->height = child->height + 1;
}

static void weigh_all(struct manifest_node *node)
{
	node->height = 1;
	for (size_t i = 0; i < node->n; i++) {
		if (node->kind == MANIFEST_MAPPING)
			tree_weigh(node, node->pairs[i].key);
		tree_weigh(node,
			node->kind == MANIFEST_MAPPING ? node->pairs[i].value : node->items[i]);
	}
}

int tree_close(struct tree *tree, size_t end)
{
	struct manifest_node *node = tree->open[--tree->n_open];

	weigh_all(node);
	if (node->weight > MANIFEST_MAX_NODES)
		return manifest_refuse_size(tree, node->start);
	if (tree->n_open + node->height > MANIFEST_MAX_DEPTH)
		return tree_refuse(tree, node->start, "nest it less deeply",
			"nested deeper than %d where aliases are followed", MANIFEST_MAX_DEPTH);
	node->end = end;
	return node->kind == MANIFEST_MAPPING ? check_duplicates(tree, node) : 0;
}

void tree_end_document(struct tree *tree)
{
	for (size_t i = 0; i < tree->n_anchors; i++)
		free(tree->anchors[i].name);
	free(tree->anchors);
	tree->anchors = NULL;
	tree->n_anchors = 0;
}

void tree_clear(struct tree *tree)
{
	tree_end_document(tree);
}

static void clear_node(struct manifest_node *node)
{
	if (node->kind == MANIFEST_MAPPING)
		free(node->pairs);
	else if (node->kind == MANIFEST_SEQUENCE)
		free(node->items);
	free(node->text);
	free(node);
}

void manifest_clear(struct manifest *manifest)
{
	if (!manifest)
		return;
	for (size_t i = 0; i < manifest->n_nodes; i++)
		clear_node(manifest->nodes[i]);
	free(manifest->nodes);
	free(manifest->roots);
	*manifest = (struct manifest){0};
}
