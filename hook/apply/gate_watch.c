/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One path: what is mounted there now, whether that answers, and whether its provider still runs.
 * Each is told by the kernel object that was pinned when the wait began, so that a path, a mount id
 * or a pid that somebody else has got meanwhile is not taken for it.
 */
#include "hook/apply/gate_watch.h"

#include "hook/mount/mnttab_query.h"
#include "hook/mount/safe_walk.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/resolve.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include <stdio.h>
#include <string.h>

/* How many children in a row may end without having told what they were sent to ask. */
#define GATE_UNANSWERED_MAX 4

static int gate_watch_open_provider(struct gate_watch *watch, struct error *err)
{
	const struct gate_path *path = watch->path;
	int r;

	if (path->node || !path->created)
		return 0;
	r = process_open(path->pid, path->pid_start_ticks, &watch->process);
	if (r < 0 && r != -ESRCH)
		return error_set(err, r, FINDING_HOST_IO, path->provider, NULL,
			"cannot watch provider %s: %s", path->provider, strerror(-r));
	return 0;
}

static int gate_watch_open_volume(const struct gate_path *path)
{
	if (!path->volume)
		return -EBADF;
	return resolve_open(
		AT_FDCWD, path->volume, O_PATH | O_DIRECTORY | O_CLOEXEC, SYS_RESOLVE_NO_SYMLINKS);
}

int gate_watch_open(struct gate_path *path, struct gate_watch *ret, struct error *err)
{
	path->state = PATH_ABSENT;
	*ret = (struct gate_watch){
		.path = path,
		.volume = gate_watch_open_volume(path),
		.process = PROCESS_NONE,
		.probe = PROBE_NONE,
		.to_probe.fd = -EBADF,
	};
	return gate_watch_open_provider(ret, err);
}

void gate_watch_close(struct gate_watch *watch)
{
	probe_cancel(&watch->probe);
	cleanup_close_fd(&watch->to_probe.fd);
	process_close(&watch->process);
	cleanup_close_fd(&watch->volume);
}

static int gate_refuse_not_started(const struct gate_path *path, struct error *err)
{
	return error_set(err, -ESRCH, FINDING_PROVIDER_NOT_STARTED, path->path,
		"list the sidecar before this container, or make it a native sidecar "
		"(restartPolicy: Always)",
		"%s: its provider %s has not been created yet; waiting would hold it up",
		path->path, path->provider);
}

static int gate_refuse_dead(const struct gate_path *path, struct error *err)
{
	return error_set(err, -ESRCH, FINDING_PROVIDER_DEAD, path->path,
		"see the sidecar's log; the kubelet tries again when it has restarted it",
		"%s: its provider %s (pid %d) has ended; waiting would hold up its restart",
		path->path, path->provider, (int)path->pid);
}

bool gate_watch_provider_matters(const struct gate_watch *watch)
{
	return !watch->path->node && watch->path->created && watch->probe.pid <= 0;
}

bool gate_watch_must_poll_provider(const struct gate_watch *watch)
{
	return gate_watch_provider_matters(watch) && watch->process.dir >= 0 &&
	       watch->process.pidfd < 0;
}

bool gate_watch_provider_has_ended(const struct gate_watch *watch, bool told)
{
	return told || (gate_watch_must_poll_provider(watch) && process_has_ended(&watch->process));
}

/* Its mount has ended with it, or belongs to somebody else: it is looked at again, whatever it was.
 */
void gate_watch_note_end(struct gate_watch *watch)
{
	process_close(&watch->process);
	watch->again = true;
}

int gate_watch_check_provider(const struct gate_watch *watch, struct error *err)
{
	const struct gate_path *path = watch->path;

	if (path->node || watch->probe.pid > 0 || path->state == PATH_LIVE)
		return 0;
	if (!path->created)
		return gate_refuse_not_started(path, err);
	return watch->process.dir < 0 || process_has_ended(&watch->process)
		       ? gate_refuse_dead(path, err)
		       : 0;
}

static int gate_watch_open_path(const struct gate_watch *watch)
{
	const struct gate_path *path = watch->path;
	const char *rest = path->volume ? path_below(path->host_path, path->volume) : NULL;
	int fd = -EBADF, r;

	if (!rest || watch->volume < 0)
		return resolve_open(AT_FDCWD, path->host_path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
			SYS_RESOLVE_NO_SYMLINKS);
	/* Not through a FUSE mount of the pod's on the way, which could hold the hook. */
	r = safe_walk_below(watch->volume, path->volume, rest, &fd, NULL);
	return r < 0 ? r : fd;
}

/* That it cannot be reached is nothing new as long as nothing is mounted there: somebody may be
 * making the directory, or a mount on the way to it. Of any other error, that the node is out of
 * descriptors, say, no event would tell that it is over. */
static bool gate_watch_is_trouble(int r)
{
	switch (-r) {
	case 0:
	case EACCES:
	case ECONNABORTED:
	case ECONNREFUSED:
	case ELOOP:
	case ENOENT:
	case ENOTCONN:
	case ENOTDIR:
	case EPERM:
	case EREMOTE:
	case ESTALE:
	case EXDEV:
		return false;
	default:
		return true;
	}
}

/* Opened, O_PATH, with the ids of the mount that it is on. A descriptor or a negative errno. */
static int gate_watch_identify(const struct gate_watch *watch, int *ret_id, uint64_t *ret_unique)
{
	cleanup_close int fd = -EBADF;
	int r;

	do
		fd = gate_watch_open_path(watch);
	while (fd == -EINTR);
	r = fd < 0 ? fd : mount_id_of(fd, ret_id, ret_unique);
	return r < 0 ? r : move_fd(&fd);
}

/*
 * The mount at the path, without reading the mount table: opening asks no file system, and the id
 * tells whether anything has changed. *ret_fd is -EBADF where the path cannot be reached now. 1
 * where there is something new, 0, or a negative errno.
 */
static int gate_watch_has_changed(struct gate_watch *watch, int *ret_fd)
{
	uint64_t unique = 0;
	int id = 0, fd = gate_watch_identify(watch, &id, &unique);
	bool changed;

	*ret_fd = -EBADF;
	if (fd < 0 && gate_watch_is_trouble(fd))
		return fd;
	if (fd >= 0)
		*ret_fd = fd;
	changed = watch->again || id != watch->mount.id || unique != watch->mount.unique;
	watch->again = false;
	watch->mount.id = id;
	watch->mount.unique = unique;
	return changed;
}

/* A FUSE mount on the path itself, and not the one that carries it. */
static bool gate_watch_is_wanted(const struct gate_path *path, const struct mount_entry *mount)
{
	return mount_entry_is_fuse(mount) && strcmp(mount->target, path->host_path) == 0;
}

/* Whether the mount at `*fd` is one to wait for; then it is to be asked, and *fd is the watch's.
 * Where the mount table has to be read for that, `host` keeps it for all paths. */
static int gate_watch_choose(
	struct gate_watch *watch, int *fd, struct mount_table *host, struct error *err)
{
	cleanup_mount_entry struct mount_entry mount = {0};
	struct gate_path *path = watch->path;
	int r = mnttab_query_of(*fd, host, &mount, err);

	if (r == -ENOENT) {
		/* Unmounted meanwhile, or mounted since the table was read for another path:
		 * poll(2) tells of it yet. */
		watch->again = true;
		error_clear(err);
		return 0;
	}
	if (r < 0 || !gate_watch_is_wanted(path, &mount))
		return r;
	watch->to_probe =
		(struct probe_mount){.fd = move_fd(fd), .connection = probe_connection(&mount)};
	snprintf(path->device, sizeof(path->device), "%u:%u", mount.major, mount.minor);
	path->mount_id = watch->mount.id;
	path->mount_id_unique = watch->mount.unique;
	/* Until it answers. */
	path->state = PATH_HUNG;
	return 0;
}

int gate_watch_read(struct gate_watch *watch, struct mount_table *host, struct error *err)
{
	cleanup_close int fd = -EBADF;
	int r = gate_watch_has_changed(watch, &fd);

	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, watch->path->host_path, NULL,
			"cannot stat %s: %s", watch->path->host_path, strerror(-r));
	if (r == 0)
		return 0;
	probe_cancel(&watch->probe);
	watch->path->state = PATH_ABSENT;
	watch->path->device[0] = '\0';
	watch->path->mount_id = 0;
	watch->path->mount_id_unique = 0;
	return fd < 0 ? 0 : gate_watch_choose(watch, &fd, host, err);
}

void gate_watch_close_mount(struct gate_watch *watch)
{
	cleanup_close_fd(&watch->to_probe.fd);
	watch->to_probe.fd = -EBADF;
}

int gate_watch_probe(struct gate_watch *watch, struct error *err)
{
	int r = probe_begin(&watch->to_probe, &watch->probe);

	if (r < 0)
		return error_set(err, r, FINDING_HOST_IO, watch->path->host_path, NULL,
			"cannot probe %s: %s", watch->path->host_path, strerror(-r));
	return 0;
}

/* A probe that died without an answer says nothing: the mount is looked at again, unless that goes
 * on. */
int gate_watch_take_answer(struct gate_watch *watch, struct error *err)
{
	enum path_state state = PATH_UNKNOWN;
	bool together = watch->probe.batch != NULL;
	int r = probe_end(&watch->probe, &state);

	if (r == 0) {
		watch->path->state = state;
		watch->unanswered = 0;
		return 0;
	}
	if (++watch->unanswered >= GATE_UNANSWERED_MAX)
		return error_set(err, r, FINDING_HOST_IO, watch->path->host_path,
			"see whether the node or the cgroup is out of memory",
			"cannot probe %s: %u children in a row could not tell: %s",
			watch->path->host_path, watch->unanswered, strerror(-r));
	watch->again = true;
	watch->alone = together;
	return 0;
}
