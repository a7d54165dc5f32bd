/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's record: what can be read is written so that it reads the same. */
#include "tests/fuzz/fuzz.h"

#include "oci/base/cleanup.h"
#include "policy/record/topology.h"
#include <string.h>

static char *rewrite(const char *text)
{
	cleanup_topology struct topology topology = {0};
	cleanup_error struct error err = {0};
	char *again;

	FUZZ_EXPECT(topology_parse(text, strlen(text), "record", &topology, &err) == 0);
	again = topology_format(&topology);
	FUZZ_EXPECT(again);
	return again;
}

static void check_containers(const struct topology *topology)
{
	for (size_t i = 0; i < topology->n_containers; i++) {
		const struct topology_container *container = &topology->containers[i];

		FUZZ_EXPECT(container->name && container->pid >= 0 && container->instance >= 0);
		FUZZ_EXPECT(topology_container(topology, container->name));
		FUZZ_EXPECT(!container->id || topology_container_by_id(topology, container->id));
		for (size_t j = 0; j < container->findings.n; j++)
			FUZZ_EXPECT(container->findings.items[j].message);
	}
}

static void check_topology(const struct topology *topology)
{
	FUZZ_EXPECT(topology->pod_name && topology->pod_namespace && topology->pod_uid);
	for (size_t i = 0; i < topology->n_volumes; i++)
		FUZZ_EXPECT(topology_volume(topology, topology->volumes[i].host_path));
	for (size_t i = 0; i < topology->n_paths; i++)
		FUZZ_EXPECT(topology_path(topology, topology->paths[i].path));
	check_containers(topology);
}

void fuzz_topology(const char *data, size_t size)
{
	cleanup_error struct error err = {0};
	cleanup_free char *text = NULL;
	cleanup_free char *again = NULL;
	struct topology topology;
	int r;

	fuzz_poison(&topology, sizeof(topology));
	r = topology_parse(data, size, "record", &topology, &err);
	if (!fuzz_succeeded(r, &err, &topology, sizeof(topology)))
		return;
	check_topology(&topology);
	text = topology_format(&topology);
	FUZZ_EXPECT(text);
	again = rewrite(text);
	FUZZ_EXPECT(strcmp(text, again) == 0);
	topology_clear(&topology);
}
