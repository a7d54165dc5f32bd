/* SPDX-License-Identifier: Apache-2.0 */
/* Facts in; role, findings, verdict and plan out. The whole policy in one call. */
#ifndef FSH_POLICY_CHECK_JUDGE_H
#define FSH_POLICY_CHECK_JUDGE_H

#include "policy/check/facts.h"
#include "policy/check/plan.h"
#include "policy/check/target.h"
#include "policy/record/finding.h"

struct judgement {
	enum role role;
	struct targets targets; /* borrows from the facts */
	struct findings findings;
	enum verdict verdict;
	enum exit_code exit; /* what the verdict means in mode enforce */
	struct plan plan;    /* empty where the verdict is a denial */
};

/* 0 or -ENOMEM. Owned by the caller (judgement_clear), valid while the facts are. A sandbox, and a
 * container of a pod that asks for no mounts, is inactive: nothing is checked or planned. */
int judge(const struct facts *facts, struct judgement *ret);
void judgement_clear(struct judgement *judgement);

#define cleanup_judgement __attribute__((cleanup(judgement_clear)))

#define JUDGEMENT_SCHEMA "fuse-sidecar.io/check/v1"

/* schema fuse-sidecar.io/check/v1 of the `check` command as JSON text with a final newline;
 * `identity` may be NULL: pod and container are null then; a sandbox's container is. Owned by the
 * caller; NULL without memory.
 */
char *judgement_format(const struct judgement *judgement, const struct identity *identity);

#endif
