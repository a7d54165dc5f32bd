/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model by name: who is looked up, added and removed, and that references to a container go
 * with it. Lists are short and keep their order, which people compare.
 */
#include "policy/record/topology.h"

#include "oci/base/cleanup.h"
#include <string.h>

#define CONTAINER_END "container/" /* of an edge: CONTAINER_END NAME */

const char *role_name(enum role role)
{
	static const char *const names[] = {
		[ROLE_INACTIVE] = "inactive",
		[ROLE_BYSTANDER] = "bystander",
		[ROLE_CONSUMER] = "consumer",
		[ROLE_PROVIDER] = "provider",
	};

	return names[role];
}

const char *path_state_name(enum path_state state)
{
	static const char *const names[] = {
		[PATH_UNKNOWN] = "unknown",
		[PATH_ABSENT] = "absent",
		[PATH_LIVE] = "live",
		[PATH_DEAD] = "dead",
		[PATH_HUNG] = "hung",
	};

	return names[state];
}

const char *container_status_name(enum container_status status)
{
	static const char *const names[] = {
		[CONTAINER_CREATED] = "created",
		[CONTAINER_DENIED] = "denied",
		[CONTAINER_WAITING] = "waiting",
	};

	return names[status];
}

struct topology_volume *topology_volume(const struct topology *topology, const char *host_path)
{
	for (size_t i = 0; i < topology->n_volumes; i++)
		if (strcmp(topology->volumes[i].host_path, host_path) == 0)
			return &topology->volumes[i];
	return NULL;
}

struct topology_path *topology_path(const struct topology *topology, const char *path)
{
	for (size_t i = 0; i < topology->n_paths; i++)
		if (strcmp(topology->paths[i].path, path) == 0)
			return &topology->paths[i];
	return NULL;
}

struct topology_container *topology_container(const struct topology *topology, const char *name)
{
	for (size_t i = 0; i < topology->n_containers; i++)
		if (strcmp(topology->containers[i].name, name) == 0)
			return &topology->containers[i];
	return NULL;
}

struct topology_container *topology_container_by_id(const struct topology *topology, const char *id)
{
	for (size_t i = 0; i < topology->n_containers; i++)
		if (topology->containers[i].id && strcmp(topology->containers[i].id, id) == 0)
			return &topology->containers[i];
	return NULL;
}

bool topology_container_is_allowed(const struct topology_container *container)
{
	return container && container->status != CONTAINER_DENIED &&
	       findings_verdict(&container->findings) != VERDICT_DENY;
}

bool topology_path_is_mount(
	const struct topology_path *path, const char *device, int id, uint64_t unique)
{
	if (!path->device || strcmp(path->device, device) != 0)
		return false;
	return unique ? path->mount_id_unique == unique : id > 0 && path->mount_id == id;
}

struct topology_volume *topology_ensure_volume(struct topology *topology, const char *host_path)
{
	struct topology_volume *found = topology_volume(topology, host_path);
	cleanup_free char *key = NULL;

	if (found)
		return found;
	key = strdup(host_path);
	if (!key || array_grow(&topology->volumes, topology->n_volumes, sizeof(*found)) < 0)
		return NULL;
	found = &topology->volumes[topology->n_volumes++];
	found->host_path = move_ptr(key);
	return found;
}

struct topology_path *topology_ensure_path(struct topology *topology, const char *path)
{
	struct topology_path *found = topology_path(topology, path);
	cleanup_free char *key = NULL;

	if (found)
		return found;
	key = strdup(path);
	if (!key || array_grow(&topology->paths, topology->n_paths, sizeof(*found)) < 0)
		return NULL;
	found = &topology->paths[topology->n_paths++];
	found->path = move_ptr(key);
	return found;
}

struct topology_container *topology_ensure_container(struct topology *topology, const char *name)
{
	struct topology_container *found = topology_container(topology, name);
	cleanup_free char *key = NULL;

	if (found)
		return found;
	key = strdup(name);
	if (!key || array_grow(&topology->containers, topology->n_containers, sizeof(*found)) < 0)
		return NULL;
	found = &topology->containers[topology->n_containers++];
	found->name = move_ptr(key);
	return found;
}

static void clear_edge(struct topology_edge *edge)
{
	free(edge->path);
	free(edge->from);
	free(edge->to);
	*edge = (struct topology_edge){0};
}

#define cleanup_edge __attribute__((cleanup(clear_edge)))

int topology_add_edge(struct topology *topology, const char *path, const char *from, const char *to,
	enum propagation kind, bool proven)
{
	cleanup_edge struct topology_edge edge = {
		.path = strdup(path),
		.from = strdup(from),
		.to = strdup(to),
		.kind = kind,
		.proven = proven,
	};
	int r;

	if (!edge.path || !edge.from || !edge.to)
		return -ENOMEM;
	r = array_grow(&topology->edges, topology->n_edges, sizeof(edge));
	if (r < 0)
		return r;
	topology->edges[topology->n_edges++] = move_struct(edge);
	return 0;
}

static bool is_container_end(const char *end, const char *name)
{
	return strncmp(end, CONTAINER_END, strlen(CONTAINER_END)) == 0 &&
	       strcmp(end + strlen(CONTAINER_END), name) == 0;
}

bool topology_edge_is_of(const struct topology_edge *edge, const char *name)
{
	return is_container_end(edge->from, name) || is_container_end(edge->to, name);
}

void topology_remove_edges(struct topology *topology, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < topology->n_edges; i++) {
		struct topology_edge *edge = &topology->edges[i];

		if (topology_edge_is_of(edge, name))
			clear_edge(edge);
		else
			topology->edges[kept++] = *edge;
	}
	topology->n_edges = kept;
}

static void clear_mount(struct topology_mount *mount)
{
	free(mount->destination);
	free(mount->source);
	*mount = (struct topology_mount){0};
}

void topology_container_clear_mounts(struct topology_container *container)
{
	for (size_t i = 0; i < container->n_mounts; i++)
		clear_mount(&container->mounts[i]);
	free(container->mounts);
	container->mounts = NULL;
	container->n_mounts = 0;
}

void topology_container_clear(struct topology_container *container)
{
	if (!container)
		return;
	topology_container_clear_mounts(container);
	free(container->name);
	free(container->id);
	strv_clear(&container->rc_addresses);
	findings_clear(&container->findings);
	*container = (struct topology_container){0};
}

void topology_remove_container(struct topology *topology, const char *name)
{
	struct topology_container *found = topology_container(topology, name);
	size_t behind;

	/* First: `name` may be the container's own. */
	topology_remove_edges(topology, name);
	if (!found)
		return;
	topology_container_clear(found);
	topology->n_containers--;
	behind = topology->n_containers - (size_t)(found - topology->containers);
	memmove(found, found + 1, behind * sizeof(*found));
}

bool topology_remove_refused(struct topology *topology)
{
	for (size_t i = 0; i < topology->n_containers; i++) {
		if (topology->containers[i].status != CONTAINER_DENIED)
			continue;
		topology_remove_container(topology, topology->containers[i].name);
		topology->containers_omitted++;
		return true;
	}
	return false;
}

void topology_volume_clear(struct topology_volume *volume)
{
	free(volume->host_path);
	free(volume->anchor);
	free(volume->fstype);
	*volume = (struct topology_volume){0};
}

static void clear_path(struct topology_path *path)
{
	free(path->provider);
	free(path->path);
	free(path->host_path);
	free(path->volume);
	free(path->device);
	*path = (struct topology_path){0};
}

void topology_remove_path(struct topology *topology, size_t index)
{
	struct topology_path *path = &topology->paths[index];

	clear_path(path);
	topology->n_paths--;
	memmove(path, path + 1, (topology->n_paths - index) * sizeof(*path));
}

void topology_clear(struct topology *topology)
{
	if (!topology)
		return;
	for (size_t i = 0; i < topology->n_volumes; i++)
		topology_volume_clear(&topology->volumes[i]);
	for (size_t i = 0; i < topology->n_paths; i++)
		clear_path(&topology->paths[i]);
	for (size_t i = 0; i < topology->n_containers; i++)
		topology_container_clear(&topology->containers[i]);
	for (size_t i = 0; i < topology->n_edges; i++)
		clear_edge(&topology->edges[i]);
	free(topology->volumes);
	free(topology->paths);
	free(topology->containers);
	free(topology->edges);
	free(topology->pod_name);
	free(topology->pod_namespace);
	free(topology->pod_uid);
	free(topology->sandbox_id);
	*topology = (struct topology){0};
}
