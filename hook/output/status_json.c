/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record goes in as it is written, beside what is so now: a reader sees both and needs no
 * second schema.
 */
#include "hook/output/status_json.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include <string.h>

struct json_object *status_json_begin(struct jsonpack *pack)
{
	jsonpack_begin(pack);
	jsonpack_string(pack, pack->root, "schema", STATUS_SCHEMA);
	return jsonpack_array(pack, pack->root, "pods");
}

/* Through its text: the record's members are the schema's business, not this file's. NULL without
 * memory. */
static struct json_object *make_record(const struct topology *topology)
{
	const struct jsondoc_context context = {.name = "record", .code = FINDING_INTERNAL};
	cleanup_free char *text = topology_format(topology);
	struct json_object *record = NULL;

	if (!text || jsondoc_parse(text, strlen(text), JSONDOC_STRICT, &context, &record, NULL) < 0)
		return NULL;
	return record;
}

static void pack_paths(struct jsonpack *pack, struct json_object *now, const struct pod_now *pod)
{
	struct json_object *paths = jsonpack_array(pack, now, "paths");

	for (size_t i = 0; i < pod->topology.n_paths; i++) {
		struct json_object *path = jsonpack_object(pack, paths, NULL);

		jsonpack_string(pack, path, "path", pod->topology.paths[i].path);
		jsonpack_string(pack, path, "state", path_state_name(pod->paths[i].state));
		jsonpack_optional(pack, path, "fstype", pod->paths[i].fstype);
	}
}

static void pack_containers(
	struct jsonpack *pack, struct json_object *now, const struct pod_now *pod)
{
	struct json_object *containers = jsonpack_array(pack, now, "containers");

	for (size_t i = 0; i < pod->topology.n_containers; i++) {
		struct json_object *container = jsonpack_object(pack, containers, NULL);

		jsonpack_string(pack, container, "name", pod->topology.containers[i].name);
		jsonpack_bool(pack, container, "running", pod->running[i]);
	}
}

void status_json_add(struct jsonpack *pack, struct json_object *pods, const struct pod_now *pod)
{
	struct json_object *record = jsonpack_add(pack, pods, NULL, make_record(&pod->topology));
	struct json_object *now = jsonpack_object(pack, record, "now");

	pack_paths(pack, now, pod);
	pack_containers(pack, now, pod);
}
