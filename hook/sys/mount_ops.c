/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that chooses between the mount API on descriptors and what takes its place:
 * callers say what is to be true of a mount.
 */
#include "hook/sys/mount_ops.h"

#include "hook/sys/kernel_features.h"
#include "hook/sys/mount_legacy.h"
#include "hook/sys/procfs.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include <string.h>
#include <sys/mount.h>

static unsigned long propagation_flag(enum propagation propagation)
{
	switch (propagation) {
	case PROPAGATION_PRIVATE:
		return MS_PRIVATE;
	case PROPAGATION_SLAVE:
		return MS_SLAVE;
	case PROPAGATION_SHARED:
		return MS_SHARED;
	case PROPAGATION_UNBINDABLE:
		return MS_UNBINDABLE;
	case PROPAGATION_UNSET:
		break;
	}
	return 0;
}

int mount_set_propagation(int fd, enum propagation propagation, bool recursive)
{
	unsigned long flag = propagation_flag(propagation);
	struct sys_mount_attr attr = {.propagation = flag};
	int r;

	if (flag == 0)
		return -EINVAL;
	r = sys_mount_setattr(fd, recursive ? SYS_AT_RECURSIVE : 0, &attr);
	return kernel_lacks(KERNEL_MOUNT_SETATTR, r) ? mount_legacy_propagation(fd, flag, recursive)
						     : r;
}

int mount_make_shared(int fd)
{
	return mount_set_propagation(fd, PROPAGATION_SHARED, false);
}

int mount_clone(int fd, bool recursive, int *ret_fd)
{
	unsigned int flags = SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	int clone;

	clone = sys_open_tree(fd, "", recursive ? flags | SYS_AT_RECURSIVE : flags);
	if (clone < 0)
		return clone;
	*ret_fd = clone;
	return 0;
}

bool mount_can_clone(void)
{
	return kernel_has(KERNEL_OPEN_TREE) && kernel_has(KERNEL_MOVE_MOUNT);
}

/* Attached, and shared only then: nothing tells the kernel to do both at once. */
static int bind_self_by_path(int fd, int *ret_fd)
{
	cleanup_close int bound = -EBADF;
	int r = mount_legacy_bind(fd, fd, true, &bound);

	if (r < 0)
		return r;
	r = mount_make_shared(bound);
	if (r < 0) {
		mount_detach_copies(bound);
		return r;
	}
	*ret_fd = move_fd(&bound);
	return 0;
}

int mount_bind_self_shared(int fd, int *ret_fd)
{
	cleanup_close int clone = -EBADF;
	int r;

	if (!mount_can_clone() || !kernel_has(KERNEL_MOUNT_SETATTR))
		return bind_self_by_path(fd, ret_fd);
	r = mount_clone(fd, true, &clone);
	if (r < 0)
		return r;
	r = mount_make_shared(clone);
	if (r < 0)
		return r;
	r = sys_move_mount(clone, fd);
	if (r < 0)
		return r;
	*ret_fd = move_fd(&clone);
	return 0;
}

static const struct option {
	const char *name;
	uint64_t set, clear; /* for mount_setattr(2) */
	unsigned long flag;  /* for mount(2) */
} known_options[] = {
	{"ro", SYS_MOUNT_ATTR_RDONLY, 0, MS_RDONLY},
	{"nosuid", SYS_MOUNT_ATTR_NOSUID, 0, MS_NOSUID},
	{"nodev", SYS_MOUNT_ATTR_NODEV, 0, MS_NODEV},
	{"noexec", SYS_MOUNT_ATTR_NOEXEC, 0, MS_NOEXEC},
	{"noatime", SYS_MOUNT_ATTR_NOATIME, SYS_MOUNT_ATTR_ATIME, MS_NOATIME},
	{"nodiratime", SYS_MOUNT_ATTR_NODIRATIME, 0, MS_NODIRATIME},
	/* Linux 5.14; a mount can have it since 5.10 */
	{"nosymfollow", SYS_MOUNT_ATTR_NOSYMFOLLOW, 0, MOUNT_MS_NOSYMFOLLOW},
};

static const struct option *option_of(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_options); i++) {
		if (strlen(known_options[i].name) == length &&
			strncmp(known_options[i].name, name, length) == 0)
			return &known_options[i];
	}
	return NULL;
}

int mount_set_options(int fd, const char *options)
{
	struct sys_mount_attr attr = {0};
	unsigned long flags = 0;
	int r;

	for (const char *name = options; *name;) {
		size_t length = strcspn(name, ",");
		const struct option *option = option_of(name, length);

		if (option) {
			attr.attr_set |= option->set;
			attr.attr_clr |= option->clear;
			flags |= option->flag;
		}
		name += length;
		name += strspn(name, ",");
	}
	if (flags == 0)
		return 0;
	r = sys_mount_setattr(fd, 0, &attr);
	return kernel_lacks(KERNEL_MOUNT_SETATTR, r) ? mount_legacy_options(fd, flags) : r;
}

/*
 * umount2(2) takes a path alone. The descriptor's magic link names the very mount and, unlike ".",
 * needs no permission of the file system, which a dead FUSE mount would not give. It is looked up
 * in the directory that was seen to be procfs; the way back is not asked for, it may not answer.
 */
static int unmount_fd(int fd, int flags)
{
	cleanup_close int descriptors = procfs_open_descriptors();
	char name[16];
	int r = 0;

	if (descriptors < 0)
		return descriptors;
	if (fchdir(descriptors) < 0)
		return -errno;
	snprintf(name, sizeof(name), "%d", fd);
	if (umount2(name, flags) < 0)
		r = -errno;
	return chdir("/") < 0 && r == 0 ? -errno : r;
}

int mount_detach(int fd)
{
	return unmount_fd(fd, MNT_DETACH);
}

int mount_detach_copies(int fd)
{
	int r = mount_set_propagation(fd, PROPAGATION_PRIVATE, true);

	return r < 0 ? r : mount_detach(fd);
}

int mount_unmount(int fd)
{
	return unmount_fd(fd, 0);
}
