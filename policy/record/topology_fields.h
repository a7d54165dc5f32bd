/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of the record's JSON, each once, in tables that reading and writing both follow, so
 * that what is written can be read. Private to topology_*.c.
 */
#ifndef FSH_POLICY_RECORD_TOPOLOGY_FIELDS_H
#define FSH_POLICY_RECORD_TOPOLOGY_FIELDS_H

#include "policy/record/topology.h"
#include <stddef.h>

enum field_type {
	TYPE_STRING,
	TYPE_STRV,
	TYPE_BOOL,
	TYPE_INT,    /* int, pid_t */
	TYPE_INT64,  /* int64_t, not negative */
	TYPE_UINT64, /* within int64_t: what JSON readers agree on is less still */
	TYPE_TIME,   /* uint64_t of CLOCK_REALTIME microseconds */
	/* enumerations, by their names */
	TYPE_ROLE,
	TYPE_STATE,
	TYPE_STATUS,
	TYPE_PROPAGATION,
	TYPE_CODE,
	TYPE_SEVERITY,
};

enum presence {
	OPTIONAL, /* left out where it is zero, which means not known */
	ALWAYS,	  /* written always, need not be there */
	REQUIRED, /* written always, must be there */
};

struct field {
	const char *key;
	enum field_type type;
	enum presence presence;
	size_t offset;
};

/* The fields of one object of the model. */
struct field_table {
	const struct field *fields;
	size_t n;
};

extern const struct field_table topology_pod_fields, topology_top_fields, topology_volume_fields,
	topology_path_fields, topology_container_fields, topology_limit_fields,
	topology_mount_fields, topology_finding_fields, topology_edge_fields;

/* The name of an enumeration's value; NULL behind its last one, and for other types. Static
 * storage. */
const char *field_value_name(enum field_type type, unsigned int value);

#endif
