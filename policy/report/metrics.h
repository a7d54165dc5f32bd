/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hooks of this node have done, as numbers for Prometheus: names and types by its conventions
 * (prometheus.io/docs/practices/naming), text by its exposition format 0.0.4.
 */
#ifndef FSH_POLICY_REPORT_METRICS_H
#define FSH_POLICY_REPORT_METRICS_H

#include "oci/base/code.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_BUCKETS 12 /* with +Inf */

enum metrics_stage {
	METRICS_PRESTART,
	METRICS_CREATE_RUNTIME,
	METRICS_POSTSTOP,
	METRICS_STAGES,
};

enum metrics_result {
	METRICS_OK,
	METRICS_DENIED, /* the container was refused */
	METRICS_FAILED, /* the node or the hook failed it: exit 19 and 20 */
	METRICS_KILLED, /* the worker was killed, or stuck */
	METRICS_RESULTS,
};

enum metrics_gate {
	METRICS_GATE_OPENED,
	METRICS_GATE_REFUSED,
	METRICS_GATES,
};

struct metrics_histogram {
	uint64_t buckets[METRICS_BUCKETS]; /* each its own, not the sum of those below */
	uint64_t sum_usec;
};

/* Counters. All-zero is the beginning. */
struct metrics {
	uint64_t runs[METRICS_STAGES][METRICS_RESULTS];
	uint64_t denials[FINDING_CODE_COUNT];	       /* findings that denied */
	uint64_t heals;				       /* dead mounts that were detached */
	struct metrics_histogram work[METRICS_STAGES]; /* without the gate */
	struct metrics_histogram gate[METRICS_GATES];
};

/* What is so now. */
struct metrics_gauges {
	uint64_t records, containers;
	uint64_t live, dead, hung;
};

/* METRICS_STAGES where it is none that is counted. */
enum metrics_stage metrics_stage_of(const char *name);

void metrics_note_run(
	struct metrics *metrics, enum metrics_stage stage, int exit_code, uint64_t work_usec);
void metrics_note_gate(struct metrics *metrics, bool opened, uint64_t waited_usec);

/* Add what `more` has. A number that would run over stays at its greatest. */
void metrics_add(struct metrics *metrics, const struct metrics *more);

/* All that is not zero, a line for each. Owned by the caller; NULL without memory. */
char *metrics_format_state(const struct metrics *metrics);

/*
 * What metrics_format_state() wrote, by this version or another: lines of names that are not known
 * are passed over. -EINVAL where it is anything else.
 */
int metrics_parse_state(const char *text, struct metrics *ret);

/* The exposition. Owned by the caller; NULL without memory. */
char *metrics_format(
	const struct metrics *metrics, const struct metrics_gauges *gauges, const char *version);

#endif
