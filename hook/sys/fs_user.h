/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody else as far as file systems are concerned, for a few system calls: setfsuid(2),
 * setfsgid(2) and the supplementary groups. It is how nothing is made that a container could not
 * have made, and how a server that refuses root (root_squash) lets the hook in.
 */
#ifndef FSH_HOOK_SYS_FS_USER_H
#define FSH_HOOK_SYS_FS_USER_H

#include <stddef.h>
#include <sys/types.h>

struct fs_user {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* supplementary ones (an fsGroup is one); borrowed */
	size_t n_groups;
};

/* Become that user; the capabilities that override permissions go with uid 0. 0 or a negative
 * errno: then nothing has changed. */
int fs_user_become(const struct fs_user *user);

/* Be root again, without supplementary groups. 0 or a negative errno. */
int fs_user_return(void);

#endif
