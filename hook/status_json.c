/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/status_json.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include <errno.h>
#include <string.h>

/* Take `value` over, which is NULL where memory ran out. 0 or -ENOMEM. */
static int put(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value || json_object_object_add(object, key, value) < 0) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

static int append(struct json_object *array, struct json_object *value)
{
	if (!value || json_object_array_add(array, value) < 0) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

static struct json_object *make_path(const struct topology_path *path, const struct path_now *now)
{
	cleanup_json struct json_object *object = json_object_new_object();

	if (!object || put(object, "path", json_object_new_string(path->path)) < 0 ||
		put(object, "state", json_object_new_string(path_state_name(now->state))) < 0)
		return NULL;
	if (now->fstype && put(object, "fstype", json_object_new_string(now->fstype)) < 0)
		return NULL;
	return move_ptr(object);
}

static struct json_object *make_container(const struct topology_container *container, bool running)
{
	cleanup_json struct json_object *object = json_object_new_object();

	if (!object || put(object, "name", json_object_new_string(container->name)) < 0 ||
		put(object, "running", json_object_new_boolean(running)) < 0)
		return NULL;
	return move_ptr(object);
}

static int fill_now(
	const struct pod_now *pod, struct json_object *paths, struct json_object *containers)
{
	for (size_t i = 0; i < pod->topology.n_paths; i++) {
		if (append(paths, make_path(&pod->topology.paths[i], &pod->paths[i])) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < pod->topology.n_containers; i++) {
		if (append(containers,
			    make_container(&pod->topology.containers[i], pod->running[i])) < 0)
			return -ENOMEM;
	}
	return 0;
}

static struct json_object *make_now(const struct pod_now *pod)
{
	cleanup_json struct json_object *now = json_object_new_object();
	cleanup_json struct json_object *paths = json_object_new_array();
	cleanup_json struct json_object *containers = json_object_new_array();

	if (!now || !paths || !containers || fill_now(pod, paths, containers) < 0)
		return NULL;
	if (put(now, "paths", move_ptr(paths)) < 0 ||
		put(now, "containers", move_ptr(containers)) < 0)
		return NULL;
	return move_ptr(now);
}

int status_json_add(struct json_object *pods, const struct pod_now *pod)
{
	const struct jsondoc_context context = {.name = "record", .code = FINDING_INTERNAL};
	cleanup_free char *text = topology_format(&pod->topology);
	cleanup_json struct json_object *record = NULL;

	/* Through its text: the record's members are the schema's business, not this file's. */
	if (!text ||
		jsondoc_parse(text, strlen(text), JSONDOC_STRICT, &context, &record, NULL) < 0 ||
		put(record, "now", make_now(pod)) < 0)
		return -ENOMEM;
	return append(pods, move_ptr(record));
}

int status_json_print(FILE *out, struct json_object *pods)
{
	cleanup_json struct json_object *owned = pods;
	cleanup_json struct json_object *root = json_object_new_object();
	const char *text;

	if (!root || put(root, "schema", json_object_new_string(STATUS_SCHEMA)) < 0 ||
		put(root, "pods", move_ptr(owned)) < 0)
		return -ENOMEM;
	text = json_object_to_json_string_ext(root,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	return 0;
}
