/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/pod_end.h"

#include "hook/apply_steps.h"
#include "hook/bind.h"
#include "hook/process.h"
#include "hook/record.h"
#include "hook/stale.h"
#include "oci/base/cleanup.h"
#include <string.h>

bool pod_has_live_container(const struct topology *topology)
{
	for (size_t i = 0; i < topology->n_containers; i++) {
		const struct topology_container *container = &topology->containers[i];

		if (process_is_alive(container->pid, container->pid_start_ticks))
			return true;
	}
	return false;
}

static int detach_path(struct run *run, const struct topology_path *path, struct error *err)
{
	cleanup_close int fd = -EBADF;
	struct stale stale = {
		.volume = path->volume,
		.host_path = path->host_path,
		.probe_timeout_usec = run->config.probe_timeout_usec,
	};
	enum path_state left = PATH_UNKNOWN;
	unsigned int detached = 0;
	int r;

	r = apply_open(run, path->volume, &fd, err);
	if (r < 0)
		return r;
	stale.volume_fd = fd;
	r = stale_detach(&stale, &detached, &left, err);
	if (detached > 0)
		audit_send(&run->audit,
			&(struct audit_entry){
				.kind = AUDIT_STALE_DETACHED,
				.result = "ok",
				.code = FINDING_MOUNT_STALE,
				.path = path->path,
				.host_path = path->host_path,
			},
			"detached %u dead mount%s of %s from %s", detached,
			detached == 1 ? "" : "s", path->provider, path->path);
	return r;
}

int pod_detach_dead(struct run *run, const char *provider, struct error *err)
{
	int first = 0;

	for (size_t i = 0; i < run->topology.n_paths; i++) {
		const struct topology_path *path = &run->topology.paths[i];
		cleanup_error struct error later = {0};
		int r;

		if (!path->host_path || !path->volume || strcmp(path->provider, PROVIDER_NODE) == 0)
			continue;
		if (provider && strcmp(path->provider, provider) != 0)
			continue;
		/* Recorded for a refused container: no hook acts outside the roots. */
		if (!config_prefix_of(&run->config.roots, path->volume))
			continue;
		r = detach_path(run, path, first == 0 ? err : &later);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

static int release_volume(struct run *run, struct topology_volume *volume, struct error *err)
{
	cleanup_close int fd = -EBADF;
	bool unmounted = false;
	int r;

	r = apply_open(run, volume->host_path, &fd, err);
	if (r == -ENOENT) {
		/* The kubelet has removed the volume, and the bind with it. */
		error_clear(err);
		volume->bound_by_hook = false;
		return 0;
	}
	if (r == 0)
		r = bind_release(run->runtime_fd, &run->topology, volume, fd, &unmounted, err);
	if (r == 0 && unmounted)
		audit_send(&run->audit,
			&(struct audit_entry){
				.kind = AUDIT_PROPAGATION_CHANGED,
				.result = "ok",
				.host_path = volume->host_path,
			},
			"unmounted the bind of %s on itself: its last pod has ended",
			volume->host_path);
	return r;
}

int pod_end(struct run *run, struct error *err)
{
	int r;

	r = pod_detach_dead(run, NULL, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < run->topology.n_volumes; i++) {
		struct topology_volume *volume = &run->topology.volumes[i];

		r = volume->bound_by_hook ? release_volume(run, volume, err) : 0;
		if (r < 0)
			return r;
	}
	r = record_remove(run->runtime_fd, run->topology.pod_uid, err);
	if (r < 0)
		return r;
	r = lock_remove_file(&run->lock);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			"cannot remove the pod's lock file: %s", strerror(-r));
	audit_send(&run->audit, &(struct audit_entry){.kind = AUDIT_CLEANED, .result = "ok"},
		"the pod's last container is gone: its record is removed");
	return 0;
}
