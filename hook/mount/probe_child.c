/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever could block is done here, by a process that holds nothing of its parent's but what it
 * was sent with: the hook waits for it as long as it wants, and no longer.
 */
#include "hook/mount/probe_child.h"

#include "hook/mount/liveness.h"
#include "hook/mount/open_as_owner.h"
#include "hook/record/probe_turn.h"
#include "hook/sys/close_fds.h"
#include "hook/sys/mnttab_read.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/process.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include <grp.h>

/*
 * A mount without allow_other refuses everybody but its user, root too, and before the kernel looks
 * whether there still is a daemon. So the child, which has nothing else to do, becomes that user:
 * user_id and group_id of the mount (fs/fuse/dir.c, fuse_allow_current_process()). Ids of another
 * user namespace do not fit; then it stays at EACCES.
 */
static int become_owner(int fd, pid_t parent)
{
	cleanup_mount_table struct mount_table table = {0};
	const struct mount_entry *mount;
	long user, group;
	int id;

	if (mount_id_of(fd, &id, NULL) < 0 || mnttab_read(0, &table, NULL) < 0)
		return -EACCES;
	mount = mounts_by_id(&table, id);
	user = mount ? mount->fuse_user : -1;
	group = mount ? mount->fuse_group : -1;
	if (user < 0 || group < 0 || setgroups(0, NULL) < 0 ||
		setresgid((gid_t)group, (gid_t)group, (gid_t)group) < 0 ||
		setresuid((uid_t)user, (uid_t)user, (uid_t)user) < 0)
		return -EACCES;
	/* The change of user has taken this away (prctl(2)). */
	return process_die_with(parent) < 0 ? -EACCES : 0;
}

/* A state. */
static int judge_mount(const struct probe_child *child, int fd, enum path_state known)
{
	enum path_state state = known;
	int r = known == PATH_UNKNOWN ? liveness_query(fd, &state) : 0;

	if (r == -EACCES && become_owner(fd, child->parent) == 0)
		r = liveness_query(fd, &state);
	return r == 0 ? (int)state : (int)PATH_LIVE;
}

/* The path does not lead to that mount any more: something else is there, or on the way. */
static bool leads_elsewhere(int r)
{
	switch (-r) {
	case ECONNABORTED:
	case ECONNREFUSED:
	case ELOOP:
	case ENOENT:
	case ENOTCONN:
	case ENOTDIR:
	case ESTALE:
		return true;
	default:
		return false;
	}
}

/* To open it is the child's too: what has been mounted on the way meanwhile may be hung itself. A
 * state, or a negative errno. */
static int judge_path(const struct probe_child *child, enum path_state known)
{
	cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = open_as_owner(
		root, child->path + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC, SYS_RESOLVE_NO_SYMLINKS);
	int id = 0, r = fd < 0 ? fd : mount_id_of(fd, &id, NULL);

	if (leads_elsewhere(r) || (r == 0 && id != child->mount_id))
		return PATH_UNKNOWN;
	return r < 0 ? r : judge_mount(child, fd, known);
}

static int probe_child_judge(const struct probe_child *child)
{
	cleanup_probe_turn struct probe_turn turn = PROBE_TURN_NONE;
	int r = probe_turn_take(&child->connection, true, child->since_usec, &turn);

	if (r < 0)
		return r;
	r = child->path ? judge_path(child, turn.answer)
			: judge_mount(child, child->fd, turn.answer);
	probe_turn_end(&turn, r < 0 ? PATH_UNKNOWN : (enum path_state)r);
	return r;
}

/* Without waiting for anybody but the daemon. */
static int judge_quickly(const struct probe_child *child)
{
	cleanup_probe_turn struct probe_turn turn = PROBE_TURN_NONE;
	enum path_state state = PATH_UNKNOWN;
	int r = probe_turn_take(&child->connection, false, child->since_usec, &turn);

	if (r == 0)
		r = liveness_query(child->fd, &state);
	probe_turn_end(&turn, state);
	if (r == -EACCES)
		return -EAGAIN;
	return r < 0 ? r : (int)state;
}

static int compare_fds(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* `keep` is sorted. */
static int close_all_but(int *keep, size_t n)
{
	unsigned int next = 0;

	qsort(keep, n, sizeof(*keep), compare_fds);
	for (size_t i = 0; i < n; i++) {
		unsigned int kept = (unsigned int)keep[i];
		int r = kept > next ? close_fds(next, kept - 1) : 0;

		if (r < 0)
			return r;
		next = kept + 1;
	}
	return close_fds(next, ~0U);
}

static bool probe_child_report(int to, int answer)
{
	return write(to, &answer, sizeof(answer)) == (ssize_t)sizeof(answer);
}

_Noreturn void probe_child_run(const struct probe_child *child, int to)
{
	int keep[] = {to, child->path ? to : child->fd};
	int answer = process_die_with(child->parent);

	if (answer == 0)
		answer = close_all_but(keep, ARRAY_SIZE(keep));
	if (answer == 0)
		answer = probe_child_judge(child);
	_exit(probe_child_report(to, answer) ? 0 : 1);
}

_Noreturn void probe_child_run_batch(const struct probe_child_batch *batch)
{
	int r = process_die_with(batch->children[0].parent);

	for (size_t i = 0; i < batch->n; i++) {
		batch->keep[2 * i] = batch->children[i].fd;
		batch->keep[2 * i + 1] = batch->to[i];
	}
	if (r == 0)
		r = close_all_but(batch->keep, 2 * batch->n);
	for (size_t i = 0; r == 0 && i < batch->n; i++) {
		if (!probe_child_report(batch->to[i], judge_quickly(&batch->children[i])))
			r = -EPIPE;
	}
	_exit(r < 0 ? 1 : 0);
}
