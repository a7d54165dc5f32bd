/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the root is not the root of a mount, the paths that statmount(2) gives are not those of
 * mountinfo: then there is none to be had here, and the whole table is read.
 */
#include "hook/sys/mnt_ns.h"

#include "hook/sys/held_process.h"
#include "hook/sys/statmount.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool is_mount_root(int fd)
{
	struct statx buffer;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, 0, &buffer) ==
		       0 &&
	       buffer.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static int mnt_ns_check(const struct mnt_ns *root)
{
	cleanup_statmount struct statmount_told mount = {0};
	int r = statmount_read(root->id, root->ns, &mount);

	if (r < 0)
		return r;
	return is_mount_root(root->fd) && strcmp(mount.entry.target, "/") == 0 ? 0 : -EOPNOTSUPP;
}

int mnt_ns_open(pid_t pid, struct mnt_ns *ret)
{
	cleanup_mnt_ns struct mnt_ns root = MNT_NS_NONE;
	int r = pid ? held_process_root(pid) : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (r < 0)
		return pid ? r : -errno;
	root.fd = r;
	r = 0;
	if (pid)
		r = statmount_namespace_of(pid, &root.ns);
	if (r == 0)
		r = statmount_id_of(root.fd, &root.id);
	if (r == 0)
		r = mnt_ns_check(&root);
	if (r < 0)
		return r;
	*ret = root;
	root = MNT_NS_NONE;
	return 0;
}

void mnt_ns_close(struct mnt_ns *root)
{
	if (!root)
		return;
	cleanup_close_fd(&root->fd);
	*root = MNT_NS_NONE;
}
