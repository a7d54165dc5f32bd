/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wherever fusectl is mounted it is the same; what is opened is checked to be it, for /sys may be
 * anybody's in a container's namespace.
 */
#include "hook/sys/fusectl.h"

#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

/* linux/magic.h has it since 5.5 only. */
#ifndef FUSE_CTL_SUPER_MAGIC
#define FUSE_CTL_SUPER_MAGIC 0x65735543
#endif

/* The kernel's dev_t, by which it names the directories: the minor number alone but for a block
 * device's. */
#define KERNEL_MINOR_BITS 20

/* 0 where the descriptor is of fusectl, and of nothing that is mounted over it. */
static int check_fusectl(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == FUSE_CTL_SUPER_MAGIC ? 0 : -ENODEV;
}

int fusectl_open(const struct fuse_connection *connection)
{
	cleanup_close int fd = -EBADF;
	char path[64];
	int r;

	snprintf(path, sizeof(path), FUSECTL_DIR "/%u",
		connection->major << KERNEL_MINOR_BITS | connection->minor);
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = check_fusectl(fd);
	return r < 0 ? r : move_fd(&fd);
}

int fusectl_open_file(int directory, const char *name, int flags)
{
	cleanup_close int fd = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? -errno : check_fusectl(fd);

	return r < 0 ? r : move_fd(&fd);
}

int fusectl_waiting(int directory, long *ret)
{
	cleanup_free char *text = NULL;
	size_t size;
	int r = input_read_file(directory, "waiting", 64, &text, &size);

	if (r == 0)
		*ret = strtol(text, NULL, 10);
	return r;
}

int fusectl_abort(int directory)
{
	cleanup_close int fd = fusectl_open_file(directory, "abort", O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, "1", 1) == 1 ? 0 : -errno;
}
