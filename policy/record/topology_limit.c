/* SPDX-License-Identifier: Apache-2.0 */
/* The most that topology_format() makes of a record, told without making it. */
#include "policy/record/topology_limit.h"

#include "policy/record/timestamp.h"
#include "policy/record/topology_fields.h"
#include <string.h>

#define INDENT 16	 /* of the innermost member, and some */
#define AROUND_MEMBER 8	 /* "KEY": VALUE, and the end of the line */
#define AROUND_LIST 16	 /* brackets on lines of their own */
#define NUMBER_WIDTH 20	 /* of UINT64_MAX */
#define NAME_WIDTH 40	 /* an enumeration's value in quotes; codes are the longest */
#define OPTIONAL_TEXT 64 /* what a text that is not known yet may still get: a device, a type */

static size_t text_bound(const char *text)
{
	size_t n = 2;

	for (const char *c = text ? text : ""; *c; c++)
		n += (unsigned char)*c < 0x20 ? strlen("\\u001f") : *c == '"' || *c == '\\' ? 2 : 1;
	return n;
}

static size_t list_bound(const struct strv *list)
{
	size_t n = AROUND_LIST + INDENT;

	for (size_t i = 0; i < list->n; i++)
		n += INDENT + text_bound(list->items[i]) + AROUND_MEMBER;
	return n;
}

static size_t value_bound(const struct field *field, const void *slot)
{
	size_t n;

	switch (field->type) {
	case TYPE_STRING:
		n = text_bound(*(const char *const *)slot);
		return field->presence == OPTIONAL && n < OPTIONAL_TEXT ? OPTIONAL_TEXT : n;
	case TYPE_STRV:
		return list_bound(slot);
	case TYPE_BOOL:
		return strlen("false");
	case TYPE_INT:
	case TYPE_INT64:
	case TYPE_UINT64:
		return NUMBER_WIDTH;
	case TYPE_TIME:
		return TIMESTAMP_SIZE + 2;
	case TYPE_ROLE:
	case TYPE_STATE:
	case TYPE_STATUS:
	case TYPE_PROPAGATION:
	case TYPE_CODE:
	case TYPE_SEVERITY:
		break;
	}
	return NAME_WIDTH;
}

static size_t object_bound(const struct field_table *table, const void *object)
{
	size_t n = AROUND_LIST + 2UL * INDENT;

	for (size_t i = 0; i < table->n; i++) {
		const struct field *field = &table->fields[i];

		n += INDENT + strlen(field->key) + AROUND_MEMBER +
		     value_bound(field, (const char *)object + field->offset);
	}
	return n;
}

size_t topology_bound_volume(const struct topology_volume *volume)
{
	return object_bound(&topology_volume_fields, volume);
}

size_t topology_bound_path(const struct topology_path *path)
{
	return object_bound(&topology_path_fields, path);
}

size_t topology_bound_edge(const struct topology_edge *edge)
{
	return object_bound(&topology_edge_fields, edge);
}

size_t topology_bound_container(const struct topology_container *container)
{
	/* The names of its lists and of "limits" are within AROUND_LIST and INDENT. */
	size_t n = object_bound(&topology_container_fields, container) +
		   object_bound(&topology_limit_fields, container) +
		   2UL * (AROUND_LIST + 2UL * INDENT);

	for (size_t i = 0; i < container->n_mounts; i++)
		n += object_bound(&topology_mount_fields, &container->mounts[i]);
	for (size_t i = 0; i < container->findings.n; i++)
		n += object_bound(&topology_finding_fields, &container->findings.items[i]);
	return n;
}

/* Everything but the elements of the four lists. */
static size_t frame_bound(const struct topology *topology)
{
	return object_bound(&topology_pod_fields, topology) +
	       object_bound(&topology_top_fields, topology) + 6UL * (AROUND_LIST + 2UL * INDENT) +
	       strlen(TOPOLOGY_SCHEMA);
}

size_t topology_bound(const struct topology *topology)
{
	size_t n = frame_bound(topology);

	for (size_t i = 0; i < topology->n_volumes; i++)
		n += topology_bound_volume(&topology->volumes[i]);
	for (size_t i = 0; i < topology->n_paths; i++)
		n += topology_bound_path(&topology->paths[i]);
	for (size_t i = 0; i < topology->n_containers; i++)
		n += topology_bound_container(&topology->containers[i]);
	for (size_t i = 0; i < topology->n_edges; i++)
		n += topology_bound_edge(&topology->edges[i]);
	return n;
}

static bool container_fits(const struct topology_container *container)
{
	return container->n_mounts <= TOPOLOGY_MAX_MOUNTS &&
	       container->findings.n <= TOPOLOGY_MAX_FINDINGS &&
	       container->rc_addresses.n <= TOPOLOGY_MAX_ADDRESSES;
}

bool topology_fits(const struct topology *topology)
{
	for (size_t i = 0; i < topology->n_containers; i++) {
		if (!container_fits(&topology->containers[i]))
			return false;
	}
	return topology->n_volumes <= TOPOLOGY_MAX_VOLUMES &&
	       topology->n_paths <= TOPOLOGY_MAX_PATHS &&
	       topology->n_containers <= TOPOLOGY_MAX_CONTAINERS &&
	       topology->n_edges <= TOPOLOGY_MAX_EDGES &&
	       topology_bound(topology) <= TOPOLOGY_MAX_SIZE;
}
