/* SPDX-License-Identifier: Apache-2.0 */
/* A situation in which a hook runs, again and again with another of its system calls failing. */
#ifndef FSH_TESTS_FAULT_SCENARIO_H
#define FSH_TESTS_FAULT_SCENARIO_H

#include "tests/support/fake_pod.h"
#include "tests/support/fuse_daemon.h"

#include <stdbool.h>

/* The pod, as scenario->begin() has made it. */
struct stage {
	struct fake_pod pod;
	struct fake_member *subject; /* whose hook runs; NULL for a command */
	struct fuse_daemon daemon;
	char *path; /* where rclone-zurg mounts, on the host; owned */
	int journal;
	unsigned int volume_mounts; /* of the test itself, on the volume */
};

struct scenario {
	const char *verb; /* "prestart", "poststop", "reconcile" */
	void (*begin)(struct stage *stage);
	/* The next run, which meets no fault: the kubelet's next try, the timer's next reconcile.
	 * NULL, or what is wrong with it (owned by the caller). */
	char *(*repair)(struct stage *stage);
	/* What a dead mount hides of the volume, until a run, which may fail later, has detached
	 * it: lines of state_of_host() that contain this. May be NULL. */
	const char *hidden;
	bool with_early; /* with the calls before main(), too: they are always the same */
};

/* Every call of the scenario's run × the errors that fit it. A cmocka test's body. */
void scenario_run(const struct scenario *scenario);

/* cmocka's set-up of the group. */
int scenario_enter(void **state);

/* Run that hook, or that command where the member is NULL. NULL where it exits with 0, otherwise
 * what it said; owned by the caller. */
char *scenario_hook(const struct fake_member *member, const char *verb);

#endif
