/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree asked by key and by place: merge keys, anchors and the words of YAML 1.1 are resolved
 * when they are asked for, so that the tree stays what the text says, and an edit finds its place.
 */
#include "oci/kube/manifest.h"

#include "oci/base/cleanup.h"
#include "oci/base/text.h"
#include "oci/kube/manifest_tree.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MERGE_KEY "<<"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* True where the text begins as JSON does: an object whose first name has double quotes. YAML's
 * flow style may look the same, and is the same as long as it keeps to JSON. */
static bool looks_like_json(const char *data, size_t size)
{
	size_t at = strspn(data, " \t\r\n");

	if (at >= size || data[at] != '{')
		return false;
	at++;
	at += strspn(data + at, " \t\r\n");
	return at < size && data[at] == '"';
}

static int check_text(struct tree *tree, const char *data, size_t size)
{
	for (size_t at = 0, length; at < size; at += length) {
		length = text_utf8_length(data + at, size - at);
		if (length == 0)
			return tree_refuse(tree, at, "save the file as UTF-8", "invalid UTF-8");
		if (data[at] == '\0')
			return tree_refuse(tree, at, "take it out", "a NUL byte");
	}
	return 0;
}

/* `data` has a NUL behind its last byte. */
static int parse_text(struct tree *tree, const char *data, size_t size)
{
	int r = check_text(tree, data, size);

	if (r < 0)
		return r;
	return looks_like_json(data, size) ? manifest_read_json(data, size, tree)
					   : manifest_read_yaml(data, size, tree);
}

/* Offsets are those of the text with the mark. */
static void manifest_shift(struct manifest *manifest, size_t by)
{
	for (size_t i = 0; i < manifest->n_nodes; i++) {
		manifest->nodes[i]->start += by;
		manifest->nodes[i]->end += by;
	}
}

int manifest_parse(
	const char *data, size_t size, struct manifest *ret, size_t *ret_offset, struct error *err)
{
	const size_t mark = strlen(BYTE_ORDER_MARK);
	cleanup_manifest struct manifest manifest = {0};
	cleanup_tree struct tree tree = {.manifest = &manifest, .offset = ret_offset, .err = err};
	cleanup_free char *copy = NULL;
	size_t skipped = size >= mark && memcmp(data, BYTE_ORDER_MARK, mark) == 0 ? mark : 0;
	int r;

	*ret_offset = 0;
	if (size > MANIFEST_MAX_SIZE)
		return tree_refuse(&tree, MANIFEST_MAX_SIZE, "split the manifest",
			"larger than %lu bytes", MANIFEST_MAX_SIZE);
	/* With a NUL behind it, which `data` need not have. */
	copy = malloc(size - skipped + 1);
	if (!copy)
		return error_memory(err);
	memcpy(copy, data + skipped, size - skipped);
	copy[size - skipped] = '\0';
	r = parse_text(&tree, copy, size - skipped);
	if (r < 0) {
		*ret_offset += skipped;
		return r;
	}
	manifest_shift(&manifest, skipped);
	*ret = move_struct(manifest);
	return 0;
}

const struct manifest_node *manifest_follow(const struct manifest_node *node)
{
	while (node && node->kind == MANIFEST_ALIAS)
		node = node->target;
	return node;
}

bool manifest_null(const struct manifest_node *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	node = manifest_follow(node);
	if (!node || node->kind != MANIFEST_SCALAR || node->style != MANIFEST_PLAIN)
		return !node;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(node->text, words[i]) == 0)
			return true;
	return false;
}

static const struct manifest_node *no_null(const struct manifest_node *node)
{
	return manifest_null(node) ? NULL : manifest_follow(node);
}

const struct manifest_pair *manifest_pair(const struct manifest_node *mapping, const char *key)
{
	mapping = manifest_follow(mapping);
	if (!mapping || mapping->kind != MANIFEST_MAPPING)
		return NULL;
	for (size_t i = 0; i < mapping->n; i++)
		if (strcmp(mapping->pairs[i].key->text, key) == 0)
			return &mapping->pairs[i];
	return NULL;
}

/* "<<: *base" or "<<: [*first, *second]", of which the first that has the key counts. */
static const struct manifest_node *get_merged(const struct manifest_node *merge, const char *key)
{
	merge = manifest_follow(merge);
	if (!merge || merge->kind != MANIFEST_SEQUENCE)
		return manifest_get(merge, key);
	for (size_t i = 0; i < merge->n; i++) {
		const struct manifest_node *value = manifest_get(merge->items[i], key);

		if (value)
			return value;
	}
	return NULL;
}

const struct manifest_node *manifest_get(const struct manifest_node *mapping, const char *key)
{
	const struct manifest_pair *pair = manifest_pair(mapping, key);

	if (pair)
		return no_null(pair->value);
	mapping = manifest_follow(mapping);
	for (size_t i = 0; mapping && mapping->kind == MANIFEST_MAPPING && i < mapping->n; i++) {
		const struct manifest_node *value;

		if (strcmp(mapping->pairs[i].key->text, MERGE_KEY) != 0)
			continue;
		value = get_merged(mapping->pairs[i].value, key);
		if (value)
			return value;
	}
	return NULL;
}

const struct manifest_node *manifest_find(const struct manifest_node *mapping, const char *path)
{
	const struct manifest_node *node = mapping;

	while (node && *path) {
		size_t length = strcspn(path, ".");
		char key[64];

		/* Paths are the program's own, and short. */
		snprintf(key, sizeof(key), "%.*s", (int)length, path);
		node = manifest_get(node, key);
		path += length + (path[length] == '.');
	}
	return node;
}

size_t manifest_count(const struct manifest_node *sequence)
{
	sequence = manifest_follow(sequence);
	return sequence && sequence->kind == MANIFEST_SEQUENCE ? sequence->n : 0;
}

const struct manifest_node *manifest_item(const struct manifest_node *sequence, size_t i)
{
	sequence = manifest_follow(sequence);
	if (!sequence || sequence->kind != MANIFEST_SEQUENCE || i >= sequence->n)
		return NULL;
	return no_null(sequence->items[i]);
}

const char *manifest_text(const struct manifest_node *node)
{
	node = no_null(node);
	return node && node->kind == MANIFEST_SCALAR ? node->text : NULL;
}

const char *manifest_string(const struct manifest_node *mapping, const char *path)
{
	return manifest_text(manifest_find(mapping, path));
}

static bool is_plain_word(const struct manifest_node *node, const char *const *words, size_t n)
{
	node = manifest_follow(node);
	if (!node || node->kind != MANIFEST_SCALAR || node->style != MANIFEST_PLAIN)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(node->text, words[i]) == 0)
			return true;
	return false;
}

bool manifest_true(const struct manifest_node *node)
{
	static const char *const words[] = {
		"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"};

	return is_plain_word(node, words, ARRAY_SIZE(words));
}

bool manifest_false(const struct manifest_node *node)
{
	static const char *const words[] = {
		"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"};

	return is_plain_word(node, words, ARRAY_SIZE(words));
}

/* The base of a number, and *digits moved behind what says so. */
static int find_base(const char **digits, bool json)
{
	const char *text = *digits;

	if (json || text[0] != '0' || !text[1])
		return 10;
	*digits = text + 1;
	if (text[1] == 'x' || text[1] == 'o')
		*digits = text + 2;
	return text[1] == 'x' ? 16 : 8;
}

bool manifest_integer(
	const struct manifest *manifest, const struct manifest_node *node, int64_t *ret)
{
	const char *text, *digits;
	char *end;
	intmax_t value;
	int base;

	node = no_null(node);
	if (!node || node->kind != MANIFEST_SCALAR || node->style != MANIFEST_PLAIN)
		return false;
	text = node->text;
	digits = text + (*text == '-');
	base = find_base(&digits, manifest->json);
	/* strtoimax() takes blanks and signs of its own. */
	if (!strchr("0123456789abcdefABCDEF", *digits) || !*digits)
		return false;
	errno = 0;
	value = strtoimax(digits, &end, base);
	if (errno || *end)
		return false;
	*ret = *text == '-' ? -value : value;
	return true;
}

static bool is_line_end(const char *data, size_t size, size_t at)
{
	/* Of CRLF, LF ends the line. */
	return data[at] == '\n' || (data[at] == '\r' && !(at + 1 < size && data[at + 1] == '\n'));
}

struct manifest_place manifest_locate(
	const char *data, size_t size, size_t offset, struct manifest_cursor *cursor)
{
	if (cursor->place.line == 0 || offset < cursor->offset)
		*cursor = (struct manifest_cursor){.place = {1, 1}};
	for (; cursor->offset < offset && cursor->offset < size; cursor->offset++) {
		if (is_line_end(data, size, cursor->offset))
			cursor->place = (struct manifest_place){cursor->place.line + 1, 1};
		else if (cursor->offset + 1 >= size ||
			 ((unsigned char)data[cursor->offset + 1] & 0xc0) != 0x80)
			cursor->place.column++;
	}
	return cursor->place;
}
