/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What descriptors make needless is checked here around each call: mount(2) looks its path up once
 * more, and does not say what it mounted on.
 */
#include "hook/sys/mount_legacy.h"

#include "hook/sys/fd_path.h"
#include "hook/sys/mnttab_read.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/resolve.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/spec/mountinfo.h"
#include "policy/check/mounts.h"
#include <linux/stat.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define ATIME_FLAGS (MS_NOATIME | MS_RELATIME)

/*
 * mount(2) and umount2(2) take paths alone, and a path is looked up anew: what a pod has meanwhile
 * put in its place would be mounted on. The link of a descriptor leads to what it has open,
 * whatever has become of the name. That /proc is the kernel's has been seen at the start
 * (hook/sys/procfs.h), and this is done in the node's own mount namespace, or in a container's
 * before its process has pivoted into its root: there nobody but the node's root can have mounted
 * anything since.
 */
struct link {
	char path[32];
};

static struct link link_of(int fd)
{
	struct link link;

	snprintf(link.path, sizeof(link.path), "/proc/self/fd/%d", fd);
	return link;
}

int mount_legacy_propagation(int fd, unsigned long flag, bool recursive)
{
	struct link link = link_of(fd);

	return mount(NULL, link.path, NULL, flag | (recursive ? MS_REC : 0), NULL) < 0 ? -errno : 0;
}

/* The options that mount(2) would take away where they are not named again. */
static unsigned long flags_of(const struct mount_entry *mount)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} known[] = {
		{"ro", MS_RDONLY},
		{"nosuid", MS_NOSUID},
		{"nodev", MS_NODEV},
		{"noexec", MS_NOEXEC},
		{"noatime", MS_NOATIME},
		{"nodiratime", MS_NODIRATIME},
		{"relatime", MS_RELATIME},
		{"nosymfollow", MOUNT_MS_NOSYMFOLLOW},
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		flags |= mounts_has_option(mount, known[i].name) ? known[i].flag : 0;
	/* Neither: every access is written, which is not what mount(2) takes for said. */
	return flags & ATIME_FLAGS ? flags : flags | MS_STRICTATIME;
}

int mount_legacy_options(int fd, unsigned long flags)
{
	cleanup_mount_table struct mount_table table = {0};
	const struct mount_entry *mount_entry;
	struct link link = link_of(fd);
	unsigned long all;
	int id = 0, r;

	/* statfs(2) tells them too, but asks the file system. */
	r = mount_id_of(fd, &id, NULL);
	if (r == 0)
		r = mnttab_read(0, &table, NULL);
	if (r < 0)
		return r;
	mount_entry = mounts_by_id(&table, id);
	if (!mount_entry)
		return -EINVAL;
	all = flags_of(mount_entry);
	if (flags & MS_NOATIME)
		all &= ~(unsigned long)(MS_RELATIME | MS_STRICTATIME);
	all |= flags | MS_REMOUNT | MS_BIND;
	return mount(NULL, link.path, NULL, all, NULL) < 0 ? -errno : 0;
}

/* The filter of system calls lets through these very flags, and no data
 * (hook/sandbox/filter_list.c). */
int mount_legacy_read_only(int fd, bool read_only)
{
	const unsigned long flags = MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC;
	struct link link = link_of(fd);

	return mount(NULL, link.path, NULL, read_only ? flags | MS_RDONLY : flags, NULL) < 0
		       ? -errno
		       : 0;
}

/* umount2(2) follows to the topmost mount of the place, which is what was mounted there last. */
static void take_off(int place)
{
	struct link link = link_of(place);

	umount2(link.path, MNT_DETACH);
}

int mount_legacy_same(int a, int b)
{
	/* Without asking a file system that might be hung. */
	const int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
	struct statx first = {0}, second = {0};
	int r = sys_statx(a, "", flags, STATX_INO, &first);

	if (r == 0)
		r = sys_statx(b, "", flags, STATX_INO, &second);
	if (r < 0)
		return r;
	return first.stx_dev_major == second.stx_dev_major &&
	       first.stx_dev_minor == second.stx_dev_minor && first.stx_ino == second.stx_ino;
}

/*
 * The root of the mount that is on top of the directory `place`. A descriptor stays below it, and
 * the name of a directory may lead elsewhere by now: what is found must be `from`, on a mount of
 * its own.
 */
static int open_on_top(int place, int from, int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	cleanup_free char *path = NULL;
	int id = 0, below = 0, r;

	r = fd_path(place, &path);
	if (r < 0)
		return r;
	fd = resolve_open(
		AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, SYS_RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return fd;
	r = mount_id_of(fd, &id, NULL);
	if (r == 0)
		r = mount_id_of(place, &below, NULL);
	if (r == 0)
		r = mount_legacy_same(fd, from);
	if (r < 0)
		return r;
	if (r == 0 || id == below)
		return -ESTALE;
	*ret_fd = move_fd(&fd);
	return 0;
}

int mount_legacy_bind(int from, int to, bool recursive, int *ret_fd)
{
	struct link source = link_of(from), target = link_of(to);
	int r;

	if (mount(source.path, target.path, NULL, MS_BIND | (recursive ? MS_REC : 0), NULL) < 0)
		return -errno;
	r = open_on_top(to, from, ret_fd);
	if (r < 0)
		take_off(to);
	return r;
}
