/* SPDX-License-Identifier: Apache-2.0 */
/* How the readers of oci/kube/manifest_yaml.c and oci/kube/manifest_json.c build the tree. Not for
 * others. */
#ifndef FSH_OCI_KUBE_MANIFEST_TREE_H
#define FSH_OCI_KUBE_MANIFEST_TREE_H

#include "oci/kube/manifest.h"

/* An anchor and what it names. */
struct tree_anchor {
	char *name;
	struct manifest_node *node;
};

struct tree {
	struct manifest *manifest;
	struct manifest_node *open[MANIFEST_MAX_DEPTH]; /* collections, the outermost first */
	size_t n_open;
	struct manifest_node *key;   /* of the innermost mapping, still without a value */
	struct tree_anchor *anchors; /* of the document */
	size_t n_anchors;
	size_t *offset;	   /* of an error */
	struct error *err; /* of an error */
};

/* "not valid YAML: …" at `offset`: -EINVAL. */
int tree_refuse(struct tree *tree, size_t offset, const char *fix, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Add a node where the tree is: a root, an item, a key, or a value. A collection is open from then
 * on. `anchor` may be NULL. `text` is taken over, also on failure.
 */
int tree_add(struct tree *tree, const struct manifest_node *like, const char *anchor, char *text);
/* Add an alias of that anchor. */
int tree_add_alias(struct tree *tree, const char *anchor, size_t start, size_t end);
/* Close the innermost collection, which ends there. */
int tree_close(struct tree *tree, size_t end);
/* Anchors count for one document. */
void tree_end_document(struct tree *tree);
void tree_clear(struct tree *tree);

#define cleanup_tree __attribute__((cleanup(tree_clear)))

/* The readers: errors and results as manifest_parse()'s; the text is valid UTF-8 without a mark. */
int manifest_read_yaml(const char *data, size_t size, struct tree *tree);
int manifest_read_json(const char *data, size_t size, struct tree *tree);

#endif
