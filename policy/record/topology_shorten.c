/* SPDX-License-Identifier: Apache-2.0 */
/* What a record leaves out where it would become larger than what can be read back. */
#include "oci/base/cleanup.h"
#include "policy/record/topology_limit.h"
#include <string.h>

/* A record that is being shortened, and how large it is. */
struct cut {
	struct topology *topology;
	size_t bound;
};

static bool topology_shorten_fits(const struct cut *cut)
{
	return cut->bound <= TOPOLOGY_MAX_SIZE;
}

static void omit_mounts(struct topology *topology, struct topology_container *container)
{
	container->omitted += (int64_t)(container->n_mounts + container->rc_addresses.n);
	topology_container_clear_mounts(container);
	strv_clear(&container->rc_addresses);
	topology_remove_edges(topology, container->name);
}

static void omit_findings(struct topology *topology, struct topology_container *container)
{
	(void)topology;
	container->omitted += (int64_t)findings_reduce(&container->findings);
}

typedef void omit_fn(struct topology *topology, struct topology_container *container);

static void topology_omit(struct cut *cut, bool refused_only, omit_fn *what)
{
	for (size_t i = 0; i < cut->topology->n_containers && !topology_shorten_fits(cut); i++) {
		struct topology_container *container = &cut->topology->containers[i];
		size_t edges = cut->topology->n_edges, before;

		if (refused_only && topology_container_is_allowed(container))
			continue;
		before = topology_bound_container(container);
		what(cut->topology, container);
		cut->bound -= before - topology_bound_container(container);
		if (cut->topology->n_edges != edges)
			cut->bound = topology_bound(cut->topology);
	}
}

static void omit_containers(struct cut *cut)
{
	while (!topology_shorten_fits(cut) && topology_remove_refused(cut->topology))
		cut->bound = topology_bound(cut->topology);
}

bool topology_path_is_settled(const struct topology *topology, const struct topology_path *path)
{
	if (path->own_mount || !path->provider)
		return path->own_mount;
	return strcmp(path->provider, PROVIDER_NODE) == 0 ||
	       topology_container_is_allowed(topology_container(topology, path->provider));
}

bool topology_volume_is_settled(
	const struct topology *topology, const struct topology_volume *volume)
{
	for (size_t i = 0; i < topology->n_paths; i++) {
		const struct topology_path *path = &topology->paths[i];

		if (path->volume && strcmp(path->volume, volume->host_path) == 0 &&
			topology_path_is_settled(topology, path))
			return true;
	}
	return volume->bound_by_hook || volume->shared_by_hook;
}

static void topology_forget(char **text)
{
	free(*text);
	*text = NULL;
}

void topology_forget_unsettled(struct topology *topology)
{
	size_t kept = 0;

	for (size_t i = 0; i < topology->n_volumes; i++) {
		struct topology_volume *volume = &topology->volumes[i];

		if (topology_volume_is_settled(topology, volume))
			topology->volumes[kept++] = *volume;
		else
			topology_volume_clear(volume);
	}
	topology->n_volumes = kept;
	for (size_t i = 0; i < topology->n_paths; i++) {
		struct topology_path *path = &topology->paths[i];

		if (topology_path_is_settled(topology, path))
			continue;
		topology_forget(&path->host_path);
		topology_forget(&path->volume);
	}
}

bool topology_shorten(struct topology *topology)
{
	struct cut cut = {topology, topology_bound(topology)};

	if (topology_shorten_fits(&cut))
		return true;
	topology_omit(&cut, true, omit_mounts);
	topology_omit(&cut, true, omit_findings);
	topology_omit(&cut, false, omit_findings);
	omit_containers(&cut);
	if (topology_shorten_fits(&cut))
		return true;
	topology_forget_unsettled(topology);
	return topology_bound(topology) <= TOPOLOGY_MAX_SIZE;
}
