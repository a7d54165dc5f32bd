/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As lenient as Go's decoder and as strict as the reader's own checks: the question is what the
 * container engine makes of the file, not what the file should be.
 */
#include "policy/config/hooksd.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"
#include <limits.h>
#include <stdarg.h>
#include <string.h>

/* The document, for messages. */
struct reader {
	const char *name;
	struct error *err;
};

__attribute__((format(printf, 3, 4))) static int hooksd_refuse(
	const struct reader *reader, const char *fix, const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list args;

	va_start(args, format);
	text = strformat_v(format, args);
	va_end(args);
	if (!text)
		return error_memory(reader->err);
	return error_set(reader->err, -EINVAL, FINDING_POLICY_INVALID, reader->name, fix, "%s: %s",
		reader->name, text);
}

/* The member of that name, whatever its case; of several the last counts. NULL for null too. */
static struct json_object *hooksd_member(struct json_object *object, const char *name)
{
	struct json_object *found = NULL;

	json_object_object_foreach(object, key, value)
	{
		if (strcasecmp(key, name) == 0)
			found = value;
	}
	return found;
}

static int hooksd_read_text(const struct reader *reader, struct json_object *object,
	const char *key, const char *what, char **ret)
{
	struct json_object *value = hooksd_member(object, key);

	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_string))
		return hooksd_refuse(reader, "write a string there", "%s is not a string", what);
	*ret = strdup(json_object_get_string(value));
	return *ret ? 0 : error_memory(reader->err);
}

static int take_list(const struct reader *reader, struct json_object *object, const char *key,
	const char *what, struct strv *ret)
{
	struct json_object *value = hooksd_member(object, key);

	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_array))
		return hooksd_refuse(
			reader, "write a list of strings there", "%s is not a list", what);
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *item = json_object_array_get_idx(value, i);

		if (!json_object_is_type(item, json_type_string))
			return hooksd_refuse(reader, "write a list of strings there",
				"%s has an item that is not a string", what);
		if (strv_add(ret, json_object_get_string(item)) < 0)
			return error_memory(reader->err);
	}
	return 0;
}

static int take_bool(const struct reader *reader, struct json_object *object, const char *key,
	const char *what, bool *ret, bool *ret_found)
{
	struct json_object *value = hooksd_member(object, key);

	*ret_found = value != NULL;
	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_boolean))
		return hooksd_refuse(
			reader, "write true or false there", "%s is not a boolean", what);
	*ret = json_object_get_boolean(value);
	return 0;
}

static int take_object(const struct reader *reader, struct json_object *object, const char *key,
	struct json_object **ret)
{
	struct json_object *value = hooksd_member(object, key);

	if (value && !json_object_is_type(value, json_type_object))
		return hooksd_refuse(reader, "write an object there", "%s is not an object", key);
	*ret = value;
	return 0;
}

static int take_timeout(
	const struct reader *reader, struct json_object *object, struct hooksd *hook)
{
	struct json_object *value = hooksd_member(object, "timeout");

	hook->has_timeout = value != NULL;
	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_int))
		return hooksd_refuse(reader, "write a number of seconds there",
			"hook.timeout is not a whole number");
	hook->timeout = (long)json_object_get_int64(value);
	/* runtime-spec, config.md, "POSIX-platform Hooks": it must be greater than zero. */
	if (hook->timeout <= 0)
		return hooksd_refuse(reader, "write a number of seconds there",
			"hook.timeout is %ld", hook->timeout);
	return 0;
}

static int take_hook(const struct reader *reader, struct json_object *root, struct hooksd *hook)
{
	struct json_object *object = NULL;
	int r = take_object(reader, root, "hook", &object);

	if (r < 0)
		return r;
	if (!object)
		return hooksd_refuse(
			reader, "write the hook's path there", "it does not have a hook.path");
	r = hooksd_read_text(reader, object, "path", "hook.path", &hook->path);
	if (r == 0)
		r = take_list(reader, object, "args", "hook.args", &hook->args);
	if (r == 0)
		r = take_timeout(reader, object, hook);
	if (r < 0)
		return r;
	if (!hook->path || !*hook->path)
		return hooksd_refuse(
			reader, "write the hook's path there", "it does not have a hook.path");
	/* runtime-spec: absolute. The reader does not ask; the runtime fails the container. */
	if (*hook->path != '/')
		return hooksd_refuse(reader, "write an absolute path there",
			"hook.path %s is relative", text_quote(hook->path));
	return 0;
}

static int take_patterns(const struct reader *reader, struct json_object *when, struct hooksd *hook)
{
	struct json_object *object = NULL;
	int r = take_object(reader, when, "annotations", &object);

	if (r < 0 || !object)
		return r;
	json_object_object_foreach(object, key, value)
	{
		if (!json_object_is_type(value, json_type_string))
			return hooksd_refuse(reader, "write a pattern there",
				"the pattern of %s in when.annotations is not a string",
				text_quote(key));
		if (keyvals_add(&hook->annotations, key, json_object_get_string(value)) < 0)
			return error_memory(reader->err);
	}
	return 0;
}

static int take_when(const struct reader *reader, struct json_object *root, struct hooksd *hook)
{
	struct json_object *when = NULL;
	bool bind_mounts = false;
	int r = take_object(reader, root, "when", &when);

	if (r < 0 || !when)
		return r;
	r = take_patterns(reader, when, hook);
	if (r == 0)
		r = take_list(reader, when, "commands", "when.commands", &hook->commands);
	if (r == 0)
		r = take_bool(
			reader, when, "always", "when.always", &hook->always, &hook->has_always);
	if (r == 0)
		r = take_bool(reader, when, "hasBindMounts", "when.hasBindMounts", &bind_mounts,
			&hook->has_bind_mounts);
	return r;
}

static int take_stages(const struct reader *reader, struct json_object *root, struct hooksd *hook)
{
	static const char *const known[] = {"createContainer", "createRuntime", "prestart",
		"poststart", "poststop", "startContainer"};
	int r = take_list(reader, root, "stages", "stages", &hook->stages);

	if (r < 0)
		return r;
	if (!hooksd_member(root, "stages"))
		return hooksd_refuse(reader, "name the stages", "it does not have stages");
	for (size_t i = 0; i < hook->stages.n; i++) {
		bool found = false;

		for (size_t k = 0; k < ARRAY_SIZE(known) && !found; k++)
			found = strcmp(hook->stages.items[i], known[k]) == 0;
		if (!found)
			return hooksd_refuse(reader, "name a stage of the OCI runtime-spec",
				"unknown stage %s", text_quote(hook->stages.items[i]));
	}
	return 0;
}

/* 0 for version 1.0.0, 1 for what older rules read. */
static int take_version(const struct reader *reader, struct json_object *root)
{
	cleanup_free char *version = NULL;
	int r = hooksd_read_text(reader, root, "version", "version", &version);

	if (r < 0)
		return r;
	if (!version || !*version || strcmp(version, "0.1.0") == 0)
		return 1;
	if (strcmp(version, HOOKSD_VERSION) != 0)
		return hooksd_refuse(reader, "write \"" HOOKSD_VERSION "\" there",
			"unknown version %s", text_quote(version));
	return 0;
}

static int refuse_json(const struct reader *reader, const struct jsonlex *lex)
{
	return hooksd_refuse(reader, "repair it, or move it out of the directory",
		"it is not JSON at byte %zu: %s", lex->offset + 1, lex->reason);
}

/*
 * The whole text as one JSON object. Not jsondoc_parse(): that refuses what Go's parser takes, a
 * name twice for one and bytes that are no UTF-8, and what CRI-O reads is the question here.
 */
static int parse_json(
	const struct reader *reader, const char *data, size_t size, struct json_object **ret)
{
	static const struct jsonlex_rules rules = {
		.max_depth = JSONDOC_MAX_DEPTH, .any_bytes = true};
	struct jsonlex lex;
	int r;

	if (size > INT_MAX)
		return hooksd_refuse(reader, "move it out of the directory", "it is too large");
	if (jsonlex_check(data, size, &rules, &lex) < 0)
		return refuse_json(reader, &lex);
	if (data[lex.start] != '{')
		return hooksd_refuse(reader, "repair it, or move it out of the directory",
			"it is not a JSON object");
	r = jsondoc_values(data, size, ret, &lex);
	if (r == -ENOMEM)
		return error_memory(reader->err);
	return r < 0 ? refuse_json(reader, &lex) : 0;
}

int hooksd_parse(
	const char *data, size_t size, const char *name, struct hooksd *ret, struct error *err)
{
	const struct reader reader = {name, err};
	cleanup_json struct json_object *root = NULL;
	cleanup_hooksd struct hooksd hook = {0};
	int r = parse_json(&reader, data, size, &root);

	if (r == 0)
		r = take_version(&reader, root);
	if (r < 0)
		return r;
	if (r > 0) {
		hook.old = true;
	} else {
		r = take_hook(&reader, root, &hook);
		if (r == 0)
			r = take_when(&reader, root, &hook);
		if (r == 0)
			r = take_stages(&reader, root, &hook);
		if (r < 0)
			return r;
	}
	*ret = move_struct(hook);
	return 0;
}

bool hooksd_has_stage(const struct hooksd *hook, const char *stage)
{
	return strv_contains(&hook->stages, stage);
}

void hooksd_clear(struct hooksd *hook)
{
	if (!hook)
		return;
	free(hook->path);
	strv_clear(&hook->args);
	keyvals_clear(&hook->annotations);
	strv_clear(&hook->commands);
	strv_clear(&hook->stages);
	*hook = (struct hooksd){0};
}
