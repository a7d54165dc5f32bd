/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps on the FUSE path itself. Both act below the pinned volume, since the pod may change
 * what lies between it and the path at any time.
 */
#include "hook/apply/apply_steps.h"
#include "hook/apply/mount_conflict.h"
#include "hook/mount/dead_mount.h"
#include "hook/mount/probe.h"
#include "hook/mount/safe_walk.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include <string.h>

/* The provider makes them, the annotation's or provider's owner gets them. */
static struct safe_walk_directory directory_of(const struct run *run, const struct plan_step *step)
{
	return (struct safe_walk_directory){
		.creator = {.uid = run->spec.uid,
			.gid = run->spec.gid,
			.groups = run->spec.additional_gids,
			.n_groups = run->spec.n_additional_gids},
		.owner_uid = step->uid,
		.owner_gid = step->gid,
		.mode = step->mode,
	};
}

int apply_create_directory(struct run *run, const struct plan_step *step, struct error *err)
{
	cleanup_close int fd = -EBADF;
	const struct safe_walk_directory directory = directory_of(run, step);
	const char *rest = path_below(step->host_path, step->volume);
	int made;

	if (!rest || *rest == '\0')
		return error_set(err, -EINVAL, FINDING_INTERNAL, step->host_path, NULL,
			"%s is not below %s", step->host_path, step->volume);
	made = apply_open(run, step->volume, &fd, err);
	if (made == 0)
		made = safe_walk_make(fd, step->volume, rest, &directory, &run->rollback, err);
	if (made < 0)
		return made;
	if (made > 0)
		audit_send(&run->audit,
			&(struct audit_entry){
				.kind = AUDIT_DIRECTORY_CREATED,
				.result = "ok",
				.path = step->path,
				.host_path = step->host_path,
			},
			"created directory %s for %s (mode %04o, owner %u:%u)", step->path,
			step->provider, (unsigned int)step->mode, step->uid, step->gid);
	return 0;
}

static void audit_detached(struct run *run, const struct plan_step *step, unsigned int detached)
{
	audit_send(&run->audit,
		&(struct audit_entry){
			.kind = AUDIT_STALE_DETACHED,
			.result = "ok",
			.code = FINDING_MOUNT_STALE,
			.path = step->path,
			.host_path = step->host_path,
		},
		"detached %u dead mount%s of %s from %s", detached, detached == 1 ? "" : "s",
		step->provider, step->path);
}

static void count_heal(struct run *run, const struct plan_step *step, unsigned int detached)
{
	struct topology_path *path = topology_path(&run->topology, step->path);

	run->metrics.heals += detached;
	if (!path || detached == 0)
		return;
	/* What it was until now: what is there next is noted with the record, as of then. */
	path->state = PATH_DEAD;
	path->heals += detached;
	path->last_heal_usec = run_realtime_usec();
}

int apply_ask_ahead(struct run *run, const struct mount_table *host, const struct strv *paths,
	struct error *err)
{
	cleanup_free struct probe_question *questions = calloc(paths->n + 1, sizeof(*questions));
	int r = questions ? 0 : -ENOMEM;

	if (paths->n < 2)
		return 0;
	for (size_t i = 0; r == 0 && i < paths->n; i++)
		questions[i].host_path = paths->items[i];
	worker_status_at(
		run->progress, "asking the mounts, the first of which is", paths->items[0]);
	if (r == 0)
		r = probe_paths(host, questions, paths->n, run_probe_timeout(run));
	for (size_t i = 0; r == 0 && i < paths->n; i++) {
		if (questions[i].state == PATH_HUNG)
			r = strv_add(&run->hung, paths->items[i]);
	}
	return r < 0 ? error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			       "cannot probe the pod's FUSE paths: %s", strerror(-r))
		     : 0;
}

struct asked {
	const struct run *run;
	const struct claim *claim;
};

static int may_detach(void *data, const struct dead_mount *mount, struct error *err)
{
	const struct asked *asked = data;
	cleanup_mount_owner struct mount_owner owner = {0};
	bool may = false;
	int r = authority_find(asked->run, asked->claim, mount, &owner, &may, err);

	return r < 0 ? r : may;
}

int apply_detach_dead(const struct run *run, const struct claim *claim, unsigned int *ret_detached,
	enum path_state *ret_left, struct error *err)
{
	cleanup_close int fd = -EBADF;
	struct asked asked = {run, claim};
	struct dead_mount_search stale = {
		.volume = claim->volume,
		.host_path = claim->host_path,
		.probe_timeout_usec = run_probe_timeout(run),
		.may_detach = may_detach,
		.data = &asked,
	};
	int r;

	*ret_detached = 0;
	*ret_left = PATH_UNKNOWN;
	if (strv_contains(&run->hung, claim->host_path)) {
		*ret_left = PATH_HUNG;
		return 0;
	}
	worker_status_at(run->progress, "looking for a dead mount on", claim->host_path);
	r = apply_open(run, claim->volume, &fd, err);
	if (r < 0)
		return r;
	stale.volume_fd = fd;
	return dead_mount_detach(&stale, ret_detached, ret_left, err);
}

int apply_detach_stale(struct run *run, const struct plan_step *step, struct error *err)
{
	enum path_state left;
	unsigned int detached;
	struct claim claim;
	int r;

	r = authority_claim(run, step, &claim, err);
	if (r < 0)
		return r;
	r = apply_detach_dead(run, &claim, &detached, &left, err);
	if (detached > 0) {
		run->tables_changed = true;
		count_heal(run, step, detached);
		audit_detached(run, step, detached);
	}
	/* Since the survey, which has judged what was there then. */
	if (r == 0 && (left == PATH_LIVE || left == PATH_DEAD) &&
		!strv_contains(&run->judged, step->host_path))
		r = mount_conflict_judge(run, step, left, err);
	if (r == 0 && left == PATH_HUNG && !strv_contains(&run->hung, step->host_path))
		r = apply_judge_hung(run, step, err);
	return r;
}
