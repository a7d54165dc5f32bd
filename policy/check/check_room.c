/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the pod's record has room for the container. Asked before anything is done: a record that
 * could not be read back would keep the pod's other containers from starting, and its mounts from
 * being taken away.
 */
#include "policy/check/checks.h"

#include "oci/base/cleanup.h"
#include "policy/check/topology_update.h"
#include "policy/record/topology_limit.h"
#include <errno.h>
#include <string.h>

#define SHORTEN                                                                                    \
	"shorten the paths of " ANNOTATION_MOUNTS                                                  \
	" and of the containers' volumeMounts, or ask for fewer"

/* What the record would have at least: all that can be left out is. */
struct need {
	size_t size, volumes, paths, containers;
};

/* A record of this container alone. */
static int note_alone(
	const struct facts *facts, const struct targets *targets, struct topology *ret)
{
	const struct findings none = {0};
	const struct container_note note = {.status = CONTAINER_CREATED, .findings = &none};

	return topology_note_container(ret, facts, targets, &note);
}

static size_t room_is_beyond(size_t a, size_t b)
{
	return a > b ? a - b : 0;
}

static void add_volumes(
	const struct topology *record, const struct topology *own, struct need *need)
{
	for (size_t i = 0; i < record->n_volumes; i++) {
		const struct topology_volume *volume = &record->volumes[i];

		if (topology_volume(own, volume->host_path) ||
			!topology_volume_is_settled(record, volume))
			continue;
		need->volumes++;
		need->size += topology_bound_volume(volume);
	}
}

/* What may be forgotten of it is. */
static size_t bound_of_path(const struct topology *record, const struct topology_path *path)
{
	struct topology_path bare = *path;

	if (!topology_path_is_settled(record, path))
		bare.host_path = bare.volume = NULL;
	return topology_bound_path(&bare);
}

/* What is known of a path stays where the container says nothing else of it. */
static void room_add_paths(
	const struct topology *record, const struct topology *own, struct need *need)
{
	for (size_t i = 0; i < record->n_paths; i++) {
		const struct topology_path *path = &record->paths[i];
		const struct topology_path *again = topology_path(own, path->path);
		size_t bound = bound_of_path(record, path);

		need->paths += !again && topology_path_is_settled(record, path);
		need->size += again ? room_is_beyond(bound, topology_bound_path(again)) : bound;
	}
}

/* As after findings_reduce(). */
static size_t bound_without_findings(const struct topology_container *container)
{
	char none[] = "";
	struct finding denial = {FINDING_INTERNAL, SEVERITY_DENY, none, none, none};
	struct topology_container bare = *container;

	bare.findings = (struct findings){&denial, 1};
	if (!topology_container_is_allowed(container))
		bare.n_mounts = 0;
	return topology_bound_container(&bare);
}

static void room_add_others(const struct topology *record, const char *name, struct need *need)
{
	for (size_t i = 0; i < record->n_containers; i++) {
		const struct topology_container *container = &record->containers[i];

		if (container->status == CONTAINER_DENIED || strcmp(container->name, name) == 0)
			continue;
		need->containers++;
		need->size += bound_without_findings(container);
	}
	for (size_t i = 0; i < record->n_edges; i++) {
		if (!topology_edge_is_of(&record->edges[i], name))
			need->size += topology_bound_edge(&record->edges[i]);
	}
}

static int room_refuse(const struct need *need, struct findings *findings)
{
	if (need->containers > TOPOLOGY_MAX_CONTAINERS)
		return findings_add_as(findings, FINDING_CONFIG_INVALID, SEVERITY_DENY,
			"containers", "use fewer containers in one pod",
			"the pod has %zu containers: expected at most %d in its record",
			need->containers, TOPOLOGY_MAX_CONTAINERS);
	if (need->volumes > TOPOLOGY_MAX_VOLUMES || need->paths > TOPOLOGY_MAX_PATHS)
		return findings_add_as(findings, FINDING_ANNOTATION_INVALID, SEVERITY_DENY,
			ANNOTATION_MOUNTS, "ask for fewer mounts, or mount fewer volumes",
			"the pod has %zu FUSE paths in %zu directories of the node: expected at "
			"most %lu and %lu in its record",
			need->paths, need->volumes, TOPOLOGY_MAX_PATHS, TOPOLOGY_MAX_VOLUMES);
	if (need->size > TOPOLOGY_MAX_SIZE)
		return findings_add_as(findings, FINDING_ANNOTATION_INVALID, SEVERITY_DENY,
			ANNOTATION_MOUNTS, SHORTEN,
			"the pod's record would have up to %zu bytes with this container: expected "
			"at most %lu",
			need->size, TOPOLOGY_MAX_SIZE);
	return 0;
}

int check_room(const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	cleanup_topology struct topology own = {0};
	struct need need = {0};
	int r;

	if (findings_verdict(findings) == VERDICT_DENY)
		return 0;
	r = note_alone(facts, targets, &own);
	if (r < 0 && r != -E2BIG)
		return r;
	need = (struct need){topology_bound(&own), own.n_volumes, own.n_paths, own.n_containers};
	if (facts->topology) {
		add_volumes(facts->topology, &own, &need);
		room_add_paths(facts->topology, &own, &need);
		room_add_others(facts->topology, facts->identity->container_name, &need);
	}
	return room_refuse(&need, findings);
}
