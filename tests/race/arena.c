/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/race/arena.h"

#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/ns_sandbox.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define STAGE "/mnt" /* covered in the new namespace only */

static const char *const programs[] = {"/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin"};
static const char *const kernels[] = {"/proc", "/dev", "/sys"};
static const char *const made[] = {
	"/etc/fuse-sidecar-hook", "/run", "/var/lib/kubelet", "/tmp", STAGE, "/old"};

static int set_read_only(const char *path)
{
	struct sys_mount_attr attr = {.attr_set = SYS_MOUNT_ATTR_RDONLY};
	cleanup_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : sys_mount_setattr(fd, SYS_AT_RECURSIVE, &attr);
}

/* The machine's directory at the same place of the new root. */
static int bring(const char *path, bool read_only)
{
	cleanup_free char *place = path_join(STAGE, path + 1);
	int r = place ? ns_sandbox_mkdirs(place) : -ENOMEM;

	if (r < 0)
		return r;
	if (mount(path, place, NULL, MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	return read_only ? set_read_only(place) : 0;
}

/* /lib is a symlink into /usr on most machines, a directory on some, and /lib32 not there. */
static int bring_programs(const char *path)
{
	char target[PATH_MAX] = "", place[PATH_MAX];
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISLNK(st.st_mode))
		return bring(path, true);
	snprintf(place, sizeof(place), STAGE "%s", path);
	if (readlink(path, target, sizeof(target) - 1) < 0 || symlink(target, place) < 0)
		return -errno;
	return 0;
}

static int furnish(const char *work)
{
	const char *build = getenv("BUILD_DIR");
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(programs); i++)
		r = bring_programs(programs[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kernels); i++)
		r = bring(kernels[i], false);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(made); i++) {
		cleanup_free char *place = path_join(STAGE, made[i] + 1);

		r = place ? ns_sandbox_mkdirs(place) : -ENOMEM;
	}
	if (r == 0)
		r = bring(work, true);
	if (r == 0 && build && *build == '/' && !path_below(build, work))
		r = bring(build, true);
	return r;
}

/* The tree that is to be the new root hides what it brings along, so each comes in before. */
static int change_root(const char *work)
{
	if (syscall(SYS_pivot_root, STAGE, STAGE "/old") < 0 || chdir("/") < 0 ||
		umount2("/old", MNT_DETACH) < 0 || rmdir("/old") < 0 || chdir(work) < 0)
		return -errno;
	return 0;
}

int arena_enter(void)
{
	char work[PATH_MAX];
	int r;

	if (!getcwd(work, sizeof(work)))
		return -errno;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("arena", STAGE, "tmpfs", 0, "mode=0755") < 0)
		return -errno;
	r = furnish(work);
	return r < 0 ? r : change_root(work);
}
