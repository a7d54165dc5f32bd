/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File system ids alone: capabilities that are about mounts and processes stay, and signals from
 * the pod's user do not reach the hook meanwhile.
 */
#include "hook/sys/fs_user.h"

#include "hook/sys/process.h"
#include <errno.h>
#include <grp.h>
#include <sys/fsuid.h>

/* Neither call can fail: CAP_SETUID and CAP_SETGID are in the effective set. The change takes away,
 * without a word, that this process dies with its supervisor (commit_creds() of the kernel). */
static int set_ids(uid_t uid, gid_t gid)
{
	pid_t parent = process_dies_with();

	setfsgid(gid);
	setfsuid(uid);
	return parent ? process_die_with(parent) : 0;
}

int fs_user_become(const struct fs_user *user)
{
	int r;

	if (setgroups(user->n_groups, user->groups) < 0)
		return -errno;
	r = set_ids(user->uid, user->gid);
	if (r < 0)
		fs_user_return();
	return r;
}

int fs_user_return(void)
{
	int r = set_ids(0, 0);

	if (setgroups(0, NULL) < 0 && r == 0)
		r = -errno;
	return r;
}
