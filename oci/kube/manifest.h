/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A manifest as a tree in which each value knows where it stands in the text. YAML as Kubernetes
 * takes it (1.1, several documents, anchors, merge keys), or JSON, which is read strictly.
 */
#ifndef FSH_OCI_KUBE_MANIFEST_H
#define FSH_OCI_KUBE_MANIFEST_H

#include "oci/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANIFEST_MAX_SIZE (16UL * 1024 * 1024) /* bytes */
#define MANIFEST_MAX_DEPTH 64		       /* collections in one another, aliases followed */
#define MANIFEST_MAX_NODES 1000000	       /* values, aliases followed */
#define MANIFEST_MAX_ANCHORS 256	       /* of a document */

enum manifest_kind {
	MANIFEST_SCALAR,
	MANIFEST_SEQUENCE,
	MANIFEST_MAPPING,
	MANIFEST_ALIAS, /* "*name": stands for another node */
};

enum manifest_style {
	MANIFEST_PLAIN,
	MANIFEST_SINGLE_QUOTED,
	MANIFEST_DOUBLE_QUOTED,
	MANIFEST_BLOCK, /* a scalar after | or >, a collection by indentation */
	MANIFEST_FLOW,	/* a collection in brackets */
};

struct manifest_node;

struct manifest_pair {
	struct manifest_node *key; /* a scalar */
	struct manifest_node *value;
};

struct manifest_node {
	enum manifest_kind kind;
	enum manifest_style style;
	bool aliased; /* an alias stands for it: its text counts in more places than one */
	/* Bytes of the text that are its own, `end` behind the last; comments and blanks after it
	 * are not. Equal for a value that was left out. */
	size_t start, end;
	struct manifest_node *parent; /* the collection whose text it stands in; NULL: the root */
	char *text;		      /* SCALAR: the value, no NUL in it */
	struct manifest_node *target; /* ALIAS */
	union {
		struct manifest_pair *pairs;  /* MAPPING */
		struct manifest_node **items; /* SEQUENCE */
	};
	size_t n; /* of pairs or items */
	/* With aliases followed: values in it, itself included, and collections in one another. */
	uint32_t weight, height;
};

struct manifest {
	struct manifest_node **nodes; /* all there are, owned */
	size_t n_nodes;
	struct manifest_node **roots; /* of the documents that are not empty, in order */
	size_t n_roots;
	bool json; /* it was read as JSON */
};

/*
 * Parse `size` bytes, UTF-8 with or without a byte order mark. What begins with an object whose
 * first name is in double quotes is JSON: one object or several. Errors: -EINVAL with
 * FINDING_MANIFEST_INVALID, *ret_offset being the byte that it is about: syntax, UTF-8, a NUL, a
 * key twice in one mapping, an anchor inside itself, a limit above. -ENOENT with FINDING_HOST_IO
 * where libyaml cannot be loaded. `ret` is owned by the caller (manifest_clear).
 */
int manifest_parse(
	const char *data, size_t size, struct manifest *ret, size_t *ret_offset, struct error *err);
void manifest_clear(struct manifest *manifest);

#define cleanup_manifest __attribute__((cleanup(manifest_clear)))

/* Getters take NULL for a value that is not there, and follow aliases. What they return is
 * borrowed, no alias itself, and NULL where there is none of that kind. */

/* The value of `key`, its own or one merged in by "<<"; NULL for null too. */
const struct manifest_node *manifest_get(const struct manifest_node *mapping, const char *key);
/* manifest_get() along a dotted path: "spec.template.spec". No key of it has a dot. */
const struct manifest_node *manifest_find(const struct manifest_node *mapping, const char *path);
/* The mapping's own pair, not a merged one, null or not; NULL without. */
const struct manifest_pair *manifest_pair(const struct manifest_node *mapping, const char *key);
/* Item `i` of a sequence; NULL behind its end, for null and for what is no sequence. */
const struct manifest_node *manifest_item(const struct manifest_node *sequence, size_t i);
size_t manifest_count(const struct manifest_node *sequence);
/* The text of a scalar. */
const char *manifest_text(const struct manifest_node *node);
/* manifest_text() of manifest_find(). */
const char *manifest_string(const struct manifest_node *mapping, const char *path);
/* True for a plain true (yes, on), as Kubernetes' YAML reader has it. */
bool manifest_true(const struct manifest_node *node);
/* True for a plain false (no, off). */
bool manifest_false(const struct manifest_node *node);
/* A plain integer: decimal; in YAML also 0octal, 0o and 0x. */
bool manifest_integer(
	const struct manifest *manifest, const struct manifest_node *node, int64_t *ret);
bool manifest_null(const struct manifest_node *node);
/* The node itself, or what an alias stands for. */
const struct manifest_node *manifest_follow(const struct manifest_node *node);

/* A place for people: line and column from 1, columns in characters. */
struct manifest_place {
	size_t line, column;
};

/* Where places were last asked for; all zero at first. Offsets that only grow cost one pass. */
struct manifest_cursor {
	size_t offset;
	struct manifest_place place;
};

/* The place of a byte of the text. Lines end with LF, CRLF or CR. */
struct manifest_place manifest_locate(
	const char *data, size_t size, size_t offset, struct manifest_cursor *cursor);

#endif
