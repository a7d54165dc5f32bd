/* SPDX-License-Identifier: Apache-2.0 */
/* Items and pairs: inserted and taken out. */
#include "policy/lint/edit.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "policy/lint/edit_text.h"

#include <stdio.h>
#include <string.h>

/* An element of a collection in brackets: from where its text starts to where it ends. */
struct span {
	size_t start, end;
};

static struct span span_of(const struct manifest_node *collection, size_t i)
{
	if (collection->kind == MANIFEST_MAPPING)
		return (struct span){
			collection->pairs[i].key->start, collection->pairs[i].value->end};
	return (struct span){collection->items[i]->start, collection->items[i]->end};
}

/* With the comma before it, or behind it for the first. */
static enum edit_outcome remove_flow(
	struct edits *edits, const struct manifest_node *collection, size_t i)
{
	struct span span = span_of(collection, i);

	if (i > 0)
		span.start = span_of(collection, i - 1).end;
	else
		span.end = span_of(collection, 1).start;
	return edit_add(edits, span.start, span.end, strdup(""));
}

/* Lines, with the comment above them, and one of the two blank lines that would meet. */
static enum edit_outcome remove_lines(const struct edit_source *source, struct edits *edits,
	size_t first, size_t last, size_t column)
{
	size_t start = skip_comments_up(source, line_start(source, first), column);
	size_t end = next_line(source, last);

	if (start > 0 && end < source->size && is_blank_line(source, end) &&
		is_blank_line(source, previous_line(source, start)))
		end = next_line(source, end);
	return edit_add(edits, start, end, strdup(""));
}

/* Where the dash of an item by indentation stands; false where more than it comes before. */
static bool find_dash(
	const struct edit_source *source, const struct manifest_node *item, size_t *ret)
{
	size_t at = item->start;

	while (at > 0 && source->data[at - 1] == ' ')
		at--;
	if (at == 0 || at == item->start || source->data[at - 1] != '-')
		return false;
	*ret = at - 1;
	return is_first_on_line(source, at - 1);
}

enum edit_outcome edit_remove_item(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *sequence, size_t i)
{
	const struct manifest_node *item = sequence->items[i];
	size_t dash;

	if (is_shared(sequence) || is_shared(item))
		return EDIT_SHARED;
	if (sequence->n < 2)
		return EDIT_AWKWARD;
	if (sequence->style == MANIFEST_FLOW)
		return remove_flow(edits, sequence, i);
	if (!find_dash(source, item, &dash))
		return EDIT_AWKWARD;
	return remove_lines(source, edits, dash, item->end, column_of(source, dash));
}

enum edit_outcome edit_remove_pair(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *mapping, const char *key)
{
	const struct manifest_pair *pair = manifest_pair(mapping, key);
	size_t start;

	if (!pair || mapping->n < 2)
		return EDIT_AWKWARD;
	if (is_shared(mapping) || is_shared(pair->value))
		return EDIT_SHARED;
	if (mapping->style == MANIFEST_FLOW)
		return remove_flow(edits, mapping, (size_t)(pair - mapping->pairs));
	start = pair->key->start;
	if (!is_first_on_line(source, start))
		return EDIT_AWKWARD;
	return remove_lines(source, edits, start, pair->value->end, column_of(source, start));
}

static enum edit_outcome insert_flow_item(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *item, const char *text)
{
	cleanup_free char *quoted = quote_string(text);
	char *joined;

	if (!quoted)
		return EDIT_NO_MEMORY;
	if (is_first_on_line(source, item->start))
		joined = strformat(",%s%*s%s", line_break(source, item->start),
			(int)column_of(source, item->start), "", quoted);
	else
		joined = strformat(", %s", quoted);
	return edit_add(edits, item->end, item->end, joined);
}

enum edit_outcome edit_insert_item(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *sequence, size_t i, const char *text)
{
	const struct manifest_node *item = sequence->items[i];
	bool plain = item->style == MANIFEST_PLAIN;
	cleanup_free char *quoted = NULL;
	char *line = NULL;
	size_t dash, at;

	if (is_shared(sequence))
		return EDIT_SHARED;
	if (sequence->style == MANIFEST_FLOW)
		return insert_flow_item(source, edits, item, text);
	if (item->style == MANIFEST_BLOCK || !is_one_line(source, item) ||
		!find_dash(source, item, &dash))
		return EDIT_AWKWARD;
	quoted = quote_string(text);
	if (!quoted)
		return EDIT_NO_MEMORY;
	at = line_end(source, item->end);
	line = strformat("%s%*s- %s", line_break(source, at), (int)column_of(source, dash), "",
		plain ? text : quoted);
	return edit_add(edits, at, at, line);
}

/* The first line goes where the key is, the others below it. NULL without memory. */
static char *join_lines(const struct edit_source *source, size_t start, const struct edit_lines *by)
{
	const char *ending = line_break(source, start);
	size_t column = column_of(source, start);
	struct strformat_pieces pieces;
	FILE *out = strformat_open(&pieces);

	if (!out)
		return NULL;
	for (size_t i = 0; i < by->n; i++)
		fprintf(out, "%s%*s%s", i > 0 ? ending : "", i > 0 ? (int)column : 0, "",
			by->lines[i]);
	return strformat_close(&pieces);
}

enum edit_outcome edit_replace_pair(const struct edit_source *source, struct edits *edits,
	const struct manifest_node *mapping, const char *key, const struct edit_lines *by)
{
	const struct manifest_pair *pair = manifest_pair(mapping, key);

	if (!pair)
		return EDIT_AWKWARD;
	if (is_shared(mapping) || is_shared(pair->value))
		return EDIT_SHARED;
	return edit_add(edits, pair->key->start, pair->value->end,
		mapping->style == MANIFEST_FLOW ? strdup(by->flow)
						: join_lines(source, pair->key->start, by));
}
