/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps on the FUSE path itself. Both act below the pinned volume, since the pod may change
 * what lies between it and the path at any time.
 */
#include "hook/apply/apply_steps.h"
#include "hook/mount/dead_mount.h"
#include "hook/mount/probe.h"
#include "hook/mount/safe_walk.h"
#include "hook/run/facts_mounted.h"
#include "hook/run/host_path.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/checks.h"
#include <string.h>

/* The provider makes them, the annotation's or provider's owner gets them. */
static struct safe_walk_directory directory_of(
	const struct run_input *input, const struct plan_step *step)
{
	return (struct safe_walk_directory){
		.creator = {.uid = input->spec.uid,
			.gid = input->spec.gid,
			.groups = input->spec.additional_gids,
			.n_groups = input->spec.n_additional_gids},
		.owner_uid = step->uid,
		.owner_gid = step->gid,
		.mode = step->mode,
	};
}

int apply_create_directory(struct run *run, const struct plan_step *step, struct error *err)
{
	cleanup_close int fd = -EBADF;
	const struct safe_walk_directory directory = directory_of(&run->input, step);
	const char *rest = path_below(step->host_path, step->volume);
	int made;

	if (!rest || *rest == '\0')
		return error_set(err, -EINVAL, FINDING_INTERNAL, step->host_path, NULL,
			"%s is not below %s", step->host_path, step->volume);
	made = host_path_open(&run->input.config, step->volume, &fd, err);
	if (made == 0)
		made = safe_walk_make(
			fd, step->volume, rest, &directory, &run->session.rollback, err);
	if (made < 0)
		return made;
	if (made > 0)
		audit_send(&run->session.audit,
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

static void apply_audit_detached(
	struct run_session *session, const struct plan_step *step, unsigned int detached)
{
	audit_send(&session->audit,
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

static void count_heal(
	struct run_session *session, const struct plan_step *step, unsigned int detached)
{
	struct topology_path *path = topology_path(&session->topology, step->path);

	session->metrics.heals += detached;
	if (!path || detached == 0)
		return;
	/* What it was until now: what is there next is noted with the record, as of then. */
	path->state = PATH_DEAD;
	path->heals += detached;
	path->last_heal_usec = run_realtime_usec();
}

int apply_probe_ahead(struct run *run, const struct mount_table *host, const struct strv *paths,
	struct error *err)
{
	cleanup_free struct probe_question *questions = calloc(paths->n + 1, sizeof(*questions));
	int r = questions ? 0 : -ENOMEM;

	if (paths->n < 2)
		return 0;
	for (size_t i = 0; r == 0 && i < paths->n; i++)
		questions[i].host_path = paths->items[i];
	worker_status_at(
		run->session.progress, "probing the mounts, beginning with", paths->items[0]);
	if (r == 0)
		r = probe_paths(host, questions, paths->n, run_probe_timeout(run));
	for (size_t i = 0; r == 0 && i < paths->n; i++) {
		if (questions[i].state == PATH_HUNG)
			r = strv_add(&run->session.hung, paths->items[i]);
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
	if (strv_contains(&run->session.hung, claim->host_path)) {
		*ret_left = PATH_HUNG;
		return 0;
	}
	worker_status_at(run->session.progress, "looking for a dead mount on", claim->host_path);
	r = host_path_open(&run->input.config, claim->volume, &fd, err);
	if (r < 0)
		return r;
	stale.volume_fd = fd;
	return dead_mount_detach(&stale, ret_detached, ret_left, err);
}

/* What was not there when the container was judged: judged by the same check. */
static int judge_again(
	struct run *run, const struct plan_step *step, enum path_state state, struct error *err)
{
	const struct target *target = apply_target(&run->judgement, step->path);
	cleanup_mounted_path struct mounted_path found = {0};
	cleanup_findings struct findings findings = {0};
	const struct finding *finding;
	int r;

	if (!target)
		return 0;
	r = facts_mounted_describe(run, target, state, &found, err);
	if (r < 0)
		return r;
	if (check_mounted_path(&run->known.facts, target, &found, &findings) < 0)
		return error_memory(err);
	if (findings.n == 0)
		return 0;
	finding = &findings.items[0];
	if (finding->severity == SEVERITY_DENY && !run->input.config.audit_only)
		return error_set(err, -EBUSY, finding->code, finding->subject, finding->fix, "%s",
			finding->message);
	audit_findings(&run->session.audit, &findings, false);
	return findings_append(&run->judgement.findings, finding) < 0 ? error_memory(err) : 0;
}

static void audit_left_hung(struct run_session *session, const struct plan_step *step)
{
	audit_send(&session->audit,
		&(struct audit_entry){
			.kind = AUDIT_STALE_DETACHED,
			.result = "reported",
			.code = FINDING_MOUNT_HUNG,
			.path = step->path,
			.host_path = step->host_path,
		},
		"the mount on %s does not answer; it was left alone", step->path);
}

/* Whether the judge was told of it. */
static bool is_judged(
	const struct run_known *known, const struct plan_step *step, enum path_state left)
{
	const struct mounted_path *found = mounted_find(&known->mounted, step->path);

	if (left == PATH_HUNG)
		return found && found->state == PATH_HUNG;
	return found && mounted_is_anothers(found);
}

int apply_detach_stale(struct run *run, const struct plan_step *step, struct error *err)
{
	const struct claim_place place = {step->path, step->volume, step->host_path};
	enum path_state left;
	unsigned int detached;
	struct claim claim;
	int r;

	r = authority_claim(run, &place, &claim, err);
	if (r < 0)
		return r;
	r = apply_detach_dead(run, &claim, &detached, &left, err);
	if (detached > 0) {
		run->known.tables_changed = true;
		count_heal(&run->session, step, detached);
		apply_audit_detached(&run->session, step, detached);
	}
	if (r < 0 || left == PATH_UNKNOWN || left == PATH_ABSENT)
		return r;
	if (left == PATH_HUNG)
		audit_left_hung(&run->session, step);
	return is_judged(&run->known, step, left) ? 0 : judge_again(run, step, left, err);
}
