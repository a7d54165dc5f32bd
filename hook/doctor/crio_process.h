/* SPDX-License-Identifier: Apache-2.0 */
/* The CRI-O that runs on this node, and what it was told when it was started. */
#ifndef FSH_HOOK_DOCTOR_CRIO_PROCESS_H
#define FSH_HOOK_DOCTOR_CRIO_PROCESS_H

#include "oci/base/strv.h"
#include <sys/types.h>

struct crio_process {
	pid_t pid; /* 0: none runs */
	struct strv arguments, environment;
};

/* Find it by its name, "crio". 0, also where there is none or it cannot be looked at (pid is then
 * set, the lists are empty), or -ENOMEM. */
int crio_process_find(struct crio_process *ret);

/*
 * What it was given as `--NAME VALUE`, `--NAME=VALUE` or with the one letter `letter` (0: it has
 * none), else in the environment variable; NULL for neither. Borrowed.
 */
const char *crio_process_option(
	const struct crio_process *process, const char *name, char letter, const char *variable);

void crio_process_clear(struct crio_process *process);

#define cleanup_crio_process __attribute__((cleanup(crio_process_clear)))

#endif
