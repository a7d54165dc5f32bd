/* SPDX-License-Identifier: Apache-2.0 */
/* YAML 1.1 as libyaml reads it, of which the YAML reader of Kubernetes is a port. */
#include "oci/kube/manifest_tree.h"

#include "oci/base/cleanup.h"
#include "oci/base/text.h"
#include "oci/kube/yamllib.h"

#include <errno.h>
#include <string.h>

/* Where a mark of libyaml, which counts characters, is in bytes. */
struct cursor {
	const char *data;
	size_t size;
	size_t characters, bytes;
};

struct reader {
	struct yamllib lib;
	yaml_parser_t parser;
	struct cursor cursor;
	struct tree *tree;
};

static bool is_continuation(const struct cursor *cursor, size_t at)
{
	return at < cursor->size && ((unsigned char)cursor->data[at] & 0xc0) == 0x80;
}

/* Marks come nearly in order, so this is one pass over the text and some steps back. */
static size_t find_byte(struct cursor *cursor, size_t characters)
{
	while (cursor->characters < characters && cursor->bytes < cursor->size) {
		do
			cursor->bytes++;
		while (is_continuation(cursor, cursor->bytes));
		cursor->characters++;
	}
	while (cursor->characters > characters && cursor->bytes > 0) {
		do
			cursor->bytes--;
		while (is_continuation(cursor, cursor->bytes));
		cursor->characters--;
	}
	return cursor->bytes;
}

static size_t byte_of(struct reader *reader, yaml_mark_t mark)
{
	return find_byte(&reader->cursor, mark.index);
}

static int manifest_report(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem ? parser->problem : "it cannot be read";
	size_t offset;

	if (parser->error == YAML_MEMORY_ERROR)
		return error_memory(reader->tree->err);
	/* The reader counts bytes. */
	offset = parser->error == YAML_READER_ERROR ? parser->problem_offset
						    : byte_of(reader, parser->problem_mark);
	return tree_refuse(reader->tree, offset, "correct the YAML at that place", "%s%s%s",
		problem, parser->context ? " " : "", parser->context ? parser->context : "");
}

static enum manifest_style scalar_style(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return MANIFEST_SINGLE_QUOTED;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return MANIFEST_DOUBLE_QUOTED;
	case YAML_LITERAL_SCALAR_STYLE:
	case YAML_FOLDED_SCALAR_STYLE:
		return MANIFEST_BLOCK;
	case YAML_PLAIN_SCALAR_STYLE:
	case YAML_ANY_SCALAR_STYLE:
		break;
	}
	return MANIFEST_PLAIN;
}

/* A scalar by indentation ends where libyaml sees the next token: the blank lines are not its own.
 */
static size_t trim_end(const char *data, size_t start, size_t end)
{
	while (end > start && strchr(" \t\r\n", data[end - 1]) && data[end - 1])
		end--;
	return end;
}

static int add_scalar(struct reader *reader, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	struct manifest_node node = {
		.kind = MANIFEST_SCALAR,
		.style = scalar_style(event->data.scalar.style),
		.start = byte_of(reader, event->start_mark),
		.end = byte_of(reader, event->end_mark),
	};
	char *text;

	if (memchr(value, '\0', length))
		return tree_refuse(
			reader->tree, node.start, "remove the NUL", "a value with an embedded NUL");
	if (node.style == MANIFEST_BLOCK)
		node.end = trim_end(reader->cursor.data, node.start, node.end);
	text = text_copy(value, length);
	if (!text)
		return error_memory(reader->tree->err);
	return tree_add(reader->tree, &node, (const char *)event->data.scalar.anchor, text);
}

static int open_collection(struct reader *reader, const yaml_event_t *event)
{
	bool mapping = event->type == YAML_MAPPING_START_EVENT;
	bool flow = mapping ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
			    : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	const yaml_char_t *anchor =
		mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
	struct manifest_node node = {
		.kind = mapping ? MANIFEST_MAPPING : MANIFEST_SEQUENCE,
		.style = flow ? MANIFEST_FLOW : MANIFEST_BLOCK,
		.start = byte_of(reader, event->start_mark),
	};

	return tree_add(reader->tree, &node, (const char *)anchor, NULL);
}

/* A collection by indentation has no end of its own: it is its last value's. */
static int close_collection(struct reader *reader, const yaml_event_t *event)
{
	const struct tree *tree = reader->tree;
	const struct manifest_node *node = tree->open[tree->n_open - 1];
	size_t end = byte_of(reader, event->end_mark);

	if (node->style == MANIFEST_BLOCK && node->n > 0)
		end = node->kind == MANIFEST_MAPPING ? node->pairs[node->n - 1].value->end
						     : node->items[node->n - 1]->end;
	return tree_close(reader->tree, end);
}

static int take_event(struct reader *reader, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return tree_add_alias(reader->tree, (const char *)event->data.alias.anchor,
			byte_of(reader, event->start_mark), byte_of(reader, event->end_mark));
	case YAML_SCALAR_EVENT:
		return add_scalar(reader, event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return open_collection(reader, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_collection(reader, event);
	case YAML_DOCUMENT_END_EVENT:
		tree_end_document(reader->tree);
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
		break;
	}
	return 0;
}

static int read_events(struct reader *reader)
{
	yaml_event_type_t type = YAML_NO_EVENT;
	int r = 0;

	while (r == 0 && type != YAML_STREAM_END_EVENT) {
		yaml_event_t event;

		if (!reader->lib.parser_parse(&reader->parser, &event))
			return manifest_report(reader);
		type = event.type;
		r = take_event(reader, &event);
		reader->lib.event_delete(&event);
	}
	return r;
}

int manifest_read_yaml(const char *data, size_t size, struct tree *tree)
{
	struct reader reader = {.cursor = {.data = data, .size = size}, .tree = tree};
	const char *reason;
	int r = yamllib_load(&reader.lib, &reason);

	if (r < 0)
		return error_set(tree->err, r, FINDING_HOST_IO, "libyaml",
			"install libyaml (Debian: libyaml-0-2, Fedora: libyaml)",
			"cannot read YAML without libyaml: %s", reason);
	if (!reader.lib.parser_initialize(&reader.parser))
		return error_memory(tree->err);
	reader.lib.parser_set_input_string(&reader.parser, (const unsigned char *)data, size);
	/* Otherwise the first bytes could make it UTF-16. */
	reader.lib.parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	r = read_events(&reader);
	reader.lib.parser_delete(&reader.parser);
	return r;
}
