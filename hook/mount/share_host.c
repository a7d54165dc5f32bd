/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The administrator's directories only, by name: no pod chooses them. A mountpoint is made shared
 * as it is, another directory is bound on itself first, with the lock that hooks take for it.
 */
#include "hook/mount/share_host.h"

#include "hook/mount/shared_bind.h"
#include "hook/record/policy_file.h"
#include "hook/sys/fd_path.h"
#include "hook/sys/mnttab_read.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/mount_ops.h"
#include "oci/base/cleanup.h"
#include "oci/spec/mountinfo.h"
#include "policy/check/mounts.h"
#include <fcntl.h>
#include <string.h>

static int share_host_fail(struct error *err, int r, const char *what, const char *path)
{
	return error_set(
		err, r, FINDING_HOST_IO, path, NULL, "cannot %s %s: %s", what, path, strerror(-r));
}

/* The administrator's path: symlinks in it are meant. O_PATH asks no file system that may hang. */
static int share_host_open(const char *path, int *ret_fd, char **ret_canonical, struct error *err)
{
	cleanup_close int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return error_set(err, -errno, FINDING_POLICY_INVALID, path,
			"make the directory, or take it out of " POLICY_FILE,
			"the policy names %s, which cannot be opened: %s", path, strerror(errno));
	r = fd_path(fd, ret_canonical);
	if (r < 0)
		return share_host_fail(err, r, "tell the place of", path);
	*ret_fd = move_fd(&fd);
	return 0;
}

/*
 * The peer group of the mount that `fd` is on, 0 where it is not shared; and whether `fd` is the
 * mount's root.
 */
static int share_host_read_mount(
	int fd, const char *path, int *ret_group, bool *ret_is_root, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	const struct mount_entry *mount;
	int id = 0, r = mount_id_of(fd, &id, NULL);

	if (r < 0)
		return share_host_fail(err, r, "tell the mount of", path);
	r = mnttab_read(0, &host, err);
	if (r < 0)
		return r;
	mount = mounts_by_id(&host, id);
	if (!mount)
		return share_host_fail(err, -ESTALE, "find the mount of", path);
	*ret_group = mount->shared;
	*ret_is_root = strcmp(mount->target, path) == 0;
	return 0;
}

int share_host_query(const char *path, struct share_host *ret, struct error *err)
{
	cleanup_share_host struct share_host share = {0};
	cleanup_close int fd = -EBADF;
	int r = share_host_open(path, &fd, &share.path, err);

	if (!share.path)
		return r;
	r = share_host_read_mount(fd, share.path, &share.group, &share.is_mount, err);
	if (r < 0)
		return r;
	*ret = move_struct(share);
	return 0;
}

/* The lock is held and the mount is not shared. */
static int share_host_make_shared(int fd, struct share_host *share, struct error *err)
{
	cleanup_close int bound = -EBADF;
	int r = share->is_mount ? mount_make_shared(fd) : mount_bind_self_shared(fd, &bound);

	if (r < 0)
		return share_host_fail(err, r, "make shared", share->path);
	share->changed = true;
	share->bound = bound >= 0;
	return share_host_read_mount(
		share->bound ? bound : fd, share->path, &share->group, &share->is_mount, err);
}

static void audit_change(const struct audit *audit, const struct share_host *share)
{
	audit_send(audit,
		&(struct audit_entry){
			.kind = AUDIT_PROPAGATION_CHANGED,
			.result = "ok",
			.host_path = share->path,
			.peer_group = share->group,
		},
		share->bound ? "bound %s on itself and made it shared, as the administrator asked"
			     : "made the mount %s shared, as the administrator asked",
		share->path);
}

int share_host(const struct audit *audit, int runtime_fd, const char *path, struct share_host *ret,
	struct error *err)
{
	cleanup_bind_lock struct lock lock = LOCK_NONE;
	cleanup_share_host struct share_host share = {0};
	cleanup_close int fd = -EBADF;
	int r = share_host_open(path, &fd, &share.path, err);

	if (!share.path)
		return r;
	r = shared_bind_lock(runtime_fd, fd, share.path, &lock, err);
	if (r == 0)
		r = share_host_read_mount(fd, share.path, &share.group, &share.is_mount, err);
	if (r == 0 && share.group == 0) {
		r = share_host_make_shared(fd, &share, err);
		if (r == 0)
			audit_change(audit, &share);
	}
	if (r < 0)
		return r;
	*ret = move_struct(share);
	return 0;
}

void share_host_clear(struct share_host *share)
{
	if (!share)
		return;
	free(share->path);
	*share = (struct share_host){0};
}
