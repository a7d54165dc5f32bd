/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/procfs.h"

#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

static int open_checked(const char *path)
{
	cleanup_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == PROC_SUPER_MAGIC ? move_fd(&fd) : -ENODEV;
}

int procfs_check(void)
{
	cleanup_close int fd = open_checked("/proc");

	return fd < 0 ? fd : 0;
}

int procfs_open_descriptors(void)
{
	return open_checked("/proc/self/fd");
}
