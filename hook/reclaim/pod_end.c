/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order matters: dead mounts, then the binds, then what the binds had hidden, and the record
 * last, which is all that another try could go by.
 */
#include "hook/reclaim/pod_end.h"

#include "hook/apply/apply_steps.h"
#include "hook/mount/shared_bind.h"
#include "hook/reclaim/dead_mounts.h"
#include "hook/record/record.h"
#include "hook/run/host_path.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "oci/base/text.h"
#include "policy/config/own_volume.h"
#include <stdio.h>
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

static int release_volume(
	struct run *run, struct topology_volume *volume, bool *ret_unmounted, struct error *err)
{
	cleanup_close int fd = -EBADF;
	struct shared_bind_end end = {
		.runtime_fd = run->session.runtime_fd,
		.index = run->session.index,
		.topology = &run->session.topology,
		.volume = volume,
		.own_volume = own_volume_is(
			&run->input.config, run->input.identity.pod_uid, volume->host_path),
	};
	bool unmounted = false;
	int r;

	/* Hooks bind volumes of pods alone. */
	if (!end.own_volume && !own_volume_is_some_pods(&run->input.config, volume->host_path)) {
		volume->bound_by_hook = false;
		return 0;
	}
	worker_status_at(run->session.progress, "releasing the bind of", volume->host_path);
	r = host_path_open(&run->input.config, volume->host_path, &fd, err);
	if (r == -ENOENT) {
		/* The kubelet has removed the volume, and the bind with it. */
		error_clear(err);
		volume->bound_by_hook = false;
		return 0;
	}
	end.fd = fd;
	if (r == 0)
		r = shared_bind_release(&end, &unmounted, err);
	if (r == 0 && unmounted)
		audit_send(&run->session.audit,
			&(struct audit_entry){
				.kind = AUDIT_PROPAGATION_CHANGED,
				.result = "ok",
				.host_path = volume->host_path,
			},
			"unmounted the bind of %s on itself: its last pod has ended",
			volume->host_path);
	*ret_unmounted = *ret_unmounted || unmounted;
	return r;
}

/* The first error, after all of them: one that is in use must not keep the others. */
static int release_volumes(struct run *run, bool *ret_unmounted, struct error *err)
{
	int first = 0;

	for (size_t i = 0; i < run->session.topology.n_volumes; i++) {
		struct topology_volume *volume = &run->session.topology.volumes[i];
		cleanup_error struct error later = {0};
		int r = 0;

		if (volume->bound_by_hook)
			r = release_volume(run, volume, ret_unmounted, first == 0 ? err : &later);
		if (first == 0)
			first = r;
	}
	return first;
}

/* What the pod has mounted on the host. 1 where some of it hangs, and a bind below it stays too, or
 * is the provider's to take away. */
static int remove_mounts(struct run *run, struct error *err)
{
	bool unmounted = false;
	int r;

	r = dead_mounts_detach(run, NULL, err);
	if (r == 0)
		r = dead_mounts_sweep(run, false, err);
	if (r == 0 && run->session.hung_own.n == 0)
		r = release_volumes(run, &unmounted, err);
	/* A bind takes the mounts below it along as copies: under it the originals have been hidden
	 * until now. */
	if (r == 0 && unmounted)
		r = dead_mounts_sweep(run, false, err);
	return r < 0 ? r : run->session.hung_own.n > 0 || run->session.awaits_poststop;
}

/* It is all that is known of the mount: who made it, and since when it hangs. */
static int pod_end_keep(struct run *run, struct error *err)
{
	int r;

	run->session.topology.updated_usec = run_realtime_usec();
	r = run_commit(&run->session, err);
	if (r < 0)
		return r;
	/* Once, and not each time that reconcile comes by. */
	if (run->session.hung_own.n == 0 || (!run->session.hung_noted && !run->input.state.bundle))
		return 1;
	audit_send(&run->session.audit,
		&(struct audit_entry){
			.kind = AUDIT_CLEANED,
			.result = "reported",
			.code = FINDING_MOUNT_HUNG,
			.host_path = run->session.hung_own.items[0],
		},
		"the pod's last container is gone: its record stays while the mount on %s does not "
		"answer",
		run->session.hung_own.items[0]);
	return 1;
}

static int end_record(struct run *run, struct error *err)
{
	int r;

	r = record_remove(run->session.runtime_fd, run->input.identity.pod_uid, err);
	if (r < 0)
		return r;
	r = lock_remove_file(&run->session.lock);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			"cannot remove the pod's lock file %s: %s", run->session.lock.file,
			strerror(-r));
	audit_send(&run->session.audit,
		&(struct audit_entry){.kind = AUDIT_CLEANED, .result = "ok"},
		"the pod's last container is gone: its record is removed");
	return 0;
}

int pod_end(struct run *run, struct error *err)
{
	int r = remove_mounts(run, err);

	if (r < 0)
		return r;
	return r > 0 ? pod_end_keep(run, err) : end_record(run, err);
}

int pod_end_report(struct run *run, struct error *err)
{
	int r = dead_mounts_report(run, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < run->session.hung_own.n; i++)
		text_print(stdout, "the mount on %s does not answer: the record would stay",
			run->session.hung_own.items[i]);
	for (size_t i = 0; run->session.hung_own.n == 0 && i < run->session.topology.n_volumes;
		i++) {
		const struct topology_volume *volume = &run->session.topology.volumes[i];

		if (volume->bound_by_hook)
			text_print(stdout,
				"the bind of %s on itself would be unmounted, unless another pod "
				"uses it",
				volume->host_path);
	}
	return run->session.hung_own.n > 0;
}
