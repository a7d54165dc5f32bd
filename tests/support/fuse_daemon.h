/* SPDX-License-Identifier: Apache-2.0 */
/* A FUSE daemon of the tests (tests/support/bin/fuse_holder.c) as a child of the test. */
#ifndef FSH_TESTS_SUPPORT_FUSE_DAEMON_H
#define FSH_TESTS_SUPPORT_FUSE_DAEMON_H

#include <sys/types.h>

struct fuse_daemon {
	pid_t pid;  /* 0: none */
	char *path; /* owned */
};

/*
 * Start it on `path` in the test's mount namespace and wait until its mount answers. `option`
 * ("--hang", "--user=1000" …) may be NULL. 0 or a negative errno.
 */
int fuse_daemon_start(const char *path, const char *option, struct fuse_daemon *ret);

/* The same with a fuse_squash (tests/support/bin/fuse_squash.c): a volume that refuses root. */
int fuse_daemon_start_squash(const char *path, const char *option, struct fuse_daemon *ret);

/* End the daemon and leave its mount, which is dead then. */
void fuse_daemon_kill(struct fuse_daemon *daemon);

/* What a crashed daemon leaves on `path`. 0 or a negative errno. */
int fuse_daemon_leave_dead(const char *path);

/* End the daemon where it still runs, and detach the mount. An all-zero one is accepted. */
void fuse_daemon_clear(struct fuse_daemon *daemon);

#define cleanup_fuse_daemon __attribute__((cleanup(fuse_daemon_clear)))

#endif
