/* SPDX-License-Identifier: Apache-2.0 */
/* Whether JSON is what a JSON Schema describes: as much of 2020-12 as docs/topology.schema.json
 * uses. */
#ifndef FSH_TESTS_SUPPORT_JSON_SCHEMA_H
#define FSH_TESTS_SUPPORT_JSON_SCHEMA_H

#include <json-c/json.h>
#include <stddef.h>

/*
 * NULL where `value` is valid, otherwise the keyword that it fails at. A keyword that is not known
 * here fails too, so that nothing in the schema goes unchecked, and so does a member that the
 * schema does not describe.
 */
const char *json_schema_validate(struct json_object *schema, struct json_object *value);

/* JSON text, read strictly; what is none fails the running test. Owned by the caller. */
struct json_object *json_schema_load(const char *text, size_t size);

/* docs/topology.schema.json, the schema of the pod's record. Owned by the caller. */
struct json_object *json_schema_topology(void);

#endif
