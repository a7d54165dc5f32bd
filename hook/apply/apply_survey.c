/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before the first step of a provider's plan: what is mounted on its paths now. Who is refused for
 * it is refused while nothing has been made, shared, bound or detached for it.
 */
#include "hook/apply/apply_steps.h"

#include "hook/apply/mount_conflict.h"
#include "hook/mount/probe.h"
#include "hook/mount/safe_walk.h"
#include "oci/base/cleanup.h"
#include <string.h>

int apply_judge_hung(const struct run *run, const struct plan_step *step, struct error *err)
{
	audit_send(&run->audit,
		&(struct audit_entry){
			.kind = AUDIT_STALE_DETACHED,
			.result = "reported",
			.code = FINDING_MOUNT_HUNG,
			.path = step->path,
			.host_path = step->host_path,
		},
		"the mount on %s does not answer; it was left alone", step->path);
	if (run->config.severity[FINDING_MOUNT_HUNG] != SEVERITY_DENY)
		return 0;
	return error_set(err, -ETIMEDOUT, FINDING_MOUNT_HUNG, step->host_path,
		"end the process that holds /dev/fuse for it, or set abortHungAfter in the node's "
		"policy",
		"the mount on %s does not answer, and the node's policy denies that", step->path);
}

/* Whether the dead mount is the hook's to detach, when the time comes; true as well where it is not
 * there any more: the step looks for itself, and judges what it finds. */
static int may_heal(struct run *run, const struct plan_step *step, const struct mount_entry *found,
	bool *ret, struct error *err)
{
	struct dead_mount mount = {.major = found->major, .minor = found->minor};
	cleanup_mount_owner struct mount_owner owner = {0};
	struct claim claim;
	int r = authority_claim(run, step, &claim, err);

	if (r < 0)
		return r;
	r = authority_identify(run, &claim, &mount, err);
	if (safe_walk_has_changed(r) || (r == 0 && mount.id != found->id)) {
		error_clear(err);
		*ret = true;
		return 0;
	}
	return r < 0 ? r : authority_find(run, &claim, &mount, &owner, ret, err);
}

/* Somebody else's, but the policy lets the container go on beside it: not judged again. */
static int judge_others(
	struct run *run, const struct plan_step *step, enum path_state state, struct error *err)
{
	int r = mount_conflict_judge(run, step, state, err);

	if (r < 0)
		return r;
	return strv_add(&run->judged, step->host_path) < 0 ? error_memory(err) : 0;
}

static int judge_found(struct run *run, const struct plan_step *step,
	const struct probe_question *found, struct error *err)
{
	bool heals = false;
	int r;

	switch (found->state) {
	case PATH_UNKNOWN:
	case PATH_ABSENT:
		return 0;
	case PATH_HUNG:
		if (strv_add(&run->hung, step->host_path) < 0)
			return error_memory(err);
		return apply_judge_hung(run, step, err);
	case PATH_LIVE:
		return judge_others(run, step, PATH_LIVE, err);
	case PATH_DEAD:
		r = may_heal(run, step, found->mount, &heals, err);
		return r < 0 || heals ? r : judge_others(run, step, PATH_DEAD, err);
	}
	return 0;
}

/* All at once, so that those that hang take one probeTimeout together. */
static int ask(struct run *run, struct probe_question *questions, struct error *err)
{
	const struct plan *plan = &run->judgement.plan;
	const char *first = NULL;
	int r;

	for (size_t i = 0; i < plan->n; i++) {
		if (plan->steps[i].action != PLAN_DETACH_STALE)
			continue;
		questions[i].host_path = plan->steps[i].host_path;
		if (!first)
			first = questions[i].host_path;
	}
	if (!first)
		return 0;
	worker_status_at(run->progress, "asking the mounts, the first of which is", first);
	r = probe_paths(&run->node.host, questions, plan->n, run_probe_timeout(run));
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, first, NULL, "cannot probe %s: %s", first,
			strerror(-r));
	return 0;
}

int apply_survey(struct run *run, struct error *err)
{
	const struct plan *plan = &run->judgement.plan;
	cleanup_free struct probe_question *questions = calloc(plan->n + 1, sizeof(*questions));
	int r;

	if (!questions)
		return error_memory(err);
	r = ask(run, questions, err);
	for (size_t i = 0; r == 0 && i < plan->n; i++) {
		if (questions[i].host_path)
			r = judge_found(run, &plan->steps[i], &questions[i], err);
	}
	return r;
}
