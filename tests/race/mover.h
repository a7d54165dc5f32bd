/* SPDX-License-Identifier: Apache-2.0 */
/* A process that mounts, moves and unmounts in a volume, on the way of whoever walks there. */
#ifndef FSH_TESTS_RACE_MOVER_H
#define FSH_TESTS_RACE_MOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct mover {
	/* in */
	const char *volume;
	bool moves; /* one mount, with a dead one in it, from "a" to "x" and back: the volume's
		       mount must be private; else mounts come and go on the path "a/b/zurg" */
	/* out */
	pid_t pid;
	uint64_t *changes; /* in memory that both share */
};

/* Mount on the directory `path` what a crashed FUSE daemon leaves. 0 or a negative errno. */
int mover_leave_dead(const char *path);

/* Start it; what it needs is made in the volume. Fails the test where it cannot. */
void mover_start(struct mover *mover);

/* End it; false where it had ended by itself before. An all-zero one is accepted. */
bool mover_stop(struct mover *mover);

#endif
