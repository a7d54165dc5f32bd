/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/pod_now.h"

#include "hook/probe.h"
#include "hook/process.h"
#include "oci/base/cleanup.h"
#include <string.h>

static int look_at_path(struct path_now *now, const struct topology_path *path,
	const struct mount_table *host, uint64_t probe_timeout_usec)
{
	const struct mount_entry *mount = NULL;

	now->state = PATH_UNKNOWN;
	if (!path->host_path)
		return 0;
	if (probe_path(host, path->host_path, probe_timeout_usec, &now->state, &mount) < 0)
		now->state = PATH_UNKNOWN;
	if (mount) {
		now->fstype = strdup(mount->fstype);
		if (!now->fstype)
			return -ENOMEM;
	}
	return 0;
}

int pod_now_look(struct pod_now *pod, const struct mount_table *host, uint64_t probe_timeout_usec)
{
	const struct topology *topology = &pod->topology;

	/* One more, so that none is no special case. */
	pod->paths = calloc(topology->n_paths + 1, sizeof(*pod->paths));
	pod->running = calloc(topology->n_containers + 1, sizeof(*pod->running));
	if (!pod->paths || !pod->running)
		return -ENOMEM;
	for (size_t i = 0; i < topology->n_paths; i++) {
		int r = look_at_path(&pod->paths[i], &topology->paths[i], host, probe_timeout_usec);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < topology->n_containers; i++) {
		const struct topology_container *container = &topology->containers[i];

		pod->running[i] = process_is_alive(container->pid, container->pid_start_ticks);
	}
	return 0;
}

void pod_now_clear(struct pod_now *pod)
{
	if (!pod)
		return;
	for (size_t i = 0; pod->paths && i < pod->topology.n_paths; i++)
		free(pod->paths[i].fstype);
	free(pod->paths);
	free(pod->running);
	topology_clear(&pod->topology);
	*pod = (struct pod_now){0};
}
