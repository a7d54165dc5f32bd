/* SPDX-License-Identifier: Apache-2.0 */
/* A record as one process tells it another, by the tables that its JSON follows. */
#include "policy/record/topology_wire.h"

#include "policy/record/topology_fields.h"
#include "policy/record/topology_limit.h"
#include <limits.h>
#include <string.h>

static unsigned int last_value(enum field_type type)
{
	unsigned int value = 0;

	while (field_value_name(type, value + 1))
		value++;
	return value;
}

/* Enumerations have the size of an int; which type they are differs from member to member. */
static void wire_enum(struct wire *wire, enum field_type type, void *slot)
{
	unsigned int value;

	memcpy(&value, slot, sizeof(value));
	wire_number(wire, value, 0, last_value(type));
	memcpy(slot, &value, sizeof(value));
}

static void wire_string(struct wire *wire, enum presence presence, char **text)
{
	wire_text(wire, text);
	if (presence == REQUIRED && !*text)
		wire_refuse(wire);
}

static void wire_field(struct wire *wire, const struct field *field, void *slot)
{
	switch (field->type) {
	case TYPE_STRING:
		wire_string(wire, field->presence, slot);
		return;
	case TYPE_STRV:
		wire_strv(wire, slot);
		return;
	case TYPE_BOOL:
		wire_bool(wire, slot);
		return;
	case TYPE_INT:
		wire_number(wire, *(int *)slot, 0, INT_MAX);
		return;
	case TYPE_INT64:
		wire_int64(wire, slot, 0, INT64_MAX);
		return;
	case TYPE_UINT64:
	case TYPE_TIME:
		wire_uint64(wire, slot);
		return;
	case TYPE_ROLE:
	case TYPE_STATE:
	case TYPE_STATUS:
	case TYPE_PROPAGATION:
	case TYPE_CODE:
	case TYPE_SEVERITY:
		break;
	}
	wire_enum(wire, field->type, slot);
}

static void wire_fields(struct wire *wire, const struct field_table *table, void *object)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct field *field = &table->fields[i];

		wire_field(wire, field, (char *)object + field->offset);
	}
}

/* wire_each() of at most `max`. */
static void wire_some(struct wire *wire, void *items, size_t *n, size_t size,
	void (*one)(struct wire *wire, void *item), size_t max)
{
	wire_each(wire, items, n, size, one);
	if (*n > max)
		wire_refuse(wire);
}

static void wire_volume(struct wire *wire, void *item)
{
	wire_fields(wire, &topology_volume_fields, item);
}

static void wire_path(struct wire *wire, void *item)
{
	wire_fields(wire, &topology_path_fields, item);
}

static void topology_wire_mount(struct wire *wire, void *item)
{
	wire_fields(wire, &topology_mount_fields, item);
}

/* In a list no string is NULL, and no code is none. */
static void wire_finding(struct wire *wire, void *item)
{
	struct finding *finding = item;

	wire_fields(wire, &topology_finding_fields, finding);
	if (finding->code == FINDING_NONE || !finding->subject || !finding->message ||
		!finding->fix)
		wire_refuse(wire);
}

static void wire_container(struct wire *wire, void *item)
{
	struct topology_container *container = item;

	wire_fields(wire, &topology_container_fields, container);
	wire_fields(wire, &topology_limit_fields, container);
	wire_some(wire, &container->mounts, &container->n_mounts, sizeof(*container->mounts),
		topology_wire_mount, TOPOLOGY_MAX_MOUNTS);
	wire_some(wire, &container->findings.items, &container->findings.n,
		sizeof(*container->findings.items), wire_finding, TOPOLOGY_MAX_FINDINGS);
}

static void wire_edge(struct wire *wire, void *item)
{
	wire_fields(wire, &topology_edge_fields, item);
}

void topology_wire(struct wire *wire, struct topology *topology)
{
	wire_fields(wire, &topology_pod_fields, topology);
	wire_fields(wire, &topology_top_fields, topology);
	wire_some(wire, &topology->volumes, &topology->n_volumes, sizeof(*topology->volumes),
		wire_volume, TOPOLOGY_MAX_VOLUMES);
	wire_some(wire, &topology->paths, &topology->n_paths, sizeof(*topology->paths), wire_path,
		TOPOLOGY_MAX_PATHS);
	wire_some(wire, &topology->containers, &topology->n_containers,
		sizeof(*topology->containers), wire_container, TOPOLOGY_MAX_CONTAINERS);
	wire_some(wire, &topology->edges, &topology->n_edges, sizeof(*topology->edges), wire_edge,
		TOPOLOGY_MAX_EDGES);
}
