/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checked on the open descriptor by the file system's magic: what was seen at the path a moment
 * ago proves nothing.
 */
#include "hook/sys/procfs.h"

#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

static int open_checked(const char *path, int how)
{
	cleanup_close int fd = open(path, how | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? -ENODEV : -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == PROC_SUPER_MAGIC ? move_fd(&fd) : -ENODEV;
}

int procfs_check(void)
{
	cleanup_close int fd = open_checked("/proc", O_PATH);

	return fd < 0 ? fd : 0;
}

int procfs_open_descriptors(void)
{
	return open_checked("/proc/self/fd", O_PATH);
}

int procfs_list_descriptors(DIR **ret_directory)
{
	cleanup_close int fd = open_checked("/proc/self/fd", O_RDONLY | O_NONBLOCK);
	DIR *directory;

	if (fd < 0)
		return fd;
	directory = fdopendir(fd);
	if (!directory)
		return -errno;
	move_fd(&fd);
	*ret_directory = directory;
	return 0;
}
