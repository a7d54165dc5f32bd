/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON to the model by topology_fields.c. The file is root's, and read as if it were not:
 * other versions wrote it, and it is parsed where pods' input is.
 */
#include "policy/record/topology.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include "oci/base/programs.h"
#include "oci/base/text.h"
#include "policy/record/timestamp.h"
#include "policy/record/topology_fields.h"
#include "policy/record/topology_limit.h"
#include <limits.h>
#include <string.h>

#define SCHEMA_FAMILY "fuse-sidecar.io/topology/"

/* Enumerations have the size of an int; which type they are differs from member to member. */
static void store_enum(void *slot, unsigned int value)
{
	memcpy(slot, &value, sizeof(value));
}

static int topology_read_number(const struct jsondoc_get *get, const char *key, int64_t max,
	int64_t *value, struct error *err)
{
	int r = jsondoc_int64(get, key, value, NULL, err);

	if (r < 0)
		return r;
	if (*value < 0 || *value > max)
		return jsondoc_error(get, key, "remove the record", err, "%lld is out of range",
			(long long)*value);
	return 0;
}

static int read_integer(
	const struct jsondoc_get *get, const struct field *field, void *slot, struct error *err)
{
	int64_t value = 0;
	int r = topology_read_number(
		get, field->key, field->type == TYPE_INT ? INT_MAX : INT64_MAX, &value, err);

	if (r < 0)
		return r;
	if (field->type == TYPE_INT)
		*(int *)slot = (int)value;
	else if (field->type == TYPE_INT64)
		*(int64_t *)slot = value;
	else
		*(uint64_t *)slot = (uint64_t)value;
	return 0;
}

static int read_time(
	const struct jsondoc_get *get, const char *key, uint64_t *usec, struct error *err)
{
	cleanup_free char *text = NULL;
	int r = jsondoc_string(get, key, &text, err);

	if (r < 0 || !text)
		return r;
	if (timestamp_parse(text, usec) < 0)
		return jsondoc_error(get, key, "remove the record", err,
			"%s is not an RFC 3339 time in UTC", text_quote(text));
	return 0;
}

static int read_name(
	const struct jsondoc_get *get, const struct field *field, void *slot, struct error *err)
{
	cleanup_free char *text = NULL;
	int r = jsondoc_string(get, field->key, &text, err);

	if (r < 0 || !text)
		return r;
	for (unsigned int i = 0; field_value_name(field->type, i); i++) {
		if (strcmp(field_value_name(field->type, i), text) != 0)
			continue;
		store_enum(slot, i);
		return 0;
	}
	/* A newer hook may know more codes; what else it may add, it adds as a new member. */
	if (field->type == TYPE_CODE)
		return 0;
	return jsondoc_error(get, field->key, "remove the record", err,
		"%s is not a value known here", text_quote(text));
}

static int read_field(
	const struct jsondoc_get *get, const struct field *field, void *slot, struct error *err)
{
	switch (field->type) {
	case TYPE_STRING:
		return jsondoc_string(get, field->key, slot, err);
	case TYPE_STRV:
		return jsondoc_strv(get, field->key, slot, err);
	case TYPE_BOOL:
		return jsondoc_bool(get, field->key, slot, NULL, err);
	case TYPE_INT:
	case TYPE_INT64:
	case TYPE_UINT64:
		return read_integer(get, field, slot, err);
	case TYPE_TIME:
		return read_time(get, field->key, slot, err);
	case TYPE_ROLE:
	case TYPE_STATE:
	case TYPE_STATUS:
	case TYPE_PROPAGATION:
	case TYPE_CODE:
	case TYPE_SEVERITY:
		break;
	}
	return read_name(get, field, slot, err);
}

/* Fill the model's `object`, all zero, from the JSON object of `get`. */
static int read_fields(const struct jsondoc_get *get, const struct field_table *table, void *object,
	struct error *err)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct field *field = &table->fields[i];
		struct jsondoc_get member = *get;
		int r;

		member.required = field->presence == REQUIRED;
		r = read_field(&member, field, (char *)object + field->offset, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The writer keeps to the same limits. */
static int topology_check_room(
	const struct jsondoc_get *item, size_t n, size_t max, struct error *err)
{
	if (n < max)
		return 0;
	return jsondoc_error(
		item, NULL, "remove the record", err, "a record has at most %zu of these", max);
}

/* An element is counted before it is read: clearing the model then releases one half read. */

static int read_volume(const struct jsondoc_get *item, void *data, struct error *err)
{
	struct topology *topology = data;
	int r = topology_check_room(item, topology->n_volumes, TOPOLOGY_MAX_VOLUMES, err);

	if (r < 0)
		return r;
	if (array_grow(&topology->volumes, topology->n_volumes, sizeof(*topology->volumes)) < 0)
		return error_memory(err);
	return read_fields(
		item, &topology_volume_fields, &topology->volumes[topology->n_volumes++], err);
}

static int read_path(const struct jsondoc_get *item, void *data, struct error *err)
{
	struct topology *topology = data;
	int r = topology_check_room(item, topology->n_paths, TOPOLOGY_MAX_PATHS, err);

	if (r < 0)
		return r;
	if (array_grow(&topology->paths, topology->n_paths, sizeof(*topology->paths)) < 0)
		return error_memory(err);
	return read_fields(item, &topology_path_fields, &topology->paths[topology->n_paths++], err);
}

static int read_edge(const struct jsondoc_get *item, void *data, struct error *err)
{
	struct topology *topology = data;
	int r = topology_check_room(item, topology->n_edges, TOPOLOGY_MAX_EDGES, err);

	if (r < 0)
		return r;
	if (array_grow(&topology->edges, topology->n_edges, sizeof(*topology->edges)) < 0)
		return error_memory(err);
	return read_fields(item, &topology_edge_fields, &topology->edges[topology->n_edges++], err);
}

static int read_mount(const struct jsondoc_get *item, void *data, struct error *err)
{
	struct topology_container *container = data;
	int r = topology_check_room(item, container->n_mounts, TOPOLOGY_MAX_MOUNTS, err);

	if (r < 0)
		return r;
	if (array_grow(&container->mounts, container->n_mounts, sizeof(*container->mounts)) < 0)
		return error_memory(err);
	return read_fields(
		item, &topology_mount_fields, &container->mounts[container->n_mounts++], err);
}

static int read_finding(const struct jsondoc_get *item, void *data, struct error *err)
{
	/* A list of one: it owns what was read, and the list of the model gets a copy in which no
	 * string is NULL. */
	struct findings *list = data;
	cleanup_findings struct findings one = {0};
	int r = topology_check_room(item, list->n, TOPOLOGY_MAX_FINDINGS, err);

	if (r < 0)
		return r;
	if (array_grow(&one.items, 0, sizeof(*one.items)) < 0)
		return error_memory(err);
	one.n = 1;
	r = read_fields(item, &topology_finding_fields, one.items, err);
	if (r < 0 || one.items[0].code == FINDING_NONE)
		return r;
	return findings_copy(&one, list) < 0 ? error_memory(err) : 0;
}

static int topology_read_container(const struct jsondoc_get *item, void *data, struct error *err)
{
	struct topology *topology = data;
	struct topology_container *container;
	struct jsondoc_scope limits;
	int r = topology_check_room(item, topology->n_containers, TOPOLOGY_MAX_CONTAINERS, err);

	if (r < 0)
		return r;
	if (array_grow(&topology->containers, topology->n_containers, sizeof(*container)) < 0)
		return error_memory(err);
	container = &topology->containers[topology->n_containers++];
	r = read_fields(item, &topology_container_fields, container, err);
	if (r < 0)
		return r;
	r = jsondoc_enter(item, "limits", &limits, err);
	if (r < 0)
		return r;
	r = read_fields(&limits.get, &topology_limit_fields, container, err);
	if (r < 0)
		return r;
	r = jsondoc_each(item, "mounts", read_mount, container, err);
	if (r < 0)
		return r;
	return jsondoc_each(item, "findings", read_finding, &container->findings, err);
}

/* Before anything else is looked at: another version may use the same names otherwise. */
static int check_schema(const struct jsondoc_get *get, struct error *err)
{
	cleanup_free char *schema = NULL;
	struct jsondoc_get required = *get;
	const char *name = get->context->name;
	int r;

	required.required = true;
	r = jsondoc_string(&required, "schema", &schema, err);
	if (r < 0)
		return r;
	if (strcmp(schema, TOPOLOGY_SCHEMA) == 0)
		return 0;
	if (strncmp(schema, SCHEMA_FAMILY, strlen(SCHEMA_FAMILY)) == 0)
		return error_set(err, -EPROTONOSUPPORT, FINDING_HOST_IO, name,
			"use the version of " HOOK_PROGRAM " that wrote the record",
			"%s: the record has version %s of its schema, this program reads %s", name,
			text_quote(schema + strlen(SCHEMA_FAMILY)),
			&TOPOLOGY_SCHEMA[strlen(SCHEMA_FAMILY)]);
	return error_set(err, -EPROTONOSUPPORT, FINDING_HOST_IO, name, "remove the file",
		"%s: schema %s is not " TOPOLOGY_SCHEMA ": this is not a topology record", name,
		text_quote(schema));
}

static int topology_read_pod(
	const struct jsondoc_get *top, struct topology *topology, struct error *err)
{
	struct jsondoc_get required = *top;
	struct jsondoc_scope pod;
	int r;

	required.required = true;
	r = jsondoc_enter(&required, "pod", &pod, err);
	if (r < 0)
		return r;
	return read_fields(&pod.get, &topology_pod_fields, topology, err);
}

static int read_topology(
	const struct jsondoc_get *top, struct topology *topology, struct error *err)
{
	static const struct {
		const char *key;
		jsondoc_item_fn read;
	} lists[] = {
		{"volumeRoots", read_volume},
		{"fusePaths", read_path},
		{"containers", topology_read_container},
		{"edges", read_edge},
	};
	int r = check_schema(top, err);

	if (r < 0)
		return r;
	r = topology_read_pod(top, topology, err);
	if (r < 0)
		return r;
	r = read_fields(top, &topology_top_fields, topology, err);
	for (size_t i = 0; i < ARRAY_SIZE(lists) && r >= 0; i++)
		r = jsondoc_each(top, lists[i].key, lists[i].read, topology, err);
	return r;
}

int topology_parse(
	const char *data, size_t size, const char *name, struct topology *ret, struct error *err)
{
	const struct jsondoc_context context = {name, FINDING_HOST_IO};
	cleanup_json struct json_object *object = NULL;
	cleanup_topology struct topology topology = {0};
	int r;

	r = jsondoc_parse(data, size, JSONDOC_STRICT, &context, &object, err);
	if (r < 0)
		return r;
	r = read_topology(&(struct jsondoc_get){&context, object, "", false}, &topology, err);
	if (r < 0)
		return r;
	*ret = topology;
	topology = (struct topology){0};
	return 0;
}
