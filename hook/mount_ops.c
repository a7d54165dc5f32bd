/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mount_ops.h"

#include "hook/syscalls.h"
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
	struct sys_mount_attr attr = {.propagation = propagation_flag(propagation)};

	if (attr.propagation == 0)
		return -EINVAL;
	return sys_mount_setattr(fd, recursive ? SYS_AT_RECURSIVE : 0, &attr);
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

int mount_bind_self_shared(int fd, int *ret_fd)
{
	cleanup_close int clone = -EBADF;
	int r;

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

int mount_set_options(int fd, const char *options)
{
	static const struct {
		const char *name;
		uint64_t set, clear;
	} known[] = {
		{"ro", SYS_MOUNT_ATTR_RDONLY, 0},
		{"nosuid", SYS_MOUNT_ATTR_NOSUID, 0},
		{"nodev", SYS_MOUNT_ATTR_NODEV, 0},
		{"noexec", SYS_MOUNT_ATTR_NOEXEC, 0},
		{"noatime", SYS_MOUNT_ATTR_NOATIME, SYS_MOUNT_ATTR_ATIME},
		{"nodiratime", SYS_MOUNT_ATTR_NODIRATIME, 0},
		/* Linux 5.14; a mount can have it since 5.10 */
		{"nosymfollow", SYS_MOUNT_ATTR_NOSYMFOLLOW, 0},
	};
	struct sys_mount_attr attr = {0};
	const char *option = options;

	while (*option) {
		size_t length = strcspn(option, ",");

		for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
			if (strlen(known[i].name) == length &&
				strncmp(option, known[i].name, length) == 0) {
				attr.attr_set |= known[i].set;
				attr.attr_clr |= known[i].clear;
			}
		}
		option += length;
		option += strspn(option, ",");
	}
	return attr.attr_set ? sys_mount_setattr(fd, 0, &attr) : 0;
}

/*
 * umount2(2) takes a path alone. The descriptor's magic link names the very mount and, unlike ".",
 * needs no permission of the file system, which a dead FUSE mount would not give.
 */
static int unmount_fd(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return umount2(path, flags) < 0 ? -errno : 0;
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
