/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that older C libraries have no wrapper for, all of one shape: 0 or a descriptor,
 * or a negative errno. Numbers are the same on every architecture since Linux 5.0.
 *
 * Structures and constants of theirs have names of our own: the kernel's headers have them or not,
 * by their release, and <sys/mount.h>, <sys/stat.h>, <fcntl.h> bring these headers or not, by the C
 * library's.
 */
#ifndef FSH_HOOK_SYS_SYSCALLS_H
#define FSH_HOOK_SYS_SYSCALLS_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define SYS_NUMBER_OPEN_TREE 428
#define SYS_NUMBER_MOVE_MOUNT 429
#define SYS_NUMBER_FSOPEN 430
#define SYS_NUMBER_FSCONFIG 431
#define SYS_NUMBER_FSMOUNT 432
#define SYS_NUMBER_PIDFD_OPEN 434
#define SYS_NUMBER_CLOSE_RANGE 436
#define SYS_NUMBER_OPENAT2 437
#define SYS_NUMBER_MOUNT_SETATTR 442
#define SYS_NUMBER_STATMOUNT 457
#define SYS_NUMBER_LISTMOUNT 458

/* linux/stat.h, Linux 6.8 */
#define SYS_STATX_MNT_ID_UNIQUE 0x00004000U

/* linux/openat2.h, Linux 5.6 */
struct sys_open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};
#define SYS_RESOLVE_NO_XDEV 0x01
#define SYS_RESOLVE_NO_MAGICLINKS 0x02
#define SYS_RESOLVE_NO_SYMLINKS 0x04
#define SYS_RESOLVE_BENEATH 0x08
#define SYS_RESOLVE_IN_ROOT 0x10
/* Linux 5.12: -EAGAIN where the name is not in the cache, or the file system wants to be asked. */
#define SYS_RESOLVE_CACHED 0x20

/* linux/mount.h, Linux 5.12 */
struct sys_mount_attr {
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation;
	uint64_t userns_fd;
};
#define SYS_OPEN_TREE_CLONE 1U
#define SYS_OPEN_TREE_CLOEXEC O_CLOEXEC
#define SYS_AT_RECURSIVE 0x8000
#define SYS_FSOPEN_CLOEXEC 1U
#define SYS_FSMOUNT_CLOEXEC 1U
#define SYS_FSCONFIG_SET_STRING 1U
#define SYS_FSCONFIG_CMD_CREATE 6U
#define SYS_MOVE_MOUNT_F_EMPTY_PATH 0x04U
#define SYS_MOVE_MOUNT_T_EMPTY_PATH 0x40U
#define SYS_MOUNT_ATTR_RDONLY 0x01
#define SYS_MOUNT_ATTR_NOSUID 0x02
#define SYS_MOUNT_ATTR_NODEV 0x04
#define SYS_MOUNT_ATTR_NOEXEC 0x08
#define SYS_MOUNT_ATTR_NOATIME 0x10
#define SYS_MOUNT_ATTR_ATIME 0x70
#define SYS_MOUNT_ATTR_NODIRATIME 0x80
#define SYS_MOUNT_ATTR_NOSYMFOLLOW 0x00200000

/* linux/nsfs.h, Linux 6.11 */
#define SYS_NS_GET_MNTNS_ID _IOR(0xb7, 0x5, uint64_t)

static inline int sys_result(long r)
{
	return r < 0 ? -errno : (int)r;
}

/* Linux 4.11. Not the C library's, which asks stat(2) in its place where it is hidden. */
static inline int sys_statx(
	int dir, const char *path, int flags, unsigned int mask, struct statx *ret)
{
	return sys_result(syscall(SYS_statx, dir, path, flags, mask, ret));
}

/* Linux 5.9. */
static inline int sys_close_range(unsigned int first, unsigned int last)
{
	return sys_result(syscall(SYS_NUMBER_CLOSE_RANGE, first, last, 0U));
}

/* Linux 5.6. A descriptor, or a negative errno. */
static inline int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct sys_open_how how = {.flags = flags, .resolve = resolve};

	return sys_result(syscall(SYS_NUMBER_OPENAT2, dir, path, &how, sizeof(how)));
}

/* Linux 5.2. A descriptor, or a negative errno. */
static inline int sys_open_tree(int dir, const char *path, unsigned int flags)
{
	return sys_result(syscall(SYS_NUMBER_OPEN_TREE, dir, path, flags));
}

/* Linux 5.2: attach or move the mount `from` onto the directory `to`, both descriptors. */
static inline int sys_move_mount(int from, int to)
{
	return sys_result(syscall(SYS_NUMBER_MOVE_MOUNT, from, "", to, "",
		SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH));
}

/* Linux 5.2: a file system of the type, to be set up. A descriptor, or a negative errno. */
static inline int sys_fsopen(const char *type)
{
	return sys_result(syscall(SYS_NUMBER_FSOPEN, type, SYS_FSOPEN_CLOEXEC));
}

static inline int sys_fsconfig_string(int fd, const char *name, const char *value)
{
	return sys_result(
		syscall(SYS_NUMBER_FSCONFIG, fd, SYS_FSCONFIG_SET_STRING, name, value, 0));
}

static inline int sys_fsconfig_create(int fd)
{
	return sys_result(syscall(SYS_NUMBER_FSCONFIG, fd, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

/* Its root, of a mount with SYS_MOUNT_ATTR_* that is attached nowhere. */
static inline int sys_fsmount(int fd, unsigned int attributes)
{
	return sys_result(syscall(SYS_NUMBER_FSMOUNT, fd, SYS_FSMOUNT_CLOEXEC, attributes));
}

/* Linux 5.12: attributes of the mount of descriptor `fd`; `flags` may have SYS_AT_RECURSIVE. */
static inline int sys_mount_setattr(int fd, unsigned int flags, const struct sys_mount_attr *attr)
{
	return sys_result(syscall(
		SYS_NUMBER_MOUNT_SETATTR, fd, "", flags | AT_EMPTY_PATH, attr, sizeof(*attr)));
}

/* Linux 5.3. */
static inline int sys_pidfd_open(pid_t pid)
{
	return sys_result(syscall(SYS_NUMBER_PIDFD_OPEN, pid, 0U));
}

#endif
