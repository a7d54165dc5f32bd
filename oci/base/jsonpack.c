/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json-c's constructors fail one by one; a document of a hundred members would be mostly error
 * handling. One flag has it instead.
 */
#include "oci/base/jsonpack.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include <errno.h>

void jsonpack_begin(struct jsonpack *pack)
{
	*pack = (struct jsonpack){.root = json_object_new_object()};
	pack->failed = !pack->root;
}

/* Takes `value` over, also where it fails. Borrowed from then on. */
static struct json_object *jsonpack_insert(
	struct jsonpack *pack, struct json_object *in, const char *key, struct json_object *value)
{
	int r = -1;

	if (!pack->failed && in)
		r = key ? json_object_object_add(in, key, value) : json_object_array_add(in, value);
	if (r == 0)
		return value;
	pack->failed = true;
	json_object_put(value);
	return NULL;
}

struct json_object *jsonpack_add(
	struct jsonpack *pack, struct json_object *in, const char *key, struct json_object *value)
{
	pack->failed |= !value;
	return jsonpack_insert(pack, in, key, value);
}

struct json_object *jsonpack_object(struct jsonpack *pack, struct json_object *in, const char *key)
{
	return jsonpack_add(pack, in, key, json_object_new_object());
}

struct json_object *jsonpack_array(struct jsonpack *pack, struct json_object *in, const char *key)
{
	return jsonpack_add(pack, in, key, json_object_new_array());
}

void jsonpack_string(
	struct jsonpack *pack, struct json_object *in, const char *key, const char *text)
{
	jsonpack_add(pack, in, key, json_object_new_string(text));
}

void jsonpack_int(struct jsonpack *pack, struct json_object *in, const char *key, int64_t value)
{
	jsonpack_add(pack, in, key, json_object_new_int64(value));
}

void jsonpack_uint(struct jsonpack *pack, struct json_object *in, const char *key, uint64_t value)
{
	jsonpack_add(pack, in, key, json_object_new_uint64(value));
}

void jsonpack_bool(struct jsonpack *pack, struct json_object *in, const char *key, bool value)
{
	jsonpack_add(pack, in, key, json_object_new_boolean(value));
}

/* json-c's null is a NULL pointer. */
void jsonpack_null(struct jsonpack *pack, struct json_object *in, const char *key)
{
	jsonpack_insert(pack, in, key, NULL);
}

void jsonpack_optional(
	struct jsonpack *pack, struct json_object *in, const char *key, const char *text)
{
	if (text)
		jsonpack_string(pack, in, key, text);
}

char *jsonpack_text(struct jsonpack *pack)
{
	const char *text = NULL;
	char *line = NULL;

	if (!pack->failed)
		text = json_object_to_json_string_ext(
			pack->root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		line = strformat("%s\n", text);
	jsonpack_clear(pack);
	return line;
}

int jsonpack_end(struct jsonpack *pack, FILE *out)
{
	cleanup_free char *text = jsonpack_text(pack);

	if (!text)
		return -ENOMEM;
	fputs(text, out);
	return 0;
}

void jsonpack_clear(struct jsonpack *pack)
{
	json_object_put(pack->root);
	pack->root = NULL;
}
