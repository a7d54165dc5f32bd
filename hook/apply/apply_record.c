/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a run others need: the states of paths, and the binds that this pod uses from now on,
 * too. Adopted with the bind's lock held and committed before it is let go, or its last user could
 * end it in between.
 */
#include "hook/apply/apply_steps.h"

#include "hook/mount/mnttab_query.h"
#include "hook/mount/publish_record.h"
#include "hook/mount/shared_bind.h"
#include "hook/record/record_copy.h"
#include "hook/run/facts_paths.h"
#include "hook/sys/deadline.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include "policy/config/own_volume.h"
#include "policy/record/topology_limit.h"
#include <stdio.h>
#include <string.h>
#include <syslog.h>

bool apply_provider_runs(const struct run *run, const char *provider)
{
	const struct topology_container *container =
		topology_container(&run->session.topology, provider);

	return topology_container_is_allowed(container) && container->role == ROLE_PROVIDER &&
	       container->id && strcmp(container->id, run->input.identity.container_id) != 0 &&
	       process_is_alive(container->pid, container->pid_start_ticks);
}

/* The id that is never used again, where the mount is the one that was asked; 0 where that is not
 * to be had. */
static uint64_t unique_id(const struct run_input *input, const struct topology_path *path,
	const struct probe_question *answer)
{
	const struct claim claim = {
		.volume = path ? path->volume : NULL, .host_path = answer->host_path};
	struct dead_mount mount = {0};
	cleanup_error struct error err = {0};

	if (authority_identify(input, &claim, &mount, &err) < 0 || mount.id != answer->mount->id)
		return 0;
	return mount.unique;
}

static int apply_record_note_state(
	struct run *run, const char *path, const struct probe_question *answer, uint64_t now_usec)
{
	const struct topology_path *recorded = topology_path(&run->session.topology, path);
	const struct mount_entry *mount = answer->mount;
	char device[32];

	if (mount)
		snprintf(device, sizeof(device), "%u:%u", mount->major, mount->minor);
	return topology_note_path(&run->session.topology, path,
		&(struct path_note){
			.state = answer->state,
			.device = mount ? device : NULL,
			.mount_id = mount ? mount->id : 0,
			.mount_id_unique = mount ? unique_id(&run->input, recorded, answer) : 0,
			.now_usec = now_usec,
			.boottime_usec = run_boottime_usec(),
			.provider_runs = recorded && apply_provider_runs(run, recorded->provider),
		});
}

/*
 * The state of each path now, where its place on the host is known. A container that is about to
 * wait for a path leaves that one to the gate, which asks and notes the answer: a probe is a child.
 */
static int note_paths(
	struct run *run, enum container_status status, uint64_t now_usec, struct error *err)
{
	const struct topology *topology = &run->session.topology;
	const struct facts_paths how = {
		.host = &run->known.node.host,
		.probe_timeout_usec = run_probe_timeout(run),
		.waits = status == CONTAINER_WAITING ? &run->judgement.plan : NULL,
	};
	cleanup_free struct probe_question *questions = NULL;
	int r = facts_paths_read(topology, &how, &questions);

	if (!questions)
		return error_memory(err);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			"cannot probe the pod's FUSE paths: %s", strerror(-r));
	for (size_t i = 0; i < topology->n_paths; i++) {
		if (questions[i].host_path && apply_record_note_state(run, topology->paths[i].path,
						      &questions[i], now_usec) < 0)
			return error_memory(err);
	}
	return 0;
}

/* The way was proven before the lock: over the mount that is still there, and still shared? */
static int is_proven_mount(const struct target *target, int fd, struct error *err)
{
	cleanup_mount_entry struct mount_entry now = {0};
	int r = mnttab_query_of(fd, NULL, &now, NULL);

	if (r == 0 && now.id == target->host_carrier->id &&
		now.shared == target->host_carrier->shared)
		return 0;
	return error_set(err, -ESTALE, FINDING_PEER_GROUP_MISMATCH, target->anchor,
		"nothing: the kubelet creates the container again",
		"the shared mount of %s has ended with another pod while this container was "
		"created",
		target->anchor);
}

/*
 * A volume that lies on a directory bound on itself may be on another pod's hook's bind, and a
 * mount that is no pod's own may be one that another's run has made shared, and takes back if it
 * fails: this pod uses it from now on too. Committed with the bind's lock held, so that the other
 * pod's end cannot miss it.
 */
static int apply_record_adopt(struct run *run, const struct target *target, struct error *err)
{
	cleanup_bind_lock struct lock lock = LOCK_NONE;
	cleanup_close int fd = -EBADF;
	int r;

	r = apply_open_locked(run, target->source, target->anchor, &lock, &fd, err);
	if (r == 0)
		r = is_proven_mount(target, fd, err);
	/* Hooks bind volumes of pods alone: anywhere else it is the administrator's bind. */
	if (r == 0 && target->anchor_self_bind &&
		own_volume_is_some_pods(&run->input.config, target->anchor))
		r = shared_bind_adopt(
			run->session.runtime_fd, &run->session.topology, target->anchor, fd, err);
	return r < 0 ? r : run_commit(&run->session, err);
}

/* A mount that this pod's own hooks have made or shared, or that no other pod can have, needs no
 * adoption. */
static bool may_be_anothers(const struct run *run, const struct target *target)
{
	const struct topology_volume *volume;

	if (!target->anchor || target->request->node)
		return false;
	volume = topology_volume(&run->session.topology, target->anchor);
	if (volume && (volume->bound_by_hook || volume->shared_by_hook))
		return false;
	return target->anchor_self_bind ||
	       (target->anchor_is_mountpoint && target->host_carrier->shared &&
		       !own_volume_is(
			       &run->input.config, run->input.identity.pod_uid, target->anchor));
}

/*
 * Targets of one volume have one anchor, and those of a volume that this container does not mount
 * have none. A mount of the node is adopted by nobody: that one says nothing of the others.
 */
static bool was_looked_at(const struct targets *targets, size_t i)
{
	const char *anchor = targets->items[i].anchor;

	for (size_t j = 0; anchor && j < i; j++) {
		const struct target *earlier = &targets->items[j];

		if (earlier->anchor && !earlier->request->node &&
			strcmp(earlier->anchor, anchor) == 0)
			return true;
	}
	return false;
}

static int adopt_binds(struct run *run, struct error *err)
{
	for (size_t i = 0; i < run->judgement.targets.n; i++) {
		const struct target *target = &run->judgement.targets.items[i];
		int r;

		if (was_looked_at(&run->judgement.targets, i) || !may_be_anothers(run, target))
			continue;
		r = apply_record_adopt(run, target, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* check_room() has found room for it; the node has changed since. */
static int refuse_larger(struct error *err)
{
	return error_set(err, -E2BIG, FINDING_ANNOTATION_INVALID, ANNOTATION_MOUNTS,
		"shorten the paths, or ask for fewer mounts",
		"the pod's record does not have room for this container: expected at most %lu "
		"bytes",
		TOPOLOGY_MAX_SIZE);
}

static int apply_record_enter(struct run *run, const struct container_note *note, struct error *err)
{
	int r = topology_note_container(
		&run->session.topology, &run->known.facts, &run->judgement.targets, note);

	if (r == -E2BIG)
		return refuse_larger(err);
	return r < 0 ? error_memory(err) : 0;
}

/* The journal has what the record has not. */
static void audit_omitted(struct run *run)
{
	const struct topology_container *container =
		topology_container(&run->session.topology, run->input.identity.container_name);

	if (container && container->omitted == 0)
		return;
	audit_send(&run->session.audit,
		&(struct audit_entry){
			.kind = AUDIT_RECORDED, .result = "reported", .priority = LOG_WARNING},
		container ? "the pod's record does not have room for %lld of its findings, mounts "
			    "and paths"
			  : "the pod's record does not have room for it",
		container ? (long long)container->omitted : 0);
}

int apply_record(struct run *run, enum container_status status, struct error *err)
{
	struct container_note note = {
		.role = run->judgement.role,
		.status = status,
		.pid = run->input.state.pid,
		.pid_start_ticks = run->input.pid_start_ticks,
		.findings = &run->judgement.findings,
		.now_usec = run_realtime_usec(),
	};
	bool denied = status == CONTAINER_DENIED;
	int seen = apply_refresh(run, err), r;

	if (seen < 0 && !denied)
		return seen;
	r = apply_record_enter(run, &note, err);
	if (r < 0)
		return r;
	if (seen == 0)
		seen = note_paths(run, status, note.now_usec, err);
	if (seen == 0 && !denied)
		seen = adopt_binds(run, err);
	if (seen < 0 && !denied)
		return seen;
	r = run_commit(&run->session, err);
	if (r < 0)
		return r;
	audit_send(&run->session.audit,
		&(struct audit_entry){.kind = AUDIT_RECORDED,
			.result = "ok",
			.duration_usec = deadline_now() - run->session.began_usec},
		"recorded as %s", role_name(run->judgement.role));
	audit_omitted(run);
	return seen;
}

static int open_copy_of_record(struct run *run, int *ret_fd, struct error *err)
{
	cleanup_free char *text = NULL;
	cleanup_error struct error unlabelled = {0};
	int r = record_format(&run->session.topology, &text, err);

	if (r < 0)
		return r;
	r = record_copy_open(
		run->session.runtime_fd, run->input.identity.pod_uid, text, ret_fd, &unlabelled);
	if (r > 0)
		audit_failure(&run->session.audit, &unlabelled);
	if (r >= 0)
		return 0;
	*err = unlabelled;
	unlabelled = (struct error){0};
	return r;
}

/* A volume at /run that is read-only, and has no directory for it: no reason to refuse the
 * container. */
static void audit_not_exposed(const struct run_session *session, const struct plan_step *step)
{
	audit_send(&session->audit,
		&(struct audit_entry){
			.kind = AUDIT_EXPOSED, .result = "skipped", .path = step->container_path},
		"cannot show the topology at %s in the container: the file system there is "
		"read-only",
		step->container_path);
}

static void audit_exposed(const struct run_session *session, const struct plan_step *step)
{
	audit_send(&session->audit,
		&(struct audit_entry){
			.kind = AUDIT_EXPOSED, .result = "ok", .path = step->container_path},
		"the topology can be read at %s/topology.json in the container",
		step->container_path);
}

int apply_expose(struct run *run, const struct plan_step *step, struct error *err)
{
	cleanup_container_ns struct container_ns ns = CONTAINER_NS_NONE;
	cleanup_close int shown = -EBADF;
	int r;

	r = open_copy_of_record(run, &shown, err);
	if (r < 0)
		return r;
	r = container_ns_open(run->input.state.pid, run->input.pid_start_ticks, &ns, err);
	if (r < 0)
		return r;
	r = publish_record(&ns, shown, run->known.node.container_root, step->container_path, err);
	if (r < 0)
		return r;
	if (r == PUBLISHED_NOWHERE)
		audit_not_exposed(&run->session, step);
	else
		audit_exposed(&run->session, step);
	return 0;
}
