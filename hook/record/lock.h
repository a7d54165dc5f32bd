/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks between hooks: flock(2) on locks/NAME of the runtime directory. One lock for each pod, and
 * one for each host directory whose mount is changed (two pods may use one hostPath volume).
 *
 * The lock belongs to the open file, which a forked child shares: a child that may outlive its
 * parent closes what it inherits, or the lock of a killed hook stays held.
 */
#ifndef FSH_HOOK_RECORD_LOCK_H
#define FSH_HOOK_RECORD_LOCK_H

#include "oci/base/error.h"
#include <errno.h>
#include <stdint.h>

/* Within what a stage may take (WORKER_STATUS_STAGE_USEC). */
#define LOCK_TIMEOUT_USEC (12 * UINT64_C(1000000))

/* A held lock: release with lock_release(). Zero-initialise with LOCK_NONE. */
struct lock {
	int fd;		/* -EBADF: not held */
	int runtime_fd; /* borrowed; -EBADF when not held */
	char file[80];	/* "locks/NAME" */
};
#define LOCK_NONE                                                                                  \
	(struct lock)                                                                              \
	{                                                                                          \
		.fd = -EBADF, .runtime_fd = -EBADF                                                 \
	}

/*
 * Take the lock `name` (a pod uid, or "volume-MAJOR-MINOR-INODE"; letters, digits and '-'), waiting
 * at most `timeout_usec`: -ETIMEDOUT with FINDING_HOST_IO after that. A lock file that was removed
 * while waiting for it is taken anew. `runtime_fd` must outlive the lock. SIGALRM is used while
 * waiting (hook/sys/deadline.h).
 */
int lock_take(int runtime_fd, const char *name, uint64_t timeout_usec, struct lock *ret,
	struct error *err);

/* Unlink the lock's file while it is held, when nobody needs it any more (the pod is gone), so that
 * whoever waits for it starts afresh. 0 or a negative errno. */
int lock_remove_file(const struct lock *lock);

/* Let go. An unheld lock is accepted. */
void lock_release(struct lock *lock);

#define cleanup_lock __attribute__((cleanup(lock_release)))

#endif
