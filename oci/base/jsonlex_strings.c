/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of strings beside whether they are valid: where one ends, so that a comment's
 * slashes or a brace in it are none; what it says; and whether it is a name that its object has
 * already, for which names are kept.
 */
#include "oci/base/jsonlex.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsonlex_parts.h"
#include "oci/base/strv.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

/* The length of the string at data[at], quotes included; to the end of the text where it is open.
 */
static size_t string_span(const char *data, size_t size, size_t at)
{
	size_t i = at + 1;

	while (i < size && data[i] != '"')
		i += data[i] == '\\' && i + 1 < size ? 2 : 1;
	return (i < size ? i + 1 : size) - at;
}

/* The length of the comment at data[at], 0 where none starts there, SIZE_MAX where it is open. */
static size_t comment_span(const char *data, size_t size, size_t at)
{
	const char *end;

	if (size - at >= 2 && memcmp(data + at, "//", 2) == 0) {
		end = memchr(data + at, '\n', size - at);
		return end ? (size_t)(end - (data + at)) : size - at;
	}
	if (size - at < 2 || memcmp(data + at, "/*", 2) != 0)
		return 0;
	end = memmem(data + at + 2, size - at - 2, "*/", 2);
	return end ? (size_t)(end + 2 - (data + at)) : SIZE_MAX;
}

int jsonlex_strip_comments(char *data, size_t size, size_t *ret_offset)
{
	for (size_t at = 0; at < size;) {
		size_t span;

		if (data[at] == '"') {
			at += string_span(data, size, at);
			continue;
		}
		span = comment_span(data, size, at);
		if (span == SIZE_MAX) {
			*ret_offset = at;
			return -EINVAL;
		}
		for (size_t i = at; i < at + span; i++)
			if (data[i] != '\n')
				data[i] = ' ';
		at += span ? span : 1;
	}
	return 0;
}

/* The names that the open objects have so far: a stack of sets, NULL for an array. */
struct scopes {
	struct json_object **sets;
	size_t n;
};

static void scopes_clear(struct scopes *scopes)
{
	for (size_t i = 0; i < scopes->n; i++)
		json_object_put(scopes->sets[i]);
	free(scopes->sets);
}

static int push_scope(struct scopes *scopes, bool object)
{
	int r = array_grow(&scopes->sets, scopes->n, sizeof(*scopes->sets));
	struct json_object *set = NULL;

	if (r < 0)
		return r;
	if (object) {
		set = json_object_new_object();
		if (!set)
			return -ENOMEM;
	}
	scopes->sets[scopes->n++] = set;
	return 0;
}

static void pop_scope(struct scopes *scopes)
{
	if (scopes->n > 0)
		json_object_put(scopes->sets[--scopes->n]);
}

int jsonlex_decode(const char *literal, size_t size, char **ret)
{
	cleanup_free char *copy = malloc(size + 1);
	struct json_object *string;
	const char *text;
	int r = -EINVAL;

	if (!copy)
		return -ENOMEM;
	/* The text around it has no NUL at its end: copied by length, not as a string. */
	memcpy(copy, literal, size);
	copy[size] = '\0';
	string = json_tokener_parse(copy);
	text = json_object_get_string(string);
	if (text && strlen(text) == (size_t)json_object_get_string_len(string)) {
		*ret = strdup(text);
		r = *ret ? 0 : -ENOMEM;
	}
	json_object_put(string);
	return r;
}

/* 1 and the name where the innermost object has it already, 0 where it was added. */
static int note_name(struct scopes *scopes, const char *literal, size_t size, char **ret_name)
{
	struct json_object *set = scopes->n > 0 ? scopes->sets[scopes->n - 1] : NULL;
	cleanup_free char *name = NULL;
	int r = jsonlex_decode(literal, size, &name);

	if (r < 0)
		return r;
	if (json_object_object_get_ex(set, name, NULL)) {
		*ret_name = move_ptr(name);
		return 1;
	}
	return json_object_object_add(set, name, NULL) < 0 ? -ENOMEM : 0;
}

/* True where the next token behind data[at] is a colon: the string before it is a name. */
static bool colon_follows(const char *data, size_t size, size_t at)
{
	while (at < size && jsonlex_is_blank(data[at]))
		at++;
	return at < size && data[at] == ':';
}

int jsonlex_find_duplicate(const char *data, size_t size, char **ret_name, size_t *ret_offset)
{
	__attribute__((cleanup(scopes_clear))) struct scopes scopes = {0};

	for (size_t at = 0, span; at < size; at += span) {
		int r = 0;

		span = data[at] == '"' ? string_span(data, size, at) : 1;
		if (data[at] == '{' || data[at] == '[')
			r = push_scope(&scopes, data[at] == '{');
		else if (data[at] == '}' || data[at] == ']')
			pop_scope(&scopes);
		else if (data[at] == '"' && colon_follows(data, size, at + span))
			r = note_name(&scopes, data + at, span, ret_name);
		if (r > 0)
			*ret_offset = at;
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return -ENOENT;
}
