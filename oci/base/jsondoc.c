/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json-c builds the values, and is believed in nothing else: names and places in errors,
 * duplicates, types and the range of numbers are checked here, since its releases differ in them.
 */
#include "oci/base/jsondoc.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsonlex.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct place {
	size_t line, column;
};

static struct place jsondoc_locate(const char *data, size_t offset)
{
	struct place place = {1, 1};

	for (size_t i = 0; i < offset; i++) {
		place.column++;
		if (data[i] == '\n')
			place = (struct place){place.line + 1, 1};
	}
	return place;
}

static int syntax_error(const struct jsondoc_context *context, const char *data, size_t offset,
	const char *reason, struct error *err)
{
	struct place place = jsondoc_locate(data, offset);

	return error_set(err, -EINVAL, context->code, context->name,
		"correct the JSON at that place",
		"%s: not valid JSON at line %zu, column %zu (byte %zu): %s", context->name,
		place.line, place.column, offset + 1, reason);
}

static void free_tokener(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

/* The members of all objects in `value`; depth is bounded by the parser. */
static size_t count_members(struct json_object *value)
{
	size_t n = 0;

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			n += count_members(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			n += 1 + count_members(member);
		}
	}
	return n;
}

static int refuse_duplicates(
	const char *data, size_t size, const struct jsondoc_context *context, struct error *err)
{
	cleanup_free char *name = NULL;
	cleanup_free char *reason = NULL;
	size_t offset = 0;

	if (jsonlex_find_duplicate(data, size, &name, &offset) == 0)
		reason = strformat("the object has the name %s twice", text_quote(name));
	if (!reason)
		return error_memory(err);
	return syntax_error(context, data, offset, reason, err);
}

int jsondoc_values(const char *data, size_t size, struct json_object **ret, struct jsonlex *ret_lex)
{
	__attribute__((cleanup(free_tokener))) struct json_tokener *tokener =
		/* json-c counts a scalar as a level of its own. */
		json_tokener_new_ex(JSONDOC_MAX_DEPTH + 1);
	struct json_object *value;

	if (!tokener)
		return -ENOMEM;
	value = json_tokener_parse_ex(tokener, data, (int)size);
	if (value) {
		*ret = value;
		return 0;
	}
	ret_lex->offset = json_tokener_get_parse_end(tokener);
	ret_lex->reason = json_tokener_error_desc(json_tokener_get_error(tokener));
	return -EINVAL;
}

static int parse_strict(const char *data, size_t size, const struct jsondoc_context *context,
	struct json_object **ret_object, struct error *err)
{
	static const struct jsonlex_rules rules = {.max_depth = JSONDOC_MAX_DEPTH};
	cleanup_json struct json_object *object = NULL;
	struct jsonlex lex;
	int r;

	/* json-c takes the length as an int. */
	if (size > INT_MAX)
		return error_set(err, -EFBIG, context->code, context->name, "make it smaller",
			"%s: too large", context->name);
	if (jsonlex_check(data, size, &rules, &lex) < 0)
		return syntax_error(context, data, lex.offset, lex.reason, err);
	if (data[lex.start] != '{')
		return syntax_error(
			context, data, lex.start, "the top level must be an object", err);
	r = jsondoc_values(data, size, &object, &lex);
	if (r < 0)
		return r == -ENOMEM ? error_memory(err)
				    : syntax_error(context, data, lex.offset, lex.reason, err);
	/* json-c keeps the last of two members of one name: some are then missing. */
	if (count_members(object) != lex.members)
		return refuse_duplicates(data, size, context, err);
	*ret_object = move_ptr(object);
	return 0;
}

int jsondoc_parse(const char *data, size_t size, enum jsondoc_dialect dialect,
	const struct jsondoc_context *context, struct json_object **ret_object, struct error *err)
{
	cleanup_free char *bare = NULL;
	size_t offset;

	if (dialect == JSONDOC_STRICT)
		return parse_strict(data, size, context, ret_object, err);
	/* json-c knows comments only without its strict mode, and then takes much else. */
	bare = malloc(size + 1);
	if (!bare)
		return error_memory(err);
	memcpy(bare, data, size);
	bare[size] = '\0';
	if (jsonlex_strip_comments(bare, size, &offset) < 0)
		return syntax_error(context, data, offset, "a comment that does not end", err);
	return parse_strict(bare, size, context, ret_object, err);
}

/* What does not fit is cut; only names that the input chose are as long. */
static void cut_path(char buffer[JSONDOC_PATH_SIZE], int length)
{
	if (length >= JSONDOC_PATH_SIZE)
		memcpy(buffer + JSONDOC_PATH_SIZE - sizeof("..."), "...", sizeof("..."));
}

/* "path.key", either part may be empty. */
static void join_key(const char *path, const char *key, char buffer[JSONDOC_PATH_SIZE])
{
	const char *dot = *path && *key ? "." : "";

	cut_path(buffer, snprintf(buffer, JSONDOC_PATH_SIZE, "%s%s%s", path, dot, key));
}

int jsondoc_error(const struct jsondoc_get *get, const char *key, const char *fix,
	struct error *err, const char *format, ...)
{
	cleanup_free char *text = NULL;
	char path[JSONDOC_PATH_SIZE];
	va_list args;

	join_key(get->path, key ? key : "", path);
	va_start(args, format);
	text = strformat_v(format, args);
	va_end(args);
	if (!text)
		return error_memory(err);
	return error_set(err, -EINVAL, get->context->code, path, fix, "%s: %s: %s",
		get->context->name, path, text);
}

static const char *describe_type(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_boolean:
		return "true or false";
	case json_type_double:
		return "a number with a fraction";
	case json_type_int:
		return "an integer";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "an array";
	case json_type_string:
		return "a string";
	case json_type_null:
		break;
	}
	return "null";
}

static int type_error(const struct jsondoc_get *get, const char *key, const char *expected,
	struct json_object *value, struct error *err)
{
	cleanup_free char *fix = NULL;

	fix = strformat("write %s there", expected);
	if (!fix)
		return error_memory(err);
	return jsondoc_error(
		get, key, fix, err, "must be %s, is %s", expected, describe_type(value));
}

/* 1 and the member, 0 where it is absent or null and may be, or a negative errno. */
static int find_member(const struct jsondoc_get *get, const char *key, enum json_type type,
	const char *expected, struct json_object **ret, struct error *err)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(get->object, key, &value);
	if (!value && get->required)
		return jsondoc_error(
			get, key, "add it", err, "is missing, %s is required", expected);
	if (!value)
		return 0;
	if (!json_object_is_type(value, type))
		return type_error(get, key, expected, value, err);
	*ret = value;
	return 1;
}

int jsondoc_object(
	const struct jsondoc_get *get, const char *key, struct json_object **ret, struct error *err)
{
	int r = find_member(get, key, json_type_object, "an object", ret, err);

	return r < 0 ? r : 0;
}

int jsondoc_array(
	const struct jsondoc_get *get, const char *key, struct json_object **ret, struct error *err)
{
	int r = find_member(get, key, json_type_array, "an array", ret, err);

	return r < 0 ? r : 0;
}

static bool has_nul(struct json_object *string)
{
	return strlen(json_object_get_string(string)) != (size_t)json_object_get_string_len(string);
}

static int nul_error(const struct jsondoc_get *get, const char *key, struct error *err)
{
	return jsondoc_error(get, key, "remove the \\u0000", err, "has an embedded NUL");
}

int jsondoc_string(const struct jsondoc_get *get, const char *key, char **ret, struct error *err)
{
	struct json_object *value = NULL;
	char *copy;
	int r = find_member(get, key, json_type_string, "a string", &value, err);

	if (r <= 0)
		return r;
	if (has_nul(value))
		return nul_error(get, key, err);
	copy = strdup(json_object_get_string(value));
	if (!copy)
		return error_memory(err);
	*ret = copy;
	return 0;
}

int jsondoc_bool(const struct jsondoc_get *get, const char *key, bool *ret, bool *ret_found,
	struct error *err)
{
	struct json_object *value = NULL;
	int r = find_member(get, key, json_type_boolean, "true or false", &value, err);

	if (r < 0)
		return r;
	if (r > 0)
		*ret = json_object_get_boolean(value);
	if (ret_found)
		*ret_found = r > 0;
	return 0;
}

/* json-c saturates; INT64_MIN is then either itself or less. */
static bool is_int64(struct json_object *value)
{
	return json_object_get_int64(value) != INT64_MIN &&
	       json_object_get_uint64(value) <= INT64_MAX;
}

int jsondoc_int64(const struct jsondoc_get *get, const char *key, int64_t *ret, bool *ret_found,
	struct error *err)
{
	struct json_object *value = NULL;
	int r = find_member(get, key, json_type_int, "an integer", &value, err);

	if (r < 0)
		return r;
	if (r > 0 && !is_int64(value))
		return jsondoc_error(
			get, key, "write a smaller number there", err, "does not fit into 64 bits");
	if (r > 0)
		*ret = json_object_get_int64(value);
	if (ret_found)
		*ret_found = r > 0;
	return 0;
}

/* "key[index]" */
static void index_key(const char *key, size_t index, char buffer[JSONDOC_PATH_SIZE])
{
	cut_path(buffer, snprintf(buffer, JSONDOC_PATH_SIZE, "%s[%zu]", key, index));
}

static int refuse_string(const struct jsondoc_get *get, const char *key, size_t index,
	struct json_object *value, struct error *err)
{
	char item[JSONDOC_PATH_SIZE];

	index_key(key, index, item);
	return json_object_is_type(value, json_type_string)
		       ? nul_error(get, item, err)
		       : type_error(get, item, "a string", value, err);
}

int jsondoc_strv(
	const struct jsondoc_get *get, const char *key, struct strv *ret, struct error *err)
{
	struct json_object *array = NULL;
	int r = find_member(get, key, json_type_array, "an array of strings", &array, err);

	if (r <= 0)
		return r;
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *value = json_object_array_get_idx(array, i);

		/* Its place is put into words only for a message: these lists are long. */
		if (!json_object_is_type(value, json_type_string) || has_nul(value))
			return refuse_string(get, key, i, value, err);
		if (strv_add(ret, json_object_get_string(value)) < 0)
			return error_memory(err);
	}
	return 0;
}

static void open_scope(const struct jsondoc_get *get, const char *key, struct json_object *object,
	struct jsondoc_scope *ret)
{
	join_key(get->path, key, ret->path);
	ret->get = (struct jsondoc_get){
		.context = get->context,
		.object = object,
		.path = ret->path,
	};
}

int jsondoc_enter(const struct jsondoc_get *get, const char *key, struct jsondoc_scope *ret,
	struct error *err)
{
	struct json_object *object = NULL;
	int r = jsondoc_object(get, key, &object, err);

	if (r < 0)
		return r;
	open_scope(get, key, object, ret);
	return 0;
}

int jsondoc_each(const struct jsondoc_get *get, const char *key, jsondoc_item_fn load, void *data,
	struct error *err)
{
	struct json_object *array = NULL;
	int r = find_member(get, key, json_type_array, "an array of objects", &array, err);

	if (r <= 0)
		return r;
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *value = json_object_array_get_idx(array, i);
		char item[JSONDOC_PATH_SIZE];
		struct jsondoc_scope scope;

		index_key(key, i, item);
		if (!json_object_is_type(value, json_type_object))
			return type_error(get, item, "an object", value, err);
		open_scope(get, item, value, &scope);
		r = load(&scope.get, data, err);
		if (r < 0)
			return r;
	}
	return 0;
}
