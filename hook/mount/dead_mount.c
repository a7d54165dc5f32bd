/* SPDX-License-Identifier: Apache-2.0 */
/*
 * umount2(2) takes whatever is on top when it runs: so each round pins the mount, asks it, and
 * sees that it is still the top one before it is detached. Anything that moved begins the round
 * anew.
 */
#include "hook/mount/dead_mount.h"

#include "hook/mount/mnttab_query.h"
#include "hook/mount/probe.h"
#include "hook/mount/safe_walk.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/mount_ops.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/spec/mountinfo.h"
#include "policy/check/mounts.h"
#include <string.h>

/* More dead mounts than a crash loop can stack: a table that never ends is not followed. */
#define STALE_MAX_STACKED 256

/* The FUSE mount that a walk to the path ends on now: id 0 where there is none. */
static int dead_mount_topmost(
	const struct dead_mount_search *search, struct dead_mount *ret, struct error *err)
{
	cleanup_mount_table struct mount_table host = {0};
	const struct mount_entry *entry;
	int r = mnttab_query_read(search->host_path, &host, err);

	if (r < 0)
		return r;
	entry = mounts_at(&host, search->host_path);
	*ret = (struct dead_mount){0};
	if (entry && mount_entry_is_fuse(entry))
		*ret = (struct dead_mount){
			.major = entry->major, .minor = entry->minor, .id = entry->id};
	return 0;
}

/* Open the path and tell which mount the descriptor is on. -ENOENT: there is no such path just now.
 */
static int dead_mount_pin(const struct dead_mount_search *search, int *ret_fd,
	struct dead_mount *mount, struct error *err)
{
	cleanup_close int fd = -EBADF;
	const char *rest = path_below(search->host_path, search->volume);
	int r;

	if (!rest)
		return error_set(err, -EINVAL, FINDING_INTERNAL, search->host_path, NULL,
			"%s is not below %s", search->host_path, search->volume);
	r = safe_walk_below(search->volume_fd, search->volume, rest, &fd, err);
	if (r < 0)
		return r;
	r = mount_id_of(fd, &mount->id, &mount->unique);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, search->host_path, NULL,
			"cannot query the mount on %s: %s", search->host_path, strerror(-r));
	*ret_fd = move_fd(&fd);
	return 0;
}

enum { STALE_SETTLED, STALE_CHANGED, STALE_DETACHED };

/* The table has the mount, the walk has no path, or no mount any more: one of the two is old. */
static int unless_changed(int r, struct error *err)
{
	if (!safe_walk_has_changed(r))
		return r;
	error_clear(err);
	return STALE_CHANGED;
}

/* One mount from the top: SETTLED (*ret_state is final), or look again. */
static int detach_top(
	const struct dead_mount_search *search, enum path_state *ret_state, struct error *err)
{
	cleanup_close int fd = -EBADF, again = -EBADF;
	struct dead_mount mount, now = {0};
	struct probe_mount asked;
	int listed, r;

	r = dead_mount_topmost(search, &mount, err);
	if (r < 0)
		return r;
	listed = mount.id;
	if (listed == 0) {
		*ret_state = PATH_ABSENT;
		return 0;
	}
	r = dead_mount_pin(search, &fd, &mount, err);
	if (r < 0)
		return unless_changed(r, err);
	if (mount.id != listed)
		return STALE_CHANGED; /* mounted or unmounted in between */
	asked = (struct probe_mount){
		.fd = fd, .connection = {.major = mount.major, .minor = mount.minor}};
	r = probe_fd(&asked, search->probe_timeout_usec, ret_state);
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, search->host_path, NULL,
			"cannot probe the mount on %s: %s", search->host_path, strerror(-r));
	if (*ret_state != PATH_DEAD)
		return 0;
	r = search->may_detach(search->data, &mount, err);
	if (r <= 0)
		return r;
	/* umount2(2) takes whatever is topmost: is it still the one that was judged? */
	r = dead_mount_pin(search, &again, &now, err);
	if (r < 0)
		return unless_changed(r, err);
	if (now.id != listed || now.unique != mount.unique)
		return STALE_CHANGED;
	r = mount_detach(fd);
	if (r == -EINVAL)
		return STALE_CHANGED; /* somebody else has just unmounted it */
	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, search->host_path, NULL,
			"cannot detach the dead mount on %s: %s", search->host_path, strerror(-r));
	return STALE_DETACHED;
}

int dead_mount_detach(const struct dead_mount_search *search, unsigned int *ret_detached,
	enum path_state *ret_state, struct error *err)
{
	*ret_detached = 0;
	for (int round = 0; round < STALE_MAX_STACKED; round++) {
		int r = detach_top(search, ret_state, err);

		if (r <= STALE_SETTLED)
			return r;
		if (r == STALE_DETACHED)
			(*ret_detached)++;
	}
	return error_set(err, -ELOOP, FINDING_PATH_UNSAFE, search->host_path,
		"end what renames the directories above it, or mounts there, while the pod starts",
		"the mounts on %s change faster than the hook reads them", search->host_path);
}
