/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/topology.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include "policy/timestamp.h"
#include "policy/topology_fields.h"
#include <string.h>

/* Enumerations have the size of an int; which type they are differs from member to member. */
static unsigned int load_enum(const void *slot)
{
	unsigned int value;

	memcpy(&value, slot, sizeof(value));
	return value;
}

/* Take `value` over, which is NULL where memory ran out. 0 or -ENOMEM. */
static int put(struct json_object *object, const char *key, struct json_object *value)
{
	cleanup_json struct json_object *owned = value;

	if (!owned || json_object_object_add(object, key, owned) < 0)
		return -ENOMEM;
	owned = NULL;
	return 0;
}

static int append(struct json_object *array, struct json_object *value)
{
	cleanup_json struct json_object *owned = value;

	if (!owned || json_object_array_add(array, owned) < 0)
		return -ENOMEM;
	owned = NULL;
	return 0;
}

static struct json_object *make_strings(const struct strv *list)
{
	cleanup_json struct json_object *array = json_object_new_array();

	if (!array)
		return NULL;
	for (size_t i = 0; i < list->n; i++)
		if (append(array, json_object_new_string(list->items[i])) < 0)
			return NULL;
	return move_ptr(array);
}

static struct json_object *make_time(uint64_t usec)
{
	char text[TIMESTAMP_SIZE];

	timestamp_format(usec, text);
	return json_object_new_string(text);
}

static struct json_object *make_value(const struct field *field, const void *slot)
{
	const char *const *text = slot;

	switch (field->type) {
	case TYPE_STRING:
		return json_object_new_string(*text ? *text : "");
	case TYPE_STRV:
		return make_strings(slot);
	case TYPE_BOOL:
		return json_object_new_boolean(*(const bool *)slot);
	case TYPE_INT:
		return json_object_new_int(*(const int *)slot);
	case TYPE_INT64:
		return json_object_new_int64(*(const int64_t *)slot);
	case TYPE_UINT64:
		return json_object_new_uint64(*(const uint64_t *)slot);
	case TYPE_TIME:
		return make_time(*(const uint64_t *)slot);
	case TYPE_ROLE:
	case TYPE_STATE:
	case TYPE_STATUS:
	case TYPE_PROPAGATION:
	case TYPE_CODE:
	case TYPE_SEVERITY:
		break;
	}
	return json_object_new_string(field_value_name(field->type, load_enum(slot)));
}

/* True where the value is one that means "not known". Lists and truths always are known. */
static bool is_zero(const struct field *field, const void *slot)
{
	switch (field->type) {
	case TYPE_STRING:
		return *(const char *const *)slot == NULL;
	case TYPE_INT64:
	case TYPE_UINT64:
	case TYPE_TIME:
		return *(const uint64_t *)slot == 0;
	case TYPE_INT:
	case TYPE_ROLE:
	case TYPE_STATE:
	case TYPE_STATUS:
	case TYPE_PROPAGATION:
	case TYPE_CODE:
	case TYPE_SEVERITY:
		return load_enum(slot) == 0;
	case TYPE_STRV:
	case TYPE_BOOL:
		break;
	}
	return false;
}

/* Add the members of the model's `source` to `object`. 0 or -ENOMEM. */
static int put_fields(
	struct json_object *object, const struct field_table *table, const void *source)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct field *field = &table->fields[i];
		const void *slot = (const char *)source + field->offset;
		int r;

		if (field->presence == OPTIONAL && is_zero(field, slot))
			continue;
		r = put(object, field->key, make_value(field, slot));
		if (r < 0)
			return r;
	}
	return 0;
}

/* An object of these fields alone; NULL without memory. */
static struct json_object *make_object(const struct field_table *table, const void *source)
{
	cleanup_json struct json_object *object = json_object_new_object();

	if (!object || put_fields(object, table, source) < 0)
		return NULL;
	return move_ptr(object);
}

/* Elements of the model, one behind the other. */
struct elements {
	const void *first;
	size_t n, size;
	struct json_object *(*make)(const void *element);
};

static int put_list(struct json_object *object, const char *key, const struct elements *elements)
{
	cleanup_json struct json_object *array = json_object_new_array();

	if (!array)
		return -ENOMEM;
	for (size_t i = 0; i < elements->n; i++) {
		const void *element = (const char *)elements->first + i * elements->size;

		if (append(array, elements->make(element)) < 0)
			return -ENOMEM;
	}
	return put(object, key, move_ptr(array));
}

static struct json_object *make_volume(const void *volume)
{
	return make_object(&topology_volume_fields, volume);
}

static struct json_object *make_path(const void *path)
{
	return make_object(&topology_path_fields, path);
}

static struct json_object *make_edge(const void *edge)
{
	return make_object(&topology_edge_fields, edge);
}

static struct json_object *make_mount(const void *mount)
{
	return make_object(&topology_mount_fields, mount);
}

static struct json_object *make_finding(const void *finding)
{
	return make_object(&topology_finding_fields, finding);
}

static int put_lists_of_container(
	struct json_object *object, const struct topology_container *container)
{
	int r = put_list(object, "mounts",
		&(struct elements){container->mounts, container->n_mounts,
			sizeof(*container->mounts), make_mount});

	if (r < 0)
		return r;
	return put_list(object, "findings",
		&(struct elements){container->findings.items, container->findings.n,
			sizeof(*container->findings.items), make_finding});
}

static struct json_object *make_container(const void *element)
{
	const struct topology_container *container = element;
	cleanup_json struct json_object *object =
		make_object(&topology_container_fields, container);
	cleanup_json struct json_object *limits = make_object(&topology_limit_fields, container);

	if (!object || !limits)
		return NULL;
	if (json_object_object_length(limits) > 0 && put(object, "limits", move_ptr(limits)) < 0)
		return NULL;
	if (put_lists_of_container(object, container) < 0)
		return NULL;
	return move_ptr(object);
}

static int put_lists(struct json_object *object, const struct topology *topology)
{
	const struct {
		const char *key;
		struct elements elements;
	} lists[] = {
		{"volumeRoots", {topology->volumes, topology->n_volumes, sizeof(*topology->volumes),
					make_volume}},
		{"fusePaths",
			{topology->paths, topology->n_paths, sizeof(*topology->paths), make_path}},
		{"containers", {topology->containers, topology->n_containers,
				       sizeof(*topology->containers), make_container}},
		{"edges",
			{topology->edges, topology->n_edges, sizeof(*topology->edges), make_edge}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		int r = put_list(object, lists[i].key, &lists[i].elements);

		if (r < 0)
			return r;
	}
	return 0;
}

char *topology_format(const struct topology *topology)
{
	cleanup_json struct json_object *object = json_object_new_object();
	const char *text;
	char *line;

	if (!object || put(object, "schema", json_object_new_string(TOPOLOGY_SCHEMA)) < 0 ||
		put(object, "pod", make_object(&topology_pod_fields, topology)) < 0 ||
		put_fields(object, &topology_top_fields, topology) < 0 ||
		put_lists(object, topology) < 0)
		return NULL;
	/* People read it too: in the container, and on the node. */
	text = json_object_to_json_string_ext(object,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text || asprintf(&line, "%s\n", text) < 0)
		return NULL;
	return line;
}
