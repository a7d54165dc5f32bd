/* SPDX-License-Identifier: Apache-2.0 */
/* Values and pairs: set, replaced, inserted. */
#include "policy/lint/edit.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "policy/lint/edit_text.h"

#include <stdio.h>
#include <string.h>

#define INDENT 2 /* of what is put below a new key */

/* A pair to be made: keys, one below the other, and the value of the last. */
struct addition {
	const char *const *keys;
	size_t n;
	const struct edit_value *value;
};

enum edit_outcome edit_replace(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *node, const struct edit_value *value)
{
	const char *single = strpbrk(value->text, "'\\") ? NULL : value->text;
	char *text = NULL;

	(void)source;
	if (is_shared(node))
		return EDIT_SHARED;
	if (node->kind != MANIFEST_ALIAS &&
		(node->kind != MANIFEST_SCALAR || node->style == MANIFEST_BLOCK))
		return EDIT_AWKWARD;
	if (!value->string || (node->style == MANIFEST_PLAIN && !strpbrk(value->text, "#,[]{}\"'")))
		text = strdup(value->text);
	else if (node->style == MANIFEST_SINGLE_QUOTED && single)
		text = strformat("'%s'", single);
	else
		text = quote_string(value->text);
	return edit_add(edits, node->start, node->end, text);
}

/* "key: {key: value}", with names in quotes for JSON. */
static char *write_flow(const struct addition *addition, bool quoted)
{
	cleanup_free char *value = write_value(addition->value);
	struct strformat_pieces pieces;
	FILE *out = value ? strformat_open(&pieces) : NULL;

	if (!out)
		return NULL;
	for (size_t i = 0; i < addition->n; i++)
		fprintf(out, "%s%s%s%s: ", i > 0 ? "{" : "", quoted ? "\"" : "", addition->keys[i],
			quoted ? "\"" : "");
	fputs(value, out);
	for (size_t i = 1; i < addition->n; i++)
		fputc('}', out);
	return strformat_close(&pieces);
}

/* The same on lines of their own, the first `column` bytes in, a line break before or behind each.
 */
static char *write_block(
	const struct addition *addition, size_t column, const char *line_end_text, bool before)
{
	cleanup_free char *value = write_value(addition->value);
	struct strformat_pieces pieces;
	FILE *out = value ? strformat_open(&pieces) : NULL;

	if (!out)
		return NULL;
	for (size_t i = 0; i < addition->n; i++)
		fprintf(out, "%s%*s%s:%s%s%s", before ? line_end_text : "",
			(int)(column + INDENT * i), "", addition->keys[i],
			i + 1 == addition->n ? " " : "", i + 1 == addition->n ? value : "",
			before ? "" : line_end_text);
	return strformat_close(&pieces);
}

static enum edit_outcome insert_flow(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *mapping, const struct addition *addition)
{
	const struct manifest_pair *last = mapping->n > 0 ? &mapping->pairs[mapping->n - 1] : NULL;
	bool quoted =
		source->manifest->json || (last && last->key->style == MANIFEST_DOUBLE_QUOTED);
	cleanup_free char *text = write_flow(addition, quoted);
	char *joined;

	if (!text)
		return EDIT_NO_MEMORY;
	if (!last)
		return edit_add(edits, mapping->start + 1, mapping->start + 1, move_ptr(text));
	if (last->value->end <= last->value->start)
		return EDIT_AWKWARD;
	if (is_first_on_line(source, last->key->start))
		joined = strformat(",%s%*s%s", line_break(source, last->key->start),
			(int)column_of(source, last->key->start), "", text);
	else
		joined = strformat(", %s", text);
	return edit_add(edits, last->value->end, last->value->end, joined);
}

/* A pair on one line: what is put behind that line is put behind the pair. */
static bool is_line_pair(const struct edit_source *source, const struct manifest_pair *pair)
{
	const struct manifest_node *value = pair->value;

	if (value->kind == MANIFEST_MAPPING || value->kind == MANIFEST_SEQUENCE)
		return false;
	return value->style != MANIFEST_BLOCK &&
	       is_one_line(source,
		       &(struct manifest_node){.start = pair->key->start, .end = value->end});
}

static const struct manifest_pair *find_line_pair(
	const struct edit_source *source, const struct manifest_node *mapping, const char *after)
{
	const struct manifest_pair *wanted = after ? manifest_pair(mapping, after) : NULL;

	if (wanted && is_line_pair(source, wanted))
		return wanted;
	for (size_t i = mapping->n; i > 0; i--)
		if (is_line_pair(source, &mapping->pairs[i - 1]))
			return &mapping->pairs[i - 1];
	return NULL;
}

static enum edit_outcome insert_block(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *mapping, const char *after, const struct addition *addition)
{
	const struct manifest_pair *pair = find_line_pair(source, mapping, after);
	size_t column = column_of(source, mapping->pairs[0].key->start), at;
	const char *ending;

	if (pair) {
		at = line_end(source, pair->value->end);
		ending = line_break(source, at);
		return edit_add(edits, at, at, write_block(addition, column, ending, true));
	}
	/* Above a pair that takes more lines than one, and above the comment that belongs to it. */
	for (size_t i = 0; i < mapping->n; i++) {
		at = mapping->pairs[i].key->start;
		if (!is_first_on_line(source, at))
			continue;
		ending = line_break(source, at);
		at = skip_comments_up(source, line_start(source, at), column);
		return edit_add(edits, at, at, write_block(addition, column, ending, false));
	}
	return EDIT_AWKWARD;
}

static enum edit_outcome insert_pair(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *mapping, const char *after, const struct addition *addition)
{
	if (is_shared(mapping))
		return EDIT_SHARED;
	if (mapping->style == MANIFEST_FLOW)
		return insert_flow(source, edits, mapping, addition);
	return mapping->n > 0 ? insert_block(source, edits, mapping, after, addition)
			      : EDIT_AWKWARD;
}

/* A key that has nothing behind it, or null: a mapping in brackets can stand on the same line. */
static enum edit_outcome fill_null(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *node, const struct addition *addition)
{
	bool empty = node->end == node->start;
	cleanup_free char *inner = NULL;
	char *text;

	if (is_shared(node))
		return EDIT_SHARED;
	inner = addition->n > 0 ? write_flow(addition, source->manifest->json)
				: write_value(addition->value);
	if (!inner)
		return EDIT_NO_MEMORY;
	/* What is empty ends with the colon. */
	if (empty && (node->start == 0 || source->data[node->start - 1] != ':'))
		return EDIT_AWKWARD;
	text = strformat("%s%s%s%s", empty ? " " : "", addition->n > 0 ? "{" : "", inner,
		addition->n > 0 ? "}" : "");
	return edit_add(edits, node->start, node->end, text);
}

enum edit_outcome edit_set(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *mapping, const struct edit_path *path,
	const struct edit_value *value)
{
	const char *const *keys = path->keys;
	const size_t n = path->n;

	for (size_t i = 0; i < n; i++) {
		const struct addition rest = {keys + i, n - i, value};
		const struct addition below = {keys + i + 1, n - i - 1, value};
		const struct manifest_pair *pair;

		if (mapping->kind == MANIFEST_ALIAS)
			return EDIT_SHARED;
		if (mapping->kind != MANIFEST_MAPPING)
			return EDIT_AWKWARD;
		pair = manifest_pair(mapping, keys[i]);
		if (!pair)
			return insert_pair(
				source, edits, mapping, i == 0 ? path->after : NULL, &rest);
		if (pair->value->kind == MANIFEST_SCALAR && manifest_null(pair->value))
			return fill_null(source, edits, pair->value, &below);
		mapping = pair->value;
	}
	return edit_replace(source, edits, mapping, value);
}
