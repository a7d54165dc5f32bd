/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before the first step of a provider's plan: what is mounted on its paths now. Who is refused for
 * it is refused while nothing has been made, shared, bound or detached for it.
 */
#include "hook/apply_steps.h"

#include "hook/conflict.h"
#include "hook/probe.h"
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

static int judge_state(
	struct run *run, const struct plan_step *step, enum path_state state, struct error *err)
{
	int r = 0;

	if (state == PATH_HUNG) {
		if (strv_add(&run->hung, step->host_path) < 0)
			return error_memory(err);
		return apply_judge_hung(run, step, err);
	}
	if (state == PATH_LIVE)
		r = conflict_judge(run, step, err);
	if (r == 0 && state == PATH_LIVE && strv_add(&run->judged, step->host_path) < 0)
		return error_memory(err);
	return r;
}

/* All at once, so that those that hang take one probeTimeout together. */
static int ask(struct run *run, struct probe_question *questions, struct error *err)
{
	const struct plan *plan = &run->judgement.plan;
	int r;

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step->action != PLAN_DETACH_STALE)
			continue;
		progress_at(run->progress, "asking what is mounted on", step->host_path);
		questions[i].host_path = step->host_path;
	}
	r = probe_paths(&run->node.host, questions, plan->n, run_probe_timeout(run));
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, NULL, NULL,
			"cannot probe the pod's FUSE paths: %s", strerror(-r));
	return 0;
}

int apply_survey(struct run *run, struct error *err)
{
	const struct plan *plan = &run->judgement.plan;
	cleanup_free struct probe_question *questions = calloc(plan->n + 1, sizeof(*questions));
	int r = questions ? ask(run, questions, err) : error_memory(err);

	for (size_t i = 0; r == 0 && i < plan->n; i++) {
		if (questions[i].host_path)
			r = judge_state(run, &plan->steps[i], questions[i].state, err);
	}
	return r;
}
