/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/worker/run_isolated.h"

#include "hook/worker/supervise.h"
#include "oci/base/cleanup.h"
#include <stdio.h>
#include <string.h>

static int say_failed(const struct apart *apart, const char *what, int r)
{
	fprintf(stderr, "fuse-sidecar-hook: %s: cannot %s %s: %s\n", apart->stage, what,
		apart->about, strerror(-r));
	return EXIT_INTERNAL;
}

/* In the process; `r` is what has kept it from beginning. */
static int work(const struct apart *apart, const struct supervisor *supervisor, int r)
{
	int code;

	if (r < 0)
		return say_failed(apart, "begin with", r);
	code = apart->work(apart->data, supervisor->progress);
	return fflush(stdout) == 0 ? code : say_failed(apart, "say what was done for", -errno);
}

int apart_run(const struct apart *apart)
{
	const struct supervised command = {.name = apart->stage, .budget_usec = apart->budget_usec};
	cleanup_supervisor struct supervisor supervisor = SUPERVISOR_NONE;
	struct worker_ending ending = {0};
	int r;

	/* What is buffered would be written twice. */
	fflush(stdout);
	r = supervise_begin(&command, &supervisor);
	if (supervise_is_worker(&supervisor))
		_exit(work(apart, &supervisor, r));
	if (r == 0)
		r = supervise_wait(&supervisor, &ending);
	if (r < 0)
		return say_failed(apart, "have a process for", r);
	return supervise_report(&supervisor, &ending);
}
