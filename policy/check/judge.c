/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way from facts to a verdict, for the hook, for `check` and for tests: who adds a check
 * adds a line here, and none of the three can leave it out.
 */
#include "policy/check/judge.h"

#include "oci/base/cleanup.h"
#include "policy/check/checks.h"

typedef int check_fn(
	const struct facts *facts, const struct targets *targets, struct findings *findings);

static int judge_run_checks(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	/* The order is that of the report: may it, can it, will it work, is it well made. */
	static check_fn *const checks[] = {
		check_authority,
		check_volumes,
		check_exposure,
		check_propagation,
		check_fuse_device,
		check_privilege,
		check_sidecar,
		check_room,
		check_mounted,
	};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		int r = checks[i](facts, targets, findings);

		if (r < 0)
			return r;
	}
	return 0;
}

int judge(const struct facts *facts, struct judgement *ret)
{
	cleanup_judgement struct judgement judgement = {.role = ROLE_INACTIVE};
	int r;

	if (facts->request->n_mounts > 0 && !facts->identity->is_sandbox) {
		r = targets_resolve(facts, &judgement.targets);
		if (r < 0)
			return r;
		judgement.role = targets_role(&judgement.targets);
		r = judge_run_checks(facts, &judgement.targets, &judgement.findings);
		if (r < 0)
			return r;
	}
	judgement.verdict = findings_verdict(&judgement.findings);
	judgement.exit = findings_exit(&judgement.findings);
	if (judgement.verdict != VERDICT_DENY) {
		r = plan_build(facts, &judgement.targets, judgement.role, &judgement.plan);
		if (r < 0)
			return r;
	}
	*ret = move_struct(judgement);
	return 0;
}

void judgement_clear(struct judgement *judgement)
{
	if (!judgement)
		return;
	targets_clear(&judgement->targets);
	findings_clear(&judgement->findings);
	plan_clear(&judgement->plan);
	*judgement = (struct judgement){0};
}
