/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order is the plan's, and all steps but the last are done under the pod's lock.
 *
 *                      | before the first step | as a step              | where the run fails
 *  --------------------+-----------------------+------------------------+---------------------
 *   create-directory   |                       | made below the volume  | removed, if empty
 *   make-shared,       |                       | announced, then done   | taken back, unless
 *   bind-shared        |                       | with a lock on it      | another pod uses it
 *   replace-bind       |                       | in the container       | ends with it
 *   detach-stale       | probed, and judged    | detached, if dead yet  | stays: it was dead
 *   verify-propagation |                       | by tables read again   |
 *   record             |                       | committed              | says why
 *   expose             |                       | in the container       | ends with it
 *   wait               | providers that cannot | all at once, last, and | the refusal is
 *                      | come refuse           | without the lock       | recorded
 */
#include "hook/apply/apply.h"

#include "hook/apply/apply_steps.h"
#include <stdio.h>

static bool has_wait(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		if (plan->steps[i].action == PLAN_WAIT)
			return true;
	}
	return false;
}

static int apply_step(struct run *run, const struct plan_step *step, struct error *err)
{
	char doing[64];

	snprintf(doing, sizeof(doing), "at the step %s of", plan_action_name(step->action));
	worker_status_at(run->session.progress, doing,
		step->host_path ? step->host_path : step->container_path);
	switch (step->action) {
	case PLAN_CREATE_DIRECTORY:
		return apply_create_directory(run, step, err);
	case PLAN_MAKE_SHARED:
	case PLAN_BIND_SHARED:
		return apply_share(run, step, err);
	case PLAN_REPLACE_BIND:
		return apply_replace_bind(run, step, err);
	case PLAN_DETACH_STALE:
		return apply_detach_stale(run, step, err);
	case PLAN_VERIFY_PROPAGATION:
		return apply_verify(run, step, err);
	case PLAN_RECORD:
		return apply_record(run,
			has_wait(&run->judgement.plan) ? CONTAINER_WAITING : CONTAINER_CREATED,
			err);
	case PLAN_EXPOSE:
		return apply_expose(run, step, err);
	case PLAN_WAIT: /* all of them together, at the end */
		return 0;
	}
	return error_set(err, -EINVAL, FINDING_INTERNAL, NULL, NULL, "unknown step %d of the plan",
		(int)step->action);
}

int apply_plan(struct run *run, struct error *err)
{
	const struct plan *plan = &run->judgement.plan;
	int r = has_wait(plan) ? apply_probe_gate(run, err) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->n; i++) {
		r = apply_step(run, &plan->steps[i], err);
		if (r < 0)
			return r;
	}
	return has_wait(plan) ? apply_wait(run, err) : 0;
}
