/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root first: most volumes let it in, and to become another user costs system calls for each
 * component.
 */
#include "hook/mount/open_as_owner.h"

#include "hook/sys/fs_user.h"
#include "hook/sys/resolve.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int retry_as_owner(int dir, const char *name, uint64_t flags, uint64_t resolve)
{
	cleanup_close int fd = -EBADF;
	struct fs_user owner = {0};
	struct stat st;
	int r;

	if (fstatat(dir, "", &st, AT_EMPTY_PATH) < 0 || st.st_uid == 0)
		return -EACCES;
	owner.uid = st.st_uid;
	owner.gid = st.st_gid;
	r = fs_user_become(&owner);
	if (r < 0)
		return r;
	fd = resolve_open(dir, name, flags, resolve);
	r = fs_user_return();
	if (r < 0)
		return r;
	return move_fd(&fd);
}

int open_as_owner_name(int dir, const char *name, uint64_t flags, uint64_t resolve)
{
	int fd = resolve_open(dir, name, flags, resolve);

	return fd == -EACCES ? retry_as_owner(dir, name, flags, resolve) : fd;
}

int open_as_owner_stepwise(int dir, const char *path, uint64_t flags, uint64_t resolve,
	int (*may_pass)(int above, int at))
{
	cleanup_close int at = -EBADF;
	cleanup_free char *copy = strdup(path);
	char *rest = copy, *name;

	if (!copy)
		return -ENOMEM;
	while ((name = strsep(&rest, "/"))) {
		uint64_t now = rest ? O_PATH | O_DIRECTORY | O_CLOEXEC : flags;
		int above = at < 0 ? dir : at;
		int fd = open_as_owner_name(above, name, now, resolve);
		int r = fd < 0 ? fd : 0;

		if (r == 0 && rest && may_pass)
			r = may_pass(above, fd);
		cleanup_close_fd(&at);
		at = fd;
		if (r < 0)
			return r;
	}
	return move_fd(&at);
}

int open_as_owner(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	int fd = resolve_open(dir, path, flags, resolve);

	return fd == -EACCES ? open_as_owner_stepwise(dir, path, flags, resolve, NULL) : fd;
}
