/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runtimes ignore what it returns, and may call it late or not at all: so it does what can be done
 * now, never fails, and leaves the rest to reconcile in the record.
 */
#include "hook/cmd/commands.h"

#include "hook/reclaim/dead_mounts.h"
#include "hook/reclaim/pod_end.h"
#include "hook/run/authority.h"
#include "hook/run/run.h"
#include "hook/run/run_count.h"
#include "hook/sys/mnttab_read.h"
#include "hook/sys/mount_ops.h"
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include "policy/config/own_volume.h"
#include <string.h>

/*
 * One that was refused because this kernel cannot replace its bind (hook/mount/rebind.c): the
 * kubelet creates it again, and that one needs the volume as it was shared for this one. runc runs
 * poststop for it at once. Should the pod be over, reconcile finds it.
 */
static bool is_awaited(const struct topology *topology, const struct topology_container *container)
{
	bool made = false;

	for (size_t i = 0; i < topology->n_volumes; i++)
		made = made || topology->volumes[i].bound_by_hook ||
		       topology->volumes[i].shared_by_hook;
	if (!made || container->status != CONTAINER_DENIED || mount_can_clone())
		return false;
	for (size_t i = 0; i < container->findings.n; i++) {
		if (container->findings.items[i].code == FINDING_HOST_NOT_SHARED)
			return true;
	}
	return false;
}

/* A provider that was let start, and whose poststop has not come. */
static bool poststop_is_to_come(const struct run_session *session, const struct topology_path *path)
{
	const struct topology_container *provider =
		topology_container(&session->topology, path->provider);

	return path->host_path && topology_container_is_allowed(provider) &&
	       provider->role == ROLE_PROVIDER;
}

static bool poststop_is_own(const struct run_input *input, const struct topology_path *path)
{
	return own_volume_is(&input->config, input->identity.pod_uid, path->host_path);
}

/* In the pod's own directory, but from a volume that is to be seen elsewhere: a subPath of a
 * hostPath. */
static bool poststop_is_elsewhere(const struct run_input *input, const struct topology_path *path,
	const struct mount_table *host)
{
	const struct mount_entry *mount = mounts_at(host, path->host_path);

	return mount && mount_entry_is_fuse(mount) &&
	       authority_is_elsewhere(input, host, mount->major, mount->minor);
}

/*
 * What is dead on a hostPath may be taken away with its provider alone, by what that container
 * could do itself (hook/run/authority.h): the pod's end has no such right. So it waits for the
 * poststop of every provider there that was let start, which comes when the container is removed;
 * should it not come, reconcile ends the pod.
 */
static int awaits_a_provider(const struct run *run, bool *ret, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	int r = 0;

	*ret = false;
	for (size_t i = 0; r == 0 && i < run->session.topology.n_paths && !*ret; i++) {
		const struct topology_path *path = &run->session.topology.paths[i];

		if (!poststop_is_to_come(&run->session, path))
			continue;
		if (poststop_is_own(&run->input, path) && host.n == 0)
			r = mnttab_read(0, &host, err);
		*ret = r == 0 && (!poststop_is_own(&run->input, path) ||
					 poststop_is_elsewhere(&run->input, path, &host));
	}
	return r;
}

/*
 * poststop comes when the container is removed, maybe long after the next instance of the same name
 * was created: the record names that one's id then, and nothing here is this container's any more.
 */
static int poststop_leave(struct run *run, struct error *err)
{
	const struct topology_container *container =
		topology_container_by_id(&run->session.topology, run->input.identity.container_id);
	bool awaits = false;
	int r = 0, committed;

	if (container && is_awaited(&run->session.topology, container))
		return 0;
	if (container) {
		/* Who was refused has no right to what is on the path that it named. */
		if (container->role == ROLE_PROVIDER && topology_container_is_allowed(container))
			r = dead_mounts_detach(run, container->name, err);
		topology_remove_container(
			&run->session.topology, run->input.identity.container_name);
	}
	if (!pod_has_live_container(&run->session.topology)) {
		if (r == 0)
			r = awaits_a_provider(run, &awaits, err);
		if (r < 0 || !awaits)
			return r < 0 ? r : pod_end(run, err);
	}
	if (!container)
		return 0;
	run->session.topology.updated_usec = run_realtime_usec();
	committed = run_commit(&run->session, r < 0 ? NULL : err);
	if (r == 0 && committed == 0)
		audit_send(&run->session.audit,
			&(struct audit_entry){.kind = AUDIT_CLEANED, .result = "ok"},
			"has left the pod's record");
	return r < 0 ? r : committed;
}

static int run_poststop(struct run *run, struct error *err)
{
	cleanup_error struct error policy_err = {0};
	int r;

	r = run_read_state(run, "poststop", err);
	if (r != 0)
		return r;
	/* Cleaning up goes by the defaults where the policy is broken; it is said all the same. */
	if (run_read_policy(run, &policy_err) < 0)
		audit_failure(&run->session.audit, &policy_err);
	r = run_read_identity(run, err);
	if (r < 0)
		return r;
	r = run_open_record(run, false, err);
	if (r == -ENOENT) {
		error_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	if (!run->session.has_record) {
		/* The lock alone would be all that there is of the pod. */
		lock_remove_file(&run->session.lock);
		return 0;
	}
	return poststop_leave(run, err);
}

/* It never fails: nobody would act on it, and the container is gone. */
int cmd_poststop(const struct options *options)
{
	cleanup_run struct run run = RUN_INIT;
	cleanup_error struct error err = {0};
	int failed = EXIT_DONE;

	run.session.progress = options->progress;
	if (run_poststop(&run, &err) < 0) {
		audit_failure(&run.session.audit, &err);
		failed = EXIT_HOST_IO;
	}
	run_count(&run, failed, FINDING_NONE);
	return EXIT_DONE;
}
