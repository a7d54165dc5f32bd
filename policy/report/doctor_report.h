/* SPDX-License-Identifier: Apache-2.0 */
/* What `doctor` found out about a node: one line for each matter, and what all of it comes to. */
#ifndef FSH_POLICY_REPORT_DOCTOR_REPORT_H
#define FSH_POLICY_REPORT_DOCTOR_REPORT_H

#include "oci/base/code.h"
#include "oci/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* X(identifier, name of the matter): published, in `--json` and in docs/operation.md. */
#define CHECK_TOPICS(X)                                                                            \
	X(PRIVILEGE, "privilege")                                                                  \
	X(KERNEL, "kernel")                                                                        \
	X(FUSE_MODULE, "fuse-module")                                                              \
	X(FUSE_DEVICE, "fuse-device")                                                              \
	X(CRIO, "crio")                                                                            \
	X(CRIO_CONFIG, "crio-config")                                                              \
	X(HOOKS_DIR, "hooks-dir")                                                                  \
	X(HOOKS_FILES, "hooks-files")                                                              \
	X(HOOK_PRESTART, "hook-prestart")                                                          \
	X(HOOK_POSTSTOP, "hook-poststop")                                                          \
	X(HOOK_BINARY, "hook-binary")                                                              \
	X(RUNTIME, "runtime")                                                                      \
	X(POLICY, "policy")                                                                        \
	X(KUBENS, "kubens")                                                                        \
	X(KUBELET_ROOT, "kubelet-root")                                                            \
	X(RUN_DIRECTORY, "run-directory")                                                          \
	X(DEAD_MOUNTS, "dead-mounts")                                                              \
	X(TIMER, "timer")                                                                          \
	X(JOURNAL, "journal")                                                                      \
	X(CATALOG, "catalog")                                                                      \
	X(METRICS, "metrics")                                                                      \
	X(SELINUX, "selinux")

enum check_topic {
#define X(id, name) CHECK_##id,
	CHECK_TOPICS(X)
#undef X
};

enum check_state {
	CHECK_OK,
	CHECK_WARN,
	CHECK_FAIL,
};

struct check_line {
	enum check_topic topic;
	enum check_state state;
	enum exit_code exit; /* of a fail; EXIT_DONE else */
	char *text;
	char *fix; /* NULL where there is nothing to fix */
};

/* All-zero is empty. Everything is owned. */
struct doctor_report {
	struct check_line *lines;
	size_t n;
	bool out_of_memory; /* a line is missing */
};

/* Add a line. What does not fit into memory is remembered in `out_of_memory`. */
void doctor_report_ok(struct doctor_report *report, enum check_topic topic, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void doctor_report_warn(struct doctor_report *report, enum check_topic topic, const char *fix,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
void doctor_report_fail(struct doctor_report *report, enum check_topic topic, enum exit_code exit,
	const char *fix, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* doctor_report_fail() with what an error says, and its code's exit; or, with `warn`,
 * doctor_report_warn(). */
void doctor_report_error(
	struct doctor_report *report, enum check_topic topic, const struct error *err, bool warn);

/* True where that matter has a line of that state or a worse one. */
bool doctor_report_has(
	const struct doctor_report *report, enum check_topic topic, enum check_state state);

/* How many lines are of that state. */
size_t doctor_report_count(const struct doctor_report *report, enum check_state state);

/* The lowest exit code of the fails, EXIT_DONE without one. */
enum exit_code doctor_report_exit(const struct doctor_report *report);

/* For a person: a line for each, with its fix below; and the sum. `colour`: oci/base/colour.h. */
void doctor_report_print(FILE *out, const struct doctor_report *report, bool colour);

#define CHECKUP_SCHEMA "fuse-sidecar.io/doctor/v1"

/* The same as JSON of that schema. Owned by the caller; NULL without memory. */
char *doctor_report_format(const struct doctor_report *report);

void doctor_report_clear(struct doctor_report *report);

#define cleanup_doctor_report __attribute__((cleanup(doctor_report_clear)))

#endif
