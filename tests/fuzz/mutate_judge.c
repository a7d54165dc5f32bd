/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How libFuzzer changes inputs of the judge. Bytes changed at random mostly make JSON that is
 * refused long before the policy; so config.json and the record are changed as trees, and the other
 * parts as the text that they are.
 */
#include "tests/fuzz/fuzz.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include <stdint.h>
#include <string.h>

#define PARTS 6
#define PART_CONFIG 1
#define PART_RECORD 4
#define TEXT_SIZE 256 /* of a string in the tree that is changed */
#define GROWTH 64     /* bytes that another part may grow by at once */

/* NOLINTBEGIN(readability-identifier-naming): libFuzzer's names */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
/* NOLINTEND(readability-identifier-naming) */

/* What a member of a config.json may well be. */
static const char *const values[] = {"null", "true", "false", "0", "-1", "229", "4294967294", "{}",
	"[]", "\"\"", "\"/\"", "\"/mnt/media\"", "\"/mnt/media/zurg\"", "\"/mnt/media/zurg/a\"",
	"\"/mnt\"", "\"../x\"", "\"/var/lib/kubelet/pods/p/volumes/kubernetes.io~nfs/media\"",
	"\"/var/lib/kubelet/pods/../x\"", "\"shared\"", "\"rslave\"", "\"rprivate\"",
	"[\"rbind\",\"rslave\"]", "[\"rbind\",\"rshared\",\"ro\"]", "[\"CAP_SYS_ADMIN\"]",
	"\"unconfined\"", "\"SCMP_ACT_ERRNO\"", "\"SCMP_ACT_ALLOW\"", "\"live\"", "\"dead\"",
	"\"provider\"", "[\"rclone\",\"mount\",\"a:\",\"/mnt/media/zurg\",\"--rc\"]",
	"[{\"allow\":false,\"access\":\"rwm\"}]", "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}",
	"[{\"type\":\"user\"}]"};

/* A place in a tree: a member of an object or an element of an array. */
struct place {
	struct json_object *parent;
	const char *key; /* of an object; NULL for an array */
	size_t index;
	struct json_object *value;
};

/* Walk to the place number *left, counted down on the way. */
static bool find_place(struct json_object *value, size_t *left, struct place *ret)
{
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			*ret = (struct place){value, key, 0, member};
			if ((*left)-- == 0 || find_place(member, left, ret))
				return true;
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			struct json_object *item = json_object_array_get_idx(value, i);

			*ret = (struct place){value, NULL, i, item};
			if ((*left)-- == 0 || find_place(item, left, ret))
				return true;
		}
	}
	return false;
}

static void set_place(const struct place *place, struct json_object *value)
{
	if (place->key)
		json_object_object_add(place->parent, place->key, value);
	else
		json_object_array_put_idx(place->parent, place->index, value);
}

static void remove_place(const struct place *place)
{
	if (place->key)
		json_object_object_del(place->parent, place->key);
	else
		json_object_array_del_idx(place->parent, place->index, 1);
}

/* libFuzzer's own idea of another string. It may be no UTF-8: then the config is refused. */
static struct json_object *mutate_text(struct json_object *string)
{
	size_t size = (size_t)json_object_get_string_len(string);
	uint8_t text[TEXT_SIZE];

	size = size < TEXT_SIZE ? size : TEXT_SIZE;
	memcpy(text, json_object_get_string(string), size);
	size = LLVMFuzzerMutate(text, size, sizeof(text));
	return json_object_new_string_len((const char *)text, (int)size);
}

static void mutate_place(const struct place *place, unsigned int choice)
{
	struct json_object *copy = NULL;

	switch (choice % 4) {
	case 0:
		remove_place(place);
		return;
	case 1:
		if (json_object_is_type(place->value, json_type_string))
			set_place(place, mutate_text(place->value));
		return;
	case 2:
		/* An element once more: two mounts, two rules, where order decides. */
		if (place->key || json_object_deep_copy(place->value, &copy, NULL) < 0)
			return;
		json_object_array_add(place->parent, copy);
		return;
	default:
		set_place(place, json_tokener_parse(values[choice / 4 % ARRAY_SIZE(values)]));
	}
}

static size_t count_places(struct json_object *tree)
{
	size_t left = SIZE_MAX;
	struct place place;

	find_place(tree, &left, &place);
	return SIZE_MAX - left;
}

/* Another JSON text, owned by the caller; NULL where `text` is none. */
static char *mutate_tree(const char *text, unsigned int seed)
{
	cleanup_json struct json_object *tree = json_tokener_parse(text);
	size_t n = tree ? count_places(tree) : 0, left;
	struct place place;

	if (n == 0)
		return NULL;
	left = seed % n;
	if (find_place(tree, &left, &place))
		mutate_place(&place, seed / 1009);
	return strdup(json_object_to_json_string_ext(tree, JSON_C_TO_STRING_NOSLASHESCAPE));
}

struct part {
	size_t start, length;
};

/* The last takes all that is left: any number of annotations. */
static struct part find_part(const char *data, size_t size, size_t number)
{
	size_t start = 0;

	for (size_t i = 0; i < number && start < size; i++) {
		start += strnlen(data + start, size - start);
		start += start < size ? 1 : 0;
	}
	if (number == PARTS - 1)
		return (struct part){start, size - start};
	return (struct part){start, strnlen(data + start, size - start)};
}

/* The bytes of the part, changed; owned by the caller, *ret_size of them. NULL: as they were. */
static char *mutate_bytes(const char *data, size_t size, size_t *ret_size)
{
	char *bytes = malloc(size + GROWTH);

	if (!bytes)
		return NULL;
	memcpy(bytes, data, size);
	*ret_size = LLVMFuzzerMutate((uint8_t *)bytes, size, size + GROWTH);
	return bytes;
}

static char *mutate_json(const char *data, size_t size, unsigned int seed, size_t *ret_size)
{
	struct fuzz_input input = {data, size};
	cleanup_free char *text = fuzz_take(&input);
	char *changed = mutate_tree(text, seed);

	if (!changed)
		return mutate_bytes(data, size, ret_size);
	*ret_size = strlen(changed);
	return changed;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	/* The config is what most depends on. */
	size_t number = seed % 8 < PARTS ? seed % 8 : PART_CONFIG, length = 0, rest;
	struct part part = find_part((const char *)data, size, number);
	const char *old = (const char *)data + part.start;
	cleanup_free char *changed = number == PART_CONFIG || number == PART_RECORD
					     ? mutate_json(old, part.length, seed / 8, &length)
					     : mutate_bytes(old, part.length, &length);

	rest = size - part.start - part.length;
	if (!changed || part.start + length + rest > max_size)
		return size;
	memmove(data + part.start + length, data + part.start + part.length, rest);
	memcpy(data + part.start, changed, length);
	return part.start + length + rest;
}
