/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of a manifest's text, each at its place: what is not changed stays as it is, byte for
 * byte. They are made in the style of what stands there: by indentation, in brackets, as JSON.
 */
#ifndef FSH_POLICY_LINT_EDIT_H
#define FSH_POLICY_LINT_EDIT_H

#include "oci/kube/manifest.h"
#include <stddef.h>

/* The bytes from start to end become `text`; an insertion where the two are equal. */
struct edit {
	size_t start, end;
	char *text;
};

struct edits {
	struct edit *items;
	size_t n;
};

/* The text that is edited, and what it was parsed to. */
struct edit_source {
	const char *data;
	size_t size;
	const struct manifest *manifest;
};

/* A scalar to be written. */
struct edit_value {
	const char *text;
	bool string; /* in quotes where the style has them; otherwise plain: true, 0400 */
};

/* Why nothing was added: a node on the way is named by an alias, so that a change would show
 * elsewhere too; or the text is laid out in a way that is not understood well enough. */
enum edit_outcome {
	EDIT_DONE,
	EDIT_SHARED,
	EDIT_AWKWARD,
	EDIT_NO_MEMORY,
};

/* Names from a mapping on, one below the other; and the pair behind which a new one is put, where
 * that is there and stands on one line. NULL: no matter. */
struct edit_path {
	const char *const *keys;
	size_t n;
	const char *after;
};

/* Set the value there; what is missing on the way is made. */
enum edit_outcome edit_set(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *mapping, const struct edit_path *path,
	const struct edit_value *value);
/* Replace a scalar, or the alias that stands there. */
enum edit_outcome edit_replace(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *node, const struct edit_value *value);
/* Put a string behind item `i` of a sequence. */
enum edit_outcome edit_insert_item(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *sequence, size_t i, const char *text);
/* Take item `i` out of a sequence that has another one. */
enum edit_outcome edit_remove_item(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *sequence, size_t i);
/* Take a pair out of a mapping that has another one. */
enum edit_outcome edit_remove_pair(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *mapping, const char *key);

/* What a pair is replaced by: lines without their indentation, and the same in brackets. */
struct edit_lines {
	const char *const *lines;
	size_t n;
	const char *flow;
};

/* Replace a pair, which is followed to the end of its value, by others. */
enum edit_outcome edit_replace_pair(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *mapping, const char *key, const struct edit_lines *by);

/*
 * Apply edits, in whatever order they are; of two that touch each other only the first is applied.
 * *ret_text is owned by the caller. 0 or -ENOMEM.
 */
int edits_apply(const struct edits *edits, const char *data, size_t size, char **ret_text,
	size_t *ret_size);
/* Append copies. 0 or -ENOMEM. */
int edits_append(struct edits *edits, const struct edits *others);
void edits_clear(struct edits *edits);

#define cleanup_edits __attribute__((cleanup(edits_clear)))

#endif
