/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory that a pod's record is written to: one that no container has ever been shown. Hooks
 * before the copies (hook/record/record_copy.h) showed containers pods/UID itself, and such a
 * container may still run: there a new directory takes the place of that one before anything is
 * written.
 */
#ifndef FSH_HOOK_RECORD_RECORD_PLACE_H
#define FSH_HOOK_RECORD_RECORD_PLACE_H

#include "oci/base/error.h"
#include <errno.h>
#include <stdbool.h>

struct record_place {
	int fd;	     /* O_PATH; -EBADF: none */
	bool is_new; /* not in its place yet */
};
#define RECORD_PLACE_NONE                                                                          \
	(struct record_place)                                                                      \
	{                                                                                          \
		.fd = -EBADF                                                                       \
	}

/* 1 where pods/UID is of a hook that showed it to containers, 0 where not, or a negative errno. */
int record_place_had_copy(int runtime_fd, const char *pod_uid);

/* Open it, made where there is none. The pod's lock is held. 0 or a negative errno. */
int record_place_open(
	int runtime_fd, const char *pod_uid, struct record_place *ret, struct error *err);

/*
 * The record is in it: put it into its place. What was there is emptied and removed, so that who
 * still sees it sees nothing. 0 or a negative errno; the old one is in its place then.
 */
int record_place_settle(
	int runtime_fd, const char *pod_uid, const struct record_place *place, struct error *err);

/* What a killed hook has left of a new directory. The pod's lock is held. */
void record_place_clean(int runtime_fd, const char *pod_uid);

void record_place_close(struct record_place *place);

#define cleanup_record_place __attribute__((cleanup(record_place_close)))

#endif
