/* SPDX-License-Identifier: Apache-2.0 */
/* JSON (RFC 8259), as strict as the API server reads it: one object, or one behind the other. */
#include "oci/kube/manifest_tree.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsonlex.h"
#include "oci/base/text.h"
#include <errno.h>
#include <string.h>

struct reader {
	const char *data;
	size_t size, at;
	struct tree *tree;
};

static const char correct[] = "correct the JSON at that place";

static void manifest_skip_blanks(struct reader *reader)
{
	while (reader->at < reader->size && strchr(" \t\r\n", reader->data[reader->at]) &&
		reader->data[reader->at])
		reader->at++;
}

/* The next character that is no blank, NUL at the end. */
static char manifest_peek(struct reader *reader)
{
	manifest_skip_blanks(reader);
	return reader->at < reader->size ? reader->data[reader->at] : '\0';
}

static int manifest_refuse(struct reader *reader, const char *reason)
{
	return tree_refuse(reader->tree, reader->at, correct, "%s",
		reader->at >= reader->size ? "the text ends too early" : reason);
}

static int manifest_expect(struct reader *reader, char wanted, const char *reason)
{
	if (manifest_peek(reader) != wanted)
		return manifest_refuse(reader, reason);
	reader->at++;
	return 0;
}

/* The end of the string literal that starts at reader->at; an error where it has none. */
static int find_string_end(struct reader *reader, size_t *ret)
{
	for (size_t i = reader->at + 1; i < reader->size; i++) {
		char c = reader->data[i];

		if ((unsigned char)c < 0x20)
			return tree_refuse(reader->tree, i, "write it as an escape",
				"a control character in a string");
		if (c == '"') {
			*ret = i + 1;
			return 0;
		}
		if (c == '\\')
			i++;
	}
	return tree_refuse(reader->tree, reader->at, correct, "a string that does not end");
}

static int read_string(struct reader *reader)
{
	struct manifest_node node = {
		.kind = MANIFEST_SCALAR, .style = MANIFEST_DOUBLE_QUOTED, .start = reader->at};
	const char *literal = reader->data + reader->at;
	char *text = NULL;
	int r = find_string_end(reader, &node.end);

	if (r < 0)
		return r;
	/* Most have no escape, and need no parser. */
	if (!memchr(literal, '\\', node.end - node.start)) {
		text = text_copy(literal + 1, node.end - node.start - 2);
		r = text ? 0 : -ENOMEM;
	} else {
		r = jsonlex_decode(literal, node.end - node.start, &text);
	}
	if (r == -EINVAL)
		return manifest_refuse(
			reader, "a string with an escape that JSON does not have, or a NUL");
	if (r < 0)
		return error_memory(reader->tree->err);
	reader->at = node.end;
	return tree_add(reader->tree, &node, NULL, text);
}

static bool manifest_is_word(const char *word, size_t length)
{
	static const char *const literals[] = {"true", "false", "null"};

	for (size_t i = 0; i < ARRAY_SIZE(literals); i++)
		if (strlen(literals[i]) == length && memcmp(word, literals[i], length) == 0)
			return true;
	return jsonlex_is_number(word, length);
}

static int read_word(struct reader *reader)
{
	const char *word = reader->data + reader->at;
	size_t length = 0;
	struct manifest_node node = {.kind = MANIFEST_SCALAR, .start = reader->at};
	char *text;

	while (reader->at + length < reader->size && !strchr(" \t\r\n,:[]{}\"", word[length]))
		length++;
	if (!manifest_is_word(word, length))
		return manifest_refuse(
			reader, "neither a value in quotes nor a number, true, false or null");
	text = text_copy(word, length);
	if (!text)
		return error_memory(reader->tree->err);
	reader->at += length;
	node.end = reader->at;
	return tree_add(reader->tree, &node, NULL, text);
}

static int read_value(struct reader *reader);

/* What stands between the brackets of a collection, which is open in the tree. */
static int read_members(struct reader *reader, bool mapping, char closing)
{
	int r = 0;

	if (manifest_peek(reader) == closing)
		return 0;
	for (;;) {
		if (mapping) {
			if (manifest_peek(reader) != '"')
				return manifest_refuse(reader, "expected a name in double quotes");
			r = read_string(reader);
			if (r == 0)
				r = manifest_expect(reader, ':', "expected a colon after the name");
		}
		if (r == 0)
			r = read_value(reader);
		if (r < 0 || manifest_peek(reader) == closing)
			return r;
		r = manifest_expect(reader, ',', "expected a comma or the closing bracket");
		if (r < 0)
			return r;
	}
}

static int read_collection(struct reader *reader, bool mapping)
{
	const char closing = mapping ? '}' : ']';
	int r = tree_add(reader->tree,
		&(struct manifest_node){.kind = mapping ? MANIFEST_MAPPING : MANIFEST_SEQUENCE,
			.style = MANIFEST_FLOW,
			.start = reader->at},
		NULL, NULL);

	reader->at++;
	if (r == 0)
		r = read_members(reader, mapping, closing);
	if (r < 0)
		return r;
	reader->at++;
	return tree_close(reader->tree, reader->at);
}

/* Recursion ends with the depth that the tree allows. */
static int read_value(struct reader *reader)
{
	switch (manifest_peek(reader)) {
	case '{':
		return read_collection(reader, true);
	case '[':
		return read_collection(reader, false);
	case '"':
		return read_string(reader);
	default:
		return read_word(reader);
	}
}

int manifest_read_json(const char *data, size_t size, struct tree *tree)
{
	struct reader reader = {.data = data, .size = size, .tree = tree};
	int r = 0;

	tree->manifest->json = true;
	do {
		if (manifest_peek(&reader) != '{')
			return manifest_refuse(&reader, "expected an object, or nothing more");
		r = read_value(&reader);
		manifest_skip_blanks(&reader);
	} while (r == 0 && reader.at < size);
	return r;
}
