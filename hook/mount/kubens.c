/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The type of the namespace is asked of the kernel before it is entered: the variable is any path
 * that its setter liked.
 */
#include "hook/mount/kubens.h"

#include "oci/base/cleanup.h"
#include "oci/base/text.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* True for a mount namespace: the type of a namespace file is not in its name (ioctl_ns(2)). */
static bool is_mount_namespace(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC &&
	       ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNS;
}

static bool kubens_is_own(int fd)
{
	struct stat theirs, own;

	return fstat(fd, &theirs) == 0 && stat("/proc/self/ns/mnt", &own) == 0 &&
	       theirs.st_dev == own.st_dev && theirs.st_ino == own.st_ino;
}

int kubens_enter(struct error *err)
{
	const char *named = getenv(KUBENS_VARIABLE);
	const char *path = named && *named ? named : KUBENS_PATH;
	/* O_NONBLOCK: whatever that is, it is not waited for. */
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || !is_mount_namespace(fd)) {
		if (path != named)
			return 0;
		return error_set(err, -EINVAL, FINDING_POLICY_INVALID, path,
			"unset " KUBENS_VARIABLE ", or let it name the kubelet's mount namespace",
			KUBENS_VARIABLE " is %s, which is not a mount namespace", text_quote(path));
	}
	if (kubens_is_own(fd))
		return 0;
	if (setns(fd, CLONE_NEWNS) < 0)
		return error_set(err, -errno, FINDING_HOST_IO, path, "run the command as root",
			"cannot enter the kubelet's mount namespace %s: %s", path, strerror(errno));
	return 0;
}
