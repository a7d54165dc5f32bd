/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the tables of topology_fields.c to JSON; what is not known is left out, so that a reader
 * can tell it from zero.
 */
#include "policy/record/topology.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsonpack.h"
#include "policy/record/timestamp.h"
#include "policy/record/topology_fields.h"
#include <string.h>

/* Enumerations have the size of an int; which type they are differs from member to member. */
static unsigned int load_enum(const void *slot)
{
	unsigned int value;

	memcpy(&value, slot, sizeof(value));
	return value;
}

static void pack_strings(
	struct jsonpack *pack, struct json_object *in, const char *key, const struct strv *list)
{
	struct json_object *array = jsonpack_array(pack, in, key);

	for (size_t i = 0; i < list->n; i++)
		jsonpack_string(pack, array, NULL, list->items[i]);
}

static void pack_time(struct jsonpack *pack, struct json_object *in, const char *key, uint64_t usec)
{
	char text[TIMESTAMP_SIZE];

	timestamp_format(usec, text);
	jsonpack_string(pack, in, key, text);
}

static void pack_value(
	struct jsonpack *pack, struct json_object *in, const struct field *field, const void *slot)
{
	const char *const *text = slot;

	switch (field->type) {
	case TYPE_STRING:
		jsonpack_string(pack, in, field->key, *text ? *text : "");
		return;
	case TYPE_STRV:
		pack_strings(pack, in, field->key, slot);
		return;
	case TYPE_BOOL:
		jsonpack_bool(pack, in, field->key, *(const bool *)slot);
		return;
	case TYPE_INT:
		jsonpack_int(pack, in, field->key, *(const int *)slot);
		return;
	case TYPE_INT64:
		jsonpack_int(pack, in, field->key, *(const int64_t *)slot);
		return;
	case TYPE_UINT64:
		jsonpack_uint(pack, in, field->key, *(const uint64_t *)slot);
		return;
	case TYPE_TIME:
		pack_time(pack, in, field->key, *(const uint64_t *)slot);
		return;
	case TYPE_ROLE:
	case TYPE_STATE:
	case TYPE_STATUS:
	case TYPE_PROPAGATION:
	case TYPE_CODE:
	case TYPE_SEVERITY:
		break;
	}
	jsonpack_string(pack, in, field->key, field_value_name(field->type, load_enum(slot)));
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

static bool topology_is_left_out(const struct field *field, const void *source)
{
	return field->presence == OPTIONAL && is_zero(field, (const char *)source + field->offset);
}

/* Add the members of the model's `source` to `object`. */
static void pack_fields(struct jsonpack *pack, struct json_object *object,
	const struct field_table *table, const void *source)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct field *field = &table->fields[i];

		if (!topology_is_left_out(field, source))
			pack_value(pack, object, field, (const char *)source + field->offset);
	}
}

static bool topology_has_any(const struct field_table *table, const void *source)
{
	for (size_t i = 0; i < table->n; i++) {
		if (!topology_is_left_out(&table->fields[i], source))
			return true;
	}
	return false;
}

/* Elements of the model, one behind the other. */
struct elements {
	const void *first;
	size_t n, size;
	const struct field_table *table;
	/* What they have beside their fields; may be NULL. */
	void (*more)(struct jsonpack *pack, struct json_object *object, const void *element);
};

static void pack_list(struct jsonpack *pack, struct json_object *in, const char *key,
	const struct elements *elements)
{
	struct json_object *array = jsonpack_array(pack, in, key);

	for (size_t i = 0; i < elements->n; i++) {
		const void *element = (const char *)elements->first + i * elements->size;
		struct json_object *object = jsonpack_object(pack, array, NULL);

		pack_fields(pack, object, elements->table, element);
		if (elements->more)
			elements->more(pack, object, element);
	}
}

static void pack_container(struct jsonpack *pack, struct json_object *object, const void *element)
{
	const struct topology_container *container = element;

	if (topology_has_any(&topology_limit_fields, container))
		pack_fields(pack, jsonpack_object(pack, object, "limits"), &topology_limit_fields,
			container);
	pack_list(pack, object, "mounts",
		&(struct elements){container->mounts, container->n_mounts,
			sizeof(*container->mounts), &topology_mount_fields, NULL});
	pack_list(pack, object, "findings",
		&(struct elements){container->findings.items, container->findings.n,
			sizeof(*container->findings.items), &topology_finding_fields, NULL});
}

static void pack_lists(struct jsonpack *pack, const struct topology *topology)
{
	const struct {
		const char *key;
		struct elements elements;
	} lists[] = {
		{"volumeRoots", {topology->volumes, topology->n_volumes, sizeof(*topology->volumes),
					&topology_volume_fields, NULL}},
		{"fusePaths", {topology->paths, topology->n_paths, sizeof(*topology->paths),
				      &topology_path_fields, NULL}},
		{"containers", {topology->containers, topology->n_containers,
				       sizeof(*topology->containers), &topology_container_fields,
				       pack_container}},
		{"edges", {topology->edges, topology->n_edges, sizeof(*topology->edges),
				  &topology_edge_fields, NULL}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		pack_list(pack, pack->root, lists[i].key, &lists[i].elements);
}

/* People read it too: in the container, and on the node. */
char *topology_format(const struct topology *topology)
{
	struct jsonpack pack;

	jsonpack_begin(&pack);
	jsonpack_string(&pack, pack.root, "schema", TOPOLOGY_SCHEMA);
	pack_fields(
		&pack, jsonpack_object(&pack, pack.root, "pod"), &topology_pod_fields, topology);
	pack_fields(&pack, pack.root, &topology_top_fields, topology);
	pack_lists(&pack, topology);
	return jsonpack_text(&pack);
}
