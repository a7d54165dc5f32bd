/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that shares a volume with whoever walks in it, and changes what the components of a
 * path there are, as fast as it can: directory, symlink to /etc and to /proc/self/root and out of
 * the volume, FIFO, file, and nothing.
 */
#ifndef FSH_TESTS_RACE_SWAPPER_H
#define FSH_TESTS_RACE_SWAPPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct swapper {
	/* in */
	const char *volume;
	const char *const *names; /* the components of the path below the volume, NULL at the end */
	unsigned int levels;	  /* how many of them are swapped, from the first on */
	uid_t uid;		  /* whose process it is */
	bool own_namespace;	  /* it lives in a mount namespace of its own, where nothing that is
				     mounted later is seen: it can rename what is a mountpoint elsewhere
				   */
	bool removes;		  /* it also removes the directories */
	/* out */
	pid_t pid;
	uint64_t *swaps; /* how often it has; in memory that both share */
};

/* Start it; what it needs is made in the volume, in ".swaps". Fails the test where it cannot. */
void swapper_start(struct swapper *swapper);

/* End it; false where it had ended by itself before. An all-zero one is accepted. */
bool swapper_stop(struct swapper *swapper);

#endif
