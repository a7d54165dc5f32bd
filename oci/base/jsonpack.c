/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/jsonpack.h"

#include <errno.h>
#include <stdint.h>

void jsonpack_begin(struct jsonpack *pack)
{
	*pack = (struct jsonpack){.root = json_object_new_object()};
	pack->failed = !pack->root;
}

/* Takes `value` over, also where it fails. Borrowed from then on. */
static struct json_object *put(
	struct jsonpack *pack, struct json_object *in, const char *key, struct json_object *value)
{
	int r = -1;

	if (!pack->failed && in && value)
		r = key ? json_object_object_add(in, key, value) : json_object_array_add(in, value);
	if (r == 0)
		return value;
	pack->failed = true;
	json_object_put(value);
	return NULL;
}

struct json_object *jsonpack_object(struct jsonpack *pack, struct json_object *in, const char *key)
{
	return put(pack, in, key, json_object_new_object());
}

struct json_object *jsonpack_array(struct jsonpack *pack, struct json_object *in, const char *key)
{
	return put(pack, in, key, json_object_new_array());
}

void jsonpack_string(
	struct jsonpack *pack, struct json_object *in, const char *key, const char *text)
{
	put(pack, in, key, json_object_new_string(text));
}

void jsonpack_size(struct jsonpack *pack, struct json_object *in, const char *key, size_t value)
{
	put(pack, in, key, json_object_new_int64((int64_t)value));
}

void jsonpack_bool(struct jsonpack *pack, struct json_object *in, const char *key, bool value)
{
	put(pack, in, key, json_object_new_boolean(value));
}

int jsonpack_end(struct jsonpack *pack, FILE *out)
{
	const char *text = NULL;

	if (!pack->failed)
		text = json_object_to_json_string_ext(
			pack->root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(pack->root);
	pack->root = NULL;
	return text ? 0 : -ENOMEM;
}
