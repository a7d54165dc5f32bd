/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps that change mounts of others. Each is announced in the record before it is done, so
 * that a hook that is killed in between leaves nothing that nobody knows of, and each is looked at
 * again under the lock, for another pod's hook may have been faster.
 */
#include "hook/apply/apply_steps.h"

#include "hook/mount/rebind.h"
#include "hook/mount/shared_bind.h"
#include "hook/run/host_path.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/mount_ops.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/strv.h"
#include "policy/check/checks.h"
#include "policy/check/mounts.h"
#include <fcntl.h>
#include <string.h>

static int share_error(struct error *err, int r, const char *host_path)
{
	/* Mounts of a namespace are counted (fs.mount-max, 100000). */
	if (r == -ENOSPC)
		return error_set(err, r, FINDING_HOST_IO, host_path,
			"unmount what is not needed, or raise fs.mount-max (sysctl)",
			"cannot make the mount of %s shared: the node has too many mounts (%s)",
			host_path, strerror(-r));
	return error_set(err, r, FINDING_HOST_NOT_SHARED, host_path,
		"make it shared on the node: list it in nodeMounts of the node's policy",
		"cannot make the mount of %s shared: %s", host_path, strerror(-r));
}

/* It did not come: the record is written again by whoever takes the run back. */
static void sharing_withdraw(struct run_session *session, const struct plan_step *step)
{
	struct topology_volume *volume = topology_volume(&session->topology, step->host_path);

	if (volume && step->action == PLAN_BIND_SHARED)
		volume->bound_by_hook = false;
}

/* Make the mount shared, or bind the directory first. *ret_fd is on that mount. */
static int make_shared(const struct plan_step *step, int fd, int *ret_fd)
{
	cleanup_close int copy = -EBADF;
	int r;

	if (step->action == PLAN_BIND_SHARED)
		return mount_bind_self_shared(fd, ret_fd);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	r = copy < 0 ? -errno : mount_make_shared(fd);
	if (r == 0)
		*ret_fd = move_fd(&copy);
	return r;
}

/* A bind that stays although nobody can be told of it is in the record, as it was announced. */
static void unmake_shared(struct run_session *session, const struct plan_step *step, int fd)
{
	bool bind = step->action == PLAN_BIND_SHARED;
	int r = bind ? mount_detach_copies(fd)
		     : mount_set_propagation(fd, PROPAGATION_PRIVATE, false);

	if (r == 0)
		sharing_withdraw(session, step);
}

/* On `undo` as soon as it is done. */
static int sharing_share(
	struct run *run, const struct plan_step *step, int fd, int *ret_fd, struct error *err)
{
	enum rollback_kind kind =
		step->action == PLAN_BIND_SHARED ? ROLLBACK_BIND : ROLLBACK_SHARED;
	cleanup_close int bound = -EBADF;
	int r;

	r = make_shared(step, fd, &bound);
	if (r < 0) {
		sharing_withdraw(&run->session, step);
		return share_error(err, r, step->host_path);
	}
	r = rollback_list_add(&run->session.rollback, kind, bound, step->host_path);
	if (r < 0) {
		unmake_shared(&run->session, step, bound);
		return share_error(err, r, step->host_path);
	}
	run->known.tables_changed = true;
	*ret_fd = move_fd(&bound);
	return 0;
}

static int note_shared(struct run_session *session, const struct plan_step *step, int fd)
{
	struct topology_volume *volume =
		topology_ensure_volume(&session->topology, step->host_path);

	if (!volume)
		return -ENOMEM;
	if (step->action == PLAN_BIND_SHARED)
		volume->bound_by_hook = true;
	else
		volume->shared_by_hook = true;
	return mount_id_of(fd, &volume->mount_id, &volume->mount_id_unique);
}

static void audit_shared(struct run *run, const struct plan_step *step)
{
	const struct mount_entry *now = mounts_cover(&run->known.node.host, step->host_path);
	bool bind = step->action == PLAN_BIND_SHARED;

	audit_send(&run->session.audit,
		&(struct audit_entry){
			.kind = AUDIT_PROPAGATION_CHANGED,
			.result = "ok",
			.code = FINDING_HOST_NOT_SHARED,
			.path = step->path,
			.host_path = step->host_path,
			.peer_group = now ? now->shared : 0,
		},
		bind ? "bound %s on itself and made it shared (it was part of a private mount)"
		     : "made the private mount %s shared",
		step->host_path);
}

static int sharing_copy_text(char **to, const char *from)
{
	if (*to || !from)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

/* The pod's first record is written before its first container is entered in it. */
static int sharing_announce(struct run *run, const struct plan_step *step, struct error *err)
{
	struct topology *topology = &run->session.topology;

	if (sharing_copy_text(&topology->pod_uid, run->input.identity.pod_uid) < 0 ||
		sharing_copy_text(&topology->pod_name, run->input.identity.pod_name) < 0 ||
		sharing_copy_text(&topology->pod_namespace, run->input.identity.pod_namespace) < 0)
		return error_memory(err);
	topology->updated_usec = run_realtime_usec();
	return shared_bind_announce(run->session.runtime_fd, topology, step->host_path, err);
}

int apply_share(struct run *run, const struct plan_step *step, struct error *err)
{
	cleanup_bind_lock struct lock lock = LOCK_NONE;
	cleanup_close int fd = -EBADF, shared = -EBADF;
	const struct mount_entry *now;
	int r;

	r = apply_open_locked(run, step->volume, step->host_path, &lock, &fd, err);
	if (r < 0)
		return r;
	/* Another pod's hook may have done it while this one waited for the lock: look again, with
	 * the lock held. */
	run->known.tables_changed = true;
	r = apply_refresh(run, err);
	if (r < 0)
		return r;
	now = mounts_cover(&run->known.node.host, step->host_path);
	if (now && now->shared)
		return 0;
	r = step->action == PLAN_BIND_SHARED ? sharing_announce(run, step, err) : 0;
	if (r < 0)
		return r;
	r = sharing_share(run, step, fd, &shared, err);
	if (r == 0)
		r = apply_refresh(run, err);
	if (r < 0)
		return r;
	r = note_shared(&run->session, step, shared);
	if (r < 0)
		return share_error(err, r, step->host_path);
	audit_shared(run, step);
	return 0;
}

/*
 * The container's own mounts right below its bind: those of config.json. Others that are there came
 * with the bind or arrived in it, and the shared mount has what is true of them now.
 */
static int find_nested(const struct run *run, const struct plan_step *step,
	const struct mount_entry *bind, struct strv *ret)
{
	for (size_t i = 0; i < run->input.spec.n_mounts; i++) {
		const char *rest =
			path_below(run->input.spec.mounts[i].destination, step->container_path);
		cleanup_free char *target = rest && *rest ? path_join(bind->target, rest) : NULL;
		const struct mount_entry *mount;

		if (!rest || *rest == '\0')
			continue;
		if (!target)
			return -ENOMEM;
		mount = mounts_at(&run->known.node.container, target);
		/* What is mounted below another of them moves with that one. */
		if (!mount || mount->parent != bind->id || strv_contains(ret, target))
			continue;
		if (strv_add(ret, target) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int replace_target(struct run *run, const struct plan_step *step,
	const struct target *target, struct error *err)
{
	cleanup_container_ns struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_close int fd = -EBADF;
	cleanup_strv struct strv nested = {0};
	struct rebind replace = {
		.bind = target->container_carrier,
		.propagation = step->propagation,
		.recursive = step->recursive,
		.nested = &nested,
	};
	int r;

	if (find_nested(run, step, target->container_carrier, &nested) < 0)
		return error_memory(err);
	r = host_path_open_below(&run->input.config, step->volume, step->host_path, &fd, err);
	if (r < 0)
		return r;
	replace.anchor_fd = fd;
	r = container_ns_open(run->input.state.pid, run->input.pid_start_ticks, &ns, err);
	if (r < 0)
		return r;
	r = rebind(&ns, &replace, err);
	run->known.tables_changed = true;
	return r;
}

int apply_replace_bind(struct run *run, const struct plan_step *step, struct error *err)
{
	const struct target *target;
	int r;

	r = apply_refresh(run, err);
	if (r < 0)
		return r;
	target = apply_target(&run->judgement, step->path);
	if (!target || !target->container_carrier)
		return error_set(err, -ENOENT, FINDING_PEER_GROUP_MISMATCH, step->container_path,
			"mount the volume itself there",
			"the container does not have a mount at %s", step->container_path);
	r = replace_target(run, step, target, err);
	/* The kernel cannot do it. The runtime will, when the kubelet creates the container again
	 * and finds the volume shared: that stays, and is in the record of the refused one. */
	if (r == -ENOSYS && err->code == FINDING_HOST_NOT_SHARED)
		rollback_list_keep_mounts(&run->session.rollback);
	if (r < 0)
		return r;
	audit_send(&run->session.audit,
		&(struct audit_entry){
			.kind = AUDIT_PROPAGATION_CHANGED,
			.result = "ok",
			.path = step->path,
			.host_path = step->host_path,
		},
		"replaced the container's bind at %s by the shared mount (%s)",
		step->container_path, propagation_name(step->propagation));
	return 0;
}

/* The first finding as the error that ends the run. */
static int sharing_disproved(const struct findings *findings, struct error *err)
{
	const struct finding *first = &findings->items[0];

	return error_set(
		err, -EXDEV, first->code, first->subject, first->fix, "%s", first->message);
}

int apply_verify(struct run *run, const struct plan_step *step, struct error *err)
{
	cleanup_findings struct findings findings = {0};
	const struct target *target;
	int r;

	r = apply_refresh_path(run, err);
	if (r < 0)
		return r;
	target = apply_target(&run->judgement, step->path);
	if (!target)
		return error_set(err, -EINVAL, FINDING_INTERNAL, step->path, NULL,
			"the plan has a path that the pod has not");
	r = check_propagation_path(&run->known.facts, target, &findings);
	if (r < 0)
		return error_set(err, r, FINDING_INTERNAL, NULL, NULL, "out of memory");
	if (findings_verdict(&findings) == VERDICT_DENY)
		return sharing_disproved(&findings, err);
	audit_send(&run->session.audit,
		&(struct audit_entry){
			.kind = AUDIT_PROPAGATION_VERIFIED,
			.result = "ok",
			.path = step->path,
			.host_path = target->host_path,
			.peer_group = target->host_carrier ? target->host_carrier->shared : 0,
		},
		target->relation == TARGET_PROVIDES
			? "a mount made at %s will reach the host and every consumer"
			: "a mount made on the host will appear at %s in the container",
		target->relation == TARGET_PROVIDES ? step->path : target->seen_path);
	return 0;
}
