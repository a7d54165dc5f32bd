/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node's counters between runs: the file "metrics" of the runtime directory, where the policy
 * asks for metrics (metricsFile). It is written whole; writers hold the lock "metrics" for a
 * moment.
 */
#ifndef FSH_HOOK_RECORD_METRICS_STORE_H
#define FSH_HOOK_RECORD_METRICS_STORE_H

#include "oci/base/error.h"
#include "policy/report/metrics.h"

/*
 * Add `more` to the counters. Where the file is not what this program writes it is begun anew, with
 * *ret_begun_anew telling. Takes at most a tenth of a second for the lock. 0 or a negative errno
 * with FINDING_HOST_IO.
 */
int metrics_store_add(
	int runtime_fd, const struct metrics *more, bool *ret_begun_anew, struct error *err);

/* The counters; zeros where there is no file. Errors as above, and where the file is broken. */
int metrics_store_read(int runtime_fd, struct metrics *ret, struct error *err);

/*
 * Count a worker that could not count itself, from its supervisor, which may do little: one line
 * more in the file "metrics.killed". Never fails aloud: the journal has that run.
 */
void metrics_store_killed(const char *stage);

#endif
