/* SPDX-License-Identifier: Apache-2.0 */
/* One thing of several in a process of its own, so that a hostile, broken or hung file system that
 * it meets does not keep a command from the others. */
#ifndef FSH_HOOK_WORKER_RUN_ISOLATED_H
#define FSH_HOOK_WORKER_RUN_ISOLATED_H

#include "hook/sandbox/worker_status.h"
#include "oci/base/code.h"
#include <stdint.h>

struct isolated {
	const char *stage;    /* of the command, for what is said of the process */
	const char *about;    /* "the pod UID": what the work is about, for the same */
	uint64_t budget_usec; /* then it is sent SIGKILL and not waited for */
	/* In the process: what it exits with. It says what is wrong by itself. */
	int (*work)(void *data, struct worker_status *progress);
	void *data;
};

/*
 * Run it and wait. What the work has returned; EXIT_HOST_IO where its time was over, EXIT_INTERNAL
 * where it was killed or there is no process to be had, which is said.
 */
int run_isolated(const struct isolated *isolated);

#endif
