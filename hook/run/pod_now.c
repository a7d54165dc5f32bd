/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All paths are probed at once, and processes by pid and start time: what `status` prints is one
 * moment, and takes one time-out however many mounts hang.
 */
#include "hook/run/pod_now.h"

#include "hook/run/facts_paths.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include <string.h>

static int pod_now_read_paths(
	struct pod_now *pod, const struct mount_table *host, uint64_t probe_timeout_usec)
{
	const struct topology *topology = &pod->topology;
	const struct facts_paths how = {.host = host, .probe_timeout_usec = probe_timeout_usec};
	cleanup_free struct probe_question *questions = NULL;

	/* What cannot be asked is not known. */
	(void)facts_paths_read(topology, &how, &questions);
	if (!questions)
		return -ENOMEM;
	for (size_t i = 0; i < topology->n_paths; i++) {
		pod->paths[i].state = questions[i].state;
		if (!questions[i].mount)
			continue;
		pod->paths[i].fstype = strdup(questions[i].mount->fstype);
		if (!pod->paths[i].fstype)
			return -ENOMEM;
	}
	return 0;
}

int pod_now_read(struct pod_now *pod, const struct mount_table *host, uint64_t probe_timeout_usec)
{
	const struct topology *topology = &pod->topology;
	int r;

	/* One more, so that none is no special case. */
	pod->paths = calloc(topology->n_paths + 1, sizeof(*pod->paths));
	pod->running = calloc(topology->n_containers + 1, sizeof(*pod->running));
	if (!pod->paths || !pod->running)
		return -ENOMEM;
	r = pod_now_read_paths(pod, host, probe_timeout_usec);
	if (r < 0)
		return r;
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
