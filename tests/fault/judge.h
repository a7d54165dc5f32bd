/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of a run one of whose system calls has failed. */
#ifndef FSH_TESTS_FAULT_JUDGE_H
#define FSH_TESTS_FAULT_JUDGE_H

#include "tests/fault/injector.h"
#include "tests/fault/scenario.h"

#include <json-c/json.h>

/* What an undisturbed run comes to: state_of_host(), state_of_container(). */
struct golden {
	char *host, *container; /* owned */
};

/* One run with its fault, and what came of it. */
struct trial {
	const struct scenario *scenario;
	const struct golden *golden;
	struct json_object *schema; /* of the record */
	struct stage *stage;
	const struct injector_fault *fault;
	struct injector_outcome outcome;
	char *before, *after; /* state_of_host(); owned */
	char *said;	      /* owned */
	char *told;	      /* said_to_journal(); owned */
};

void trial_clear(struct trial *trial);

#define cleanup_trial __attribute__((cleanup(trial_clear)))

/* NULL, or what is wrong with it (owned by the caller). */
char *judge_trial(const struct trial *trial);

#endif
