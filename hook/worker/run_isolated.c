/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A supervisor and worker of its own for each subject, one after the other: what gets stuck has
 * its own deadline and its own line in the journal, and the exit code of the rest is not lost.
 */
#include "hook/worker/run_isolated.h"

#include "hook/sys/program_name.h"
#include "hook/worker/supervise.h"
#include "oci/base/cleanup.h"
#include <stdio.h>
#include <string.h>

static int isolated_report_failure(const struct isolated *isolated, const char *what, int r)
{
	fprintf(stderr, "%s: %s: cannot %s %s: %s\n", program_name(), isolated->stage, what,
		isolated->about, strerror(-r));
	return EXIT_INTERNAL;
}

/* In the process; `r` is what has kept it from beginning. */
static int isolated_work(
	const struct isolated *isolated, const struct supervisor *supervisor, int r)
{
	int code;

	if (r < 0)
		return isolated_report_failure(isolated, "start", r);
	code = isolated->work(isolated->data, supervisor->progress);
	return fflush(stdout) == 0
		       ? code
		       : isolated_report_failure(isolated, "report the result of", -errno);
}

int run_isolated(const struct isolated *isolated)
{
	const struct supervised command = {
		.name = isolated->stage, .budget_usec = isolated->budget_usec};
	cleanup_supervisor struct supervisor supervisor = SUPERVISOR_NONE;
	struct worker_ending ending = {0};
	int r;

	/* What is buffered would be written twice. */
	fflush(stdout);
	r = supervise_begin(&command, &supervisor);
	if (supervise_is_worker(&supervisor))
		_exit(isolated_work(isolated, &supervisor, r));
	if (r == 0)
		r = supervise_wait(&supervisor, &ending);
	if (r < 0)
		return isolated_report_failure(isolated, "fork a worker for", r);
	return supervise_report(&supervisor, &ending);
}
