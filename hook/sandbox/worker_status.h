/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a stage is, told by the process that does the work to the one that supervises it
 * (hook/worker/supervise.h), in memory that both share. The work writes; the supervisor takes what
 * it reads for untrusted.
 */
#ifndef FSH_HOOK_SANDBOX_WORKER_STATUS_H
#define FSH_HOOK_SANDBOX_WORKER_STATUS_H

#include "hook/sandbox/refused_call.h"
#include "oci/spec/identity.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a stage may take outside of the gate. With the longest gate (90 s, CONFIG_GATE_MAX) it stays
 * below the 110 s that hooks.d allows at prestart, and below the 30 s of poststop.
 */
#define WORKER_STATUS_STAGE_USEC (15 * UINT64_C(1000000))

/* Who the container is, as far as it is known. */
struct worker_status_subject {
	char pod_name[256], pod_namespace[64], pod_uid[64], container_name[64], container_id[80];
};

struct worker_status {
	_Atomic uint64_t until_usec; /* CLOCK_MONOTONIC; 0: any time */
	atomic_bool audit_only;	     /* the policy's mode, once it is known */
	atomic_int unfiltered;	     /* why there is no filter of system calls: a negative errno */
	atomic_bool counted;	     /* the policy asks for metrics */
	struct refused_call refused; /* the first of either process and their children */
	char doing[64];		     /* "walking to" */
	char path[2048];
	struct worker_status_subject subject;
};

/* A fresh one that forked children share; NULL where there is no memory. Released by
 * worker_status_free(). */
struct worker_status *worker_status_new(void);
void worker_status_free(struct worker_status *progress);

/* All below accept NULL: nobody supervises. */

/* What is begun now, on which path (may be NULL): "WHAT PATH" has to read well. */
void worker_status_at(struct worker_status *progress, const char *what, const char *path);

void worker_status_subject(struct worker_status *progress, const struct identity *identity);

void worker_status_mode(struct worker_status *progress, bool audit_only);

/* Whether a run that cannot count itself is to be counted. */
void worker_status_counted(struct worker_status *progress, bool counted);

/* The work may take `usec` from now on. */
void worker_status_begin(struct worker_status *progress, uint64_t usec);

/* `usec` more, for a wait that is meant to be; less where it was shorter (negative). */
void worker_status_extend(struct worker_status *progress, int64_t usec);

/* `limit_usec`, or what is left of the time, less a second for saying so; at least 0. */
uint64_t worker_status_left(const struct worker_status *progress, uint64_t limit_usec);

#endif
