/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes are inserted and replaced, and nothing is written anew: comments, indentation and line
 * ends of a person's file stay as they are.
 */
#include "policy/lint/edit_text.h"

#include "oci/base/cleanup.h"
#include "oci/base/strv.h"

#include <errno.h>
#include <string.h>

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

size_t line_start(const struct edit_source *source, size_t at)
{
	while (at > 0 && !is_break(source->data[at - 1]))
		at--;
	return at;
}

size_t line_end(const struct edit_source *source, size_t at)
{
	while (at < source->size && !is_break(source->data[at]))
		at++;
	return at;
}

size_t next_line(const struct edit_source *source, size_t at)
{
	at = line_end(source, at);
	if (at + 1 < source->size && memcmp(source->data + at, "\r\n", 2) == 0)
		return at + 2;
	return at < source->size ? at + 1 : at;
}

const char *line_break(const struct edit_source *source, size_t at)
{
	size_t end = line_end(source, at);

	if (end == source->size)
		end = line_end(source, 0);
	if (end == source->size || source->data[end] == '\n')
		return "\n";
	return end + 1 < source->size && source->data[end + 1] == '\n' ? "\r\n" : "\r";
}

static size_t count_spaces(const struct edit_source *source, size_t start)
{
	size_t at = start;

	while (at < source->size && source->data[at] == ' ')
		at++;
	return at - start;
}

bool is_blank_line(const struct edit_source *source, size_t start)
{
	size_t at = start;

	while (at < source->size && (source->data[at] == ' ' || source->data[at] == '\t'))
		at++;
	return at < source->size && is_break(source->data[at]);
}

size_t previous_line(const struct edit_source *source, size_t start)
{
	size_t at = start - 1;

	if (at > 0 && source->data[at] == '\n' && source->data[at - 1] == '\r')
		at--;
	return line_start(source, at);
}

size_t skip_comments_up(const struct edit_source *source, size_t start, size_t column)
{
	while (start > 0) {
		size_t above = previous_line(source, start);
		size_t spaces = count_spaces(source, above);

		if (spaces != column || source->data[above + spaces] != '#')
			break;
		start = above;
	}
	return start;
}

size_t column_of(const struct edit_source *source, size_t at)
{
	return at - line_start(source, at);
}

/* Neither looks further than it must: a manifest may be one line. */
bool is_first_on_line(const struct edit_source *source, size_t at)
{
	while (at > 0 && source->data[at - 1] == ' ')
		at--;
	return at == 0 || is_break(source->data[at - 1]);
}

bool is_one_line(const struct edit_source *source, const struct manifest_node *node)
{
	size_t at = node->start;

	while (at < node->end && !is_break(source->data[at]))
		at++;
	return at == node->end;
}

bool is_shared(const struct manifest_node *node)
{
	for (; node; node = node->parent)
		if (node->aliased)
			return true;
	return false;
}

enum edit_outcome edit_add(struct edits *edits, size_t start, size_t end, char *text)
{
	if (!text || array_grow(&edits->items, edits->n, sizeof(*edits->items)) < 0) {
		free(text);
		return EDIT_NO_MEMORY;
	}
	edits->items[edits->n++] = (struct edit){start, end, text};
	return EDIT_DONE;
}

char *quote_string(const char *text)
{
	char *quoted = malloc(2 * strlen(text) + 3), *at = quoted;

	if (!quoted)
		return NULL;
	*at++ = '"';
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			*at++ = '\\';
		*at++ = *text;
	}
	*at++ = '"';
	*at = '\0';
	return quoted;
}

char *write_value(const struct edit_value *value)
{
	return value->string ? quote_string(value->text) : strdup(value->text);
}

/* By place; insertions at one place in the order in which they were made. */
static int compare_edits(const void *a, const void *b)
{
	const struct edit *const *left = a, *const *right = b;

	if ((*left)->start != (*right)->start)
		return (*left)->start < (*right)->start ? -1 : 1;
	return *left < *right ? -1 : 1;
}

static bool edit_touches(const struct edit *a, const struct edit *b)
{
	return a->start <= b->end && b->start <= a->end;
}

int edits_append(struct edits *edits, const struct edits *others)
{
	for (size_t i = 0; i < others->n; i++) {
		const struct edit *other = &others->items[i];

		if (edit_add(edits, other->start, other->end, strdup(other->text)) != EDIT_DONE)
			return -ENOMEM;
	}
	return 0;
}

static size_t sum_texts(const struct edits *edits)
{
	size_t sum = 0;

	for (size_t i = 0; i < edits->n; i++)
		sum += strlen(edits->items[i].text);
	return sum;
}

static void edit_append(char *text, size_t *size, const char *more, size_t n)
{
	memcpy(text + *size, more, n);
	*size += n;
}

int edits_apply(
	const struct edits *edits, const char *data, size_t size, char **ret_text, size_t *ret_size)
{
	cleanup_free const struct edit **sorted = calloc(edits->n + 1, sizeof(*sorted));
	char *text = malloc(size + sum_texts(edits) + 1);
	size_t at = 0, length = 0;

	if (!sorted || !text) {
		free(text);
		return -ENOMEM;
	}
	for (size_t i = 0; i < edits->n; i++)
		sorted[i] = &edits->items[i];
	qsort(sorted, edits->n, sizeof(struct edit *), compare_edits);
	for (size_t i = 0; i < edits->n; i++) {
		const struct edit *edit = sorted[i];

		if (i > 0 && edit_touches(sorted[i - 1], edit))
			continue;
		edit_append(text, &length, data + at, edit->start - at);
		edit_append(text, &length, edit->text, strlen(edit->text));
		at = edit->end;
	}
	edit_append(text, &length, data + at, size - at);
	text[length] = '\0';
	*ret_text = text;
	*ret_size = length;
	return 0;
}

void edits_clear(struct edits *edits)
{
	if (!edits)
		return;
	for (size_t i = 0; i < edits->n; i++)
		free(edits->items[i].text);
	free(edits->items);
	*edits = (struct edits){0};
}
