/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records say who mounted what, and the mount's ids which mount they meant: a record whose mount
 * has gone, or whose path another pod has as well, owns nothing.
 */
#include "hook/run/mount_owner.h"

#include "hook/mount/mnttab_query.h"
#include "hook/record/record_index.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/spec/annotations.h"
#include "policy/check/mounts.h"
#include <stdio.h>
#include <string.h>

static bool owner_lives(const struct topology *topology)
{
	for (size_t i = 0; i < topology->n_containers; i++) {
		const struct topology_container *container = &topology->containers[i];

		if (process_is_alive(container->pid, container->pid_start_ticks))
			return true;
	}
	return false;
}

/* The same file system at two places, of one volume that both pods have. */
static bool is_mounted_there(const char *host_path, const char *device)
{
	cleanup_mount_table struct mount_table host = {0};
	cleanup_error struct error err = {0};
	const struct mount_entry *mount;
	char now[32] = "";

	if (!path_is_normalized(host_path) || mnttab_query_read(host_path, &host, &err) < 0)
		return false;
	mount = mounts_at(&host, host_path);
	if (mount)
		snprintf(now, sizeof(now), "%u:%u", mount->major, mount->minor);
	return strcmp(now, device) == 0;
}

static bool owner_is_queried(
	const struct topology_path *path, const struct mount_owner_question *question)
{
	if (question->host_path && path_below(question->host_path, path->host_path))
		return true;
	return question->device && path->own_mount && path->device &&
	       strcmp(path->device, question->device) == 0 &&
	       is_mounted_there(path->host_path, question->device);
}

/* Its provider may have left the record, and its mount be there still: then that has been seen. */
static bool is_providers(const struct topology *topology, const struct topology_path *path)
{
	const struct topology_container *provider = topology_container(topology, path->provider);

	if (!path->host_path || strcmp(path->provider, PROVIDER_NODE) == 0)
		return false;
	return provider ? topology_container_is_allowed(provider) : path->own_mount;
}

static const struct topology_path *owner_find_provider(
	const struct topology *topology, const struct mount_owner_question *question)
{
	if (!owner_lives(topology))
		return NULL;
	for (size_t i = 0; i < topology->n_paths; i++) {
		const struct topology_path *path = &topology->paths[i];

		if (is_providers(topology, path) && owner_is_queried(path, question))
			return path;
	}
	return NULL;
}

static int owner_copy_text(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

static int name_owner(
	const struct topology *topology, const struct topology_path *path, struct mount_owner *ret)
{
	if (owner_copy_text(&ret->provider, path->provider) < 0 ||
		owner_copy_text(&ret->pod_namespace, topology->pod_namespace) < 0 ||
		owner_copy_text(&ret->pod_name, topology->pod_name) < 0)
		return -ENOMEM;
	return 0;
}

int mount_owner_find(const struct run *run, const struct mount_owner_question *question,
	struct mount_owner *ret, struct error *err)
{
	/* No hook has run on the node yet, for who only asks. */
	int r = run->session.runtime_fd < 0
			? 0
			: record_index_refresh(run->session.index, run->session.runtime_fd, err);

	for (size_t i = 0; r == 0 && i < run->session.index->n && !ret->provider; i++) {
		const struct record_entry *entry = &run->session.index->items[i];
		const struct topology_path *path;

		if (run->session.topology.pod_uid &&
			strcmp(entry->uid, run->session.topology.pod_uid) == 0)
			continue;
		path = owner_find_provider(&entry->topology, question);
		if (path && name_owner(&entry->topology, path, ret) < 0)
			return error_memory(err);
	}
	return r;
}

void mount_owner_clear(struct mount_owner *owner)
{
	free(owner->pod_namespace);
	free(owner->pod_name);
	free(owner->provider);
	*owner = (struct mount_owner){0};
}
