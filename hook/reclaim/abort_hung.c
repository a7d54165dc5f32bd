/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An abort cannot be undone and ends the mount for everybody who uses it: so the connection has to
 * be the record's, its provider gone, and the hang as old as the policy says, which only a later
 * run can know.
 */
#include "hook/reclaim/abort_hung.h"

#include "hook/mount/probe.h"
#include "hook/mount/safe_walk.h"
#include "hook/reclaim/pod_end.h"
#include "hook/record/probe_turn.h"
#include "hook/run/authority.h"
#include "hook/sys/fusectl.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/text.h"
#include "policy/check/mounts.h"
#include <stdio.h>
#include <string.h>

static bool provider_is_gone(const struct topology *topology, const struct topology_path *path)
{
	const struct topology_container *provider = topology_container(topology, path->provider);

	return !provider || !process_is_alive(provider->pid, provider->pid_start_ticks);
}

static void audit_abort(struct run_session *session, const struct topology_path *path, long waiting)
{
	audit_send(&session->audit,
		&(struct audit_entry){
			.kind = AUDIT_STALE_DETACHED,
			.result = "aborted",
			.code = FINDING_MOUNT_HUNG,
			.path = path->path,
			.host_path = path->host_path,
		},
		"aborted the FUSE connection of %s: its provider %s is gone, it does not answer, "
		"and %ld requests wait in it",
		path->path, path->provider, waiting);
}

/* The connection of a mount, and what waited in it before it was probed: a probe waits there too.
 * So may one of another run, which is no request of a pod's either: of those there is one at most.
 */
struct connection {
	int fd; /* -EBADF, or another negative errno: it cannot be looked at */
	long waiting;
};

static void connection_clear(struct connection *connection)
{
	cleanup_close_fd(&connection->fd);
}

static struct connection abort_hung_read_connection(const struct mount_entry *mount)
{
	const struct fuse_connection asked = probe_connection(mount);
	cleanup_close int fd = fusectl_open(&asked);
	struct connection connection = {.fd = -EBADF};
	/* Looked at before and after: that process may end meanwhile, or have begun. */
	bool taken = probe_turn_is_taken(&asked);
	int r = fd < 0 ? fd : fusectl_waiting(fd, &connection.waiting);

	if (r == 0 && connection.waiting > 0 && (taken || probe_turn_is_taken(&asked)))
		connection.waiting--;
	connection.fd = r < 0 ? r : move_fd(&fd);
	return connection;
}

static int break_path(struct run_session *session, const struct topology_path *path,
	const struct connection *connection, bool dry_run, struct error *err)
{
	int r;

	if (connection->fd < 0)
		return error_set(err, connection->fd, FINDING_HOST_IO, FUSECTL_DIR,
			"mount fusectl on " FUSECTL_DIR,
			"cannot read the FUSE connection of %s: %s", path->path,
			strerror(-connection->fd));
	/* Somebody of a pod that runs may be served yet; of one that is over nobody asks. */
	if (connection->waiting <= 0 && pod_has_live_container(&session->topology))
		return 0;
	if (dry_run) {
		text_print(stdout, "%s would be aborted: %ld requests wait in it", path->host_path,
			connection->waiting);
		return 1;
	}
	r = fusectl_abort(connection->fd);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, FUSECTL_DIR, NULL,
			"cannot abort the FUSE connection of %s: %s", path->path, strerror(-r));
	audit_abort(session, path, connection->waiting);
	return 1;
}

static bool same_device(const struct topology_path *path, unsigned int major, unsigned int minor)
{
	char device[32];

	snprintf(device, sizeof(device), "%u:%u", major, minor);
	return path->device && strcmp(path->device, device) == 0;
}

/* Its time begins when it is first seen to hang. */
static int abort_hung_note(struct run_session *session, const struct topology_path *path,
	bool dry_run, struct error *err)
{
	const struct path_note note = {
		.state = PATH_HUNG,
		.device = path->device,
		.mount_id = path->mount_id,
		.mount_id_unique = path->mount_id_unique,
		.now_usec = run_realtime_usec(),
		.boottime_usec = run_boottime_usec(),
	};
	int r = topology_note_path(&session->topology, path->path, &note);

	if (r < 0)
		return error_memory(err);
	return dry_run ? 0 : run_commit(session, err);
}

/* A path whose connection may have to be broken: an orphan's, on the mount that the record names.
 */
static const struct mount_entry *abort_hung_is_candidate(
	const struct run *run, const struct topology_path *path)
{
	const struct mount_entry *mount;

	if (!path->host_path || !path_is_normalized(path->host_path) ||
		!provider_is_gone(&run->session.topology, path))
		return NULL;
	mount = mounts_at(&run->known.node.host, path->host_path);
	return mount && same_device(path, mount->major, mount->minor) ? mount : NULL;
}

/* Below no volume of the pod's own only what was seen to be its provider's; and nowhere what is
 * another pod's, or is not there any more. */
static int abort_hung_is_own(
	const struct run *run, const struct topology_path *path, bool *ret, struct error *err)
{
	const struct claim claim = {
		.volume = path->volume, .host_path = path->host_path, .path = path};
	cleanup_mount_owner struct mount_owner owner = {0};
	struct dead_mount mount = {0};
	int r = authority_query(&run->input, &claim, &mount, err);

	if (safe_walk_has_changed(r) || (r == 0 && !same_device(path, mount.major, mount.minor))) {
		error_clear(err);
		return 0;
	}
	return r < 0 ? r : authority_find(run, &claim, &mount, &owner, ret, err);
}

/* 1 where it was aborted, or would be. */
static int judge_hung(struct run *run, const struct topology_path *path,
	const struct connection *connection, bool dry_run, struct error *err)
{
	bool own = false;
	int r = abort_hung_is_own(run, path, &own, err);

	if (r < 0 || !own)
		return r;
	if (path->state != PATH_HUNG || path->hung_boot_usec == 0)
		return abort_hung_note(&run->session, path, dry_run, err);
	if (run_boottime_usec() < path->hung_boot_usec + run->input.config.abort_hung_after_usec)
		return 0;
	return break_path(&run->session, path, connection, dry_run, err);
}

/* The paths of the record, with what is known of each. */
struct round {
	struct connection *connections;
	struct probe_question *questions;
	size_t n;
};

static void abort_round_clear(struct round *round)
{
	for (size_t i = 0; round->connections && i < round->n; i++)
		connection_clear(&round->connections[i]);
	free(round->connections);
	free(round->questions);
}

#define cleanup_round __attribute__((cleanup(abort_round_clear)))

/* All connections are looked into before any mount is asked; then all at once, so that those that
 * hang take one time-out together. */
static int abort_hung_probe_all(struct run *run, struct round *round, struct error *err)
{
	int r;

	round->n = run->session.topology.n_paths;
	round->connections = calloc(round->n + 1, sizeof(*round->connections));
	round->questions = calloc(round->n + 1, sizeof(*round->questions));
	if (!round->connections || !round->questions)
		return error_memory(err);
	for (size_t i = 0; i < round->n; i++) {
		const struct topology_path *path = &run->session.topology.paths[i];
		const struct mount_entry *mount = abort_hung_is_candidate(run, path);

		round->connections[i] = mount ? abort_hung_read_connection(mount)
					      : (struct connection){.fd = -EBADF};
		round->questions[i].host_path = mount ? path->host_path : NULL;
	}
	r = probe_paths(&run->known.node.host, round->questions, round->n, run_probe_timeout(run));
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			"cannot probe the pod's FUSE paths: %s", strerror(-r));
	return 0;
}

int abort_hung(struct run *run, bool dry_run, struct error *err)
{
	cleanup_round struct round round = {0};
	int r;

	if (run->input.config.abort_hung_after_usec == 0)
		return 0;
	r = node_read_host(&run->known.node, &run->known.facts, err);
	if (r == 0)
		r = abort_hung_probe_all(run, &round, err);
	for (size_t i = 0; r == 0 && i < round.n; i++) {
		const struct topology_path *path = &run->session.topology.paths[i];

		if (round.questions[i].state != PATH_HUNG)
			continue;
		r = judge_hung(run, path, &round.connections[i], dry_run, err);
		/* The end of the pod need not ask it again. */
		if (r == 0 && strv_add(&run->session.hung, path->host_path) < 0)
			return error_memory(err);
		r = r < 0 ? r : 0;
	}
	return r;
}
