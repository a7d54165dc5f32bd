/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statx(2) tells the id since 5.8, and the one that is never used again since 6.8; before that
 * fdinfo has it. None may ask a FUSE daemon, so the order of questions matters.
 */
#include "hook/sys/mount_id.h"

#include "hook/sys/kernel_features.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include <limits.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>

static int statx_mount_id(int fd, unsigned int ask, unsigned int mask, uint64_t *ret)
{
	struct statx buffer;
	int r;

	/* AT_STATX_DONT_SYNC: a FUSE daemon is not asked, so nothing here can block on one. */
	r = sys_statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, ask, &buffer);
	if (r < 0)
		return r;
	if (!(buffer.stx_mask & mask))
		return -EOPNOTSUPP;
	*ret = buffer.stx_mnt_id;
	return 0;
}

static int unique_mount_id(int fd, uint64_t *ret)
{
	int r = statx_mount_id(fd, SYS_STATX_MNT_ID_UNIQUE, SYS_STATX_MNT_ID_UNIQUE, ret);

	/* Asked for anything, a FUSE mount without allow_other refuses everybody but its user. Of
	 * EIO see below. */
	if (r == -EOPNOTSUPP || r == -EACCES || r == -EIO ||
		kernel_lacks(KERNEL_STATX_MNT_ID_UNIQUE, r))
		*ret = 0;
	else if (r < 0)
		return r;
	return 0;
}

/* "mnt_id:\t23\n" of /proc/self/fdinfo/FD (proc(5)), which asks no file system but proc. */
static int listed_mount_id(int fd, uint64_t *ret)
{
	cleanup_close int info = -EBADF;
	char path[64], text[512], *line, *end;
	long id;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return errno == ENOENT ? -EBADF : -errno;
	n = read(info, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	line = strstr(text, "\nmnt_id:");
	if (!line)
		return -EBADMSG;
	line += strlen("\nmnt_id:");
	errno = 0;
	id = strtol(line, &end, 10);
	if (errno || end == line || id < 0 || id > INT_MAX)
		return -EBADMSG;
	*ret = (uint64_t)id;
	return 0;
}

int mount_id_of(int fd, int *ret_id, uint64_t *ret_unique)
{
	uint64_t id = 0, unique = 0;
	int r;

	/*
	 * Told apart before the descriptor is asked: before Linux 4.20 statx(2) of a FUSE mount
	 * heeds no AT_STATX_DONT_SYNC and waits for the daemon. Asked for nothing, later kernels
	 * still tell the id.
	 */
	if (kernel_has(KERNEL_STATX_MNT_ID)) {
		r = statx_mount_id(fd, 0, STATX_MNT_ID, &id);
		/* Whose daemon has called its root a file, of that the kernel tells nothing more.
		 */
		if (r == -EIO)
			r = listed_mount_id(fd, &id);
		if (r == 0 && ret_unique)
			r = unique_mount_id(fd, &unique);
	} else {
		r = listed_mount_id(fd, &id);
	}
	if (r < 0)
		return r;
	*ret_id = (int)id;
	if (ret_unique)
		*ret_unique = unique;
	return 0;
}
