/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tmpfs is writable while a copy is written and at no other time, and what is mounted on its
 * place is looked at first: its directory is where containers' mounts come from.
 */
#include "hook/record/record_copy.h"

#include "hook/record/lock.h"
#include "hook/record/runtime_dir.h"
#include "hook/record/selinux.h"
#include "hook/sandbox/fs_context.h"
#include "hook/sys/clear_directory.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/mount_legacy.h"
#include "hook/sys/mount_ops.h"
#include "hook/sys/syscalls.h"
#include "hook/sys/write_whole.h"
#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "policy/record/topology_limit.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define DIRECTORY "shown"
#define COPY "topology.json"
#define TEMPORARY ".topology.json"
#define OPEN_DIRECTORY (O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

_Static_assert(2 * TOPOLOGY_MAX_SIZE <= FS_CONTEXT_SHOWN_KIB * 1024UL, "two records have room");

struct place {
	char path[NAME_MAX + 8]; /* "shown/UID" */
};

static struct place place_of(const char *pod_uid)
{
	struct place place;

	snprintf(place.path, sizeof(place.path), DIRECTORY "/%s", pod_uid);
	return place;
}

static int record_copy_error(struct error *err, int r, const char *what, const struct place *place)
{
	cleanup_free char *path = strformat("%s/%s", RUNTIME_DIR, place->path);

	return error_set(err, r, r == -ENOMEM ? FINDING_INTERNAL : FINDING_HOST_IO, path,
		runtime_dir_fix(r), "cannot %s %s/%s: %s", what, RUNTIME_DIR, place->path,
		strerror(-r));
}

static int still_written(struct error *err, const struct place *place)
{
	cleanup_free char *path = strformat("%s/%s", RUNTIME_DIR, place->path);

	return error_set(err, -EBUSY, FINDING_HOST_IO, path,
		"see what that container does; the hook itself reads nothing there",
		"%s/%s stays writable: a container has made it so, and has a file open for writing",
		RUNTIME_DIR, place->path);
}

int record_copy_is_marked(int runtime_fd, const char *pod_uid)
{
	const struct place place = place_of(pod_uid);
	struct stat st;

	if (fstatat(runtime_fd, place.path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

int record_copy_mark(int runtime_fd, const char *pod_uid, struct error *err)
{
	const struct place place = place_of(pod_uid);
	int r = record_copy_is_marked(runtime_fd, pod_uid);

	if (r < 0)
		return record_copy_error(err, r, "look for", &place);
	/* What is there needs no room: a denial has to be written when there is none. */
	if (r == 0 && mkdirat(runtime_fd, place.path, 0755) < 0 && errno != EEXIST)
		return record_copy_error(err, -errno, "make", &place);
	return 0;
}

/* What is on top there: the root of the pod's tmpfs, or the plain directory. */
static int open_top(int runtime_fd, const struct place *place)
{
	int fd = openat(runtime_fd, place->path, O_RDONLY | OPEN_DIRECTORY);

	return fd < 0 ? -errno : fd;
}

/* What is there for containers to see. */
enum copy { COPY_NONE, COPY_PLAIN, COPY_TMPFS };

/* 1 where the directory is of a file system of its own. */
static int is_tmpfs(int runtime_fd, int fd)
{
	struct stat outside, inside;

	if (fstat(runtime_fd, &outside) < 0 || fstat(fd, &inside) < 0)
		return -errno;
	return outside.st_dev != inside.st_dev;
}

/* An enum copy, or a negative errno. In a plain directory only its file tells that it is shown to
 * somebody. */
static int find_copy(int runtime_fd, int fd)
{
	struct stat st;
	int r = is_tmpfs(runtime_fd, fd);

	if (r != 0)
		return r < 0 ? r : COPY_TMPFS;
	if (fstatat(fd, COPY, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return COPY_PLAIN;
	return errno == ENOENT ? COPY_NONE : -errno;
}

static int write_copy(int fd, const char *text)
{
	return write_whole_file(&(struct whole_file){.directory = fd,
					.name = COPY,
					.temporary_directory = fd,
					.temporary = TEMPORARY,
					.mode = 0644},
		text, NULL);
}

static int write_tmpfs(int fd, const char *text, struct error *err, const struct place *place)
{
	int r = mount_legacy_read_only(fd, false), closed;

	if (r == 0)
		r = write_copy(fd, text);
	closed = mount_legacy_read_only(fd, true);
	if (r < 0)
		return record_copy_error(err, r, "write the copy in", place);
	if (closed == -EBUSY)
		return still_written(err, place);
	return closed < 0 ? record_copy_error(err, closed, "make read-only", place) : 0;
}

static int write_plain(int fd, const char *text, struct error *err, const struct place *place)
{
	int r = write_copy(fd, text);

	return r < 0 ? record_copy_error(err, r, "write the copy in", place) : 0;
}

/* The file system stays for whoever sees it. */
static void record_copy_give_up(int fd, int copy)
{
	if (copy == COPY_TMPFS)
		mount_detach(fd);
	else
		unlinkat(fd, COPY, 0);
}

int record_copy_update(int runtime_fd, const char *pod_uid, const char *text, struct error *err)
{
	const struct place place = place_of(pod_uid);
	cleanup_close int fd = open_top(runtime_fd, &place);
	int copy, r;

	if (fd == -ENOENT)
		return 0;
	copy = fd < 0 ? fd : find_copy(runtime_fd, fd);
	if (copy < 0)
		return record_copy_error(err, copy, "open", &place);
	if (copy == COPY_NONE)
		return 0;
	r = copy == COPY_TMPFS ? write_tmpfs(fd, text, err, &place)
			       : write_plain(fd, text, err, &place);
	if (r < 0 && r != -EBUSY)
		record_copy_give_up(fd, copy);
	return r;
}

/* Attached to a shared /run it is shared at first. That nobody mounts below it meanwhile is what
 * the lock is for; who was killed in between has left a shared one. */
static int bind_itself(int runtime_fd, int fd)
{
	cleanup_close int clone = -EBADF;
	int own = 0, above = 0, r;

	r = mount_id_of(fd, &own, NULL);
	if (r == 0)
		r = mount_id_of(runtime_fd, &above, NULL);
	if (r < 0)
		return r;
	if (own != above)
		return mount_set_propagation(fd, PROPAGATION_UNBINDABLE, false);
	r = mount_clone(fd, false, &clone);
	if (r == 0)
		r = sys_move_mount(clone, fd);
	return r < 0 ? r : mount_set_propagation(clone, PROPAGATION_UNBINDABLE, false);
}

static void record_copy_make_writable(struct lock *lock)
{
	if (lock->fd < 0)
		return;
	lock_remove_file(lock);
	lock_release(lock);
}

#define cleanup_unlock __attribute__((cleanup(record_copy_make_writable)))

/* `shown` as a mount of its own, which nothing leaves. */
static int make_private(int runtime_fd, struct error *err)
{
	cleanup_unlock struct lock lock = LOCK_NONE;
	cleanup_close int fd = openat(runtime_fd, DIRECTORY, O_RDONLY | OPEN_DIRECTORY);
	const struct place place = {.path = DIRECTORY};
	int r;

	if (fd < 0)
		return record_copy_error(err, -errno, "open", &place);
	r = lock_take(runtime_fd, DIRECTORY, LOCK_TIMEOUT_USEC, &lock, err);
	if (r < 0)
		return r;
	cleanup_close_fd(&fd);
	/* Another hook may have mounted on it meanwhile. */
	fd = openat(runtime_fd, DIRECTORY, O_RDONLY | OPEN_DIRECTORY);
	r = fd < 0 ? -errno : bind_itself(runtime_fd, fd);
	return r < 0 ? record_copy_error(err, r, "make a mount of its own of", &place) : 0;
}

/* Containers that cannot read it start all the same: 1 then. */
static int record_copy_label(int fd, int like, struct error *err)
{
	return selinux_set_type_like(
		       fd, like, SELINUX_RECORD_TYPE, RUNTIME_DIR "/" DIRECTORY, err) < 0;
}

/* Attached first: a file system that is mounted nowhere cannot be made read-only. */
static int record_copy_attach(int runtime_fd, const struct place *place, int tmpfs,
	const char *text, int *ret_fd, struct error *err)
{
	cleanup_close int below = open_top(runtime_fd, place), fd = -EBADF;
	int r = below < 0 ? below : sys_move_mount(tmpfs, below), unlabelled;

	if (r < 0)
		return record_copy_error(err, r, "mount what containers see on", place);
	fd = openat(tmpfs, ".", O_RDONLY | OPEN_DIRECTORY);
	if (fd < 0)
		return record_copy_error(err, -errno, "open", place);
	unlabelled = record_copy_label(fd, below, err);
	r = write_tmpfs(fd, text, err, place);
	if (r < 0) {
		mount_detach(fd);
		return r;
	}
	*ret_fd = move_fd(&fd);
	return unlabelled;
}

/* Without file systems of its own: a directory of /run. */
static int make_plain(
	int runtime_fd, const struct place *place, const char *text, int *ret_fd, struct error *err)
{
	cleanup_close int fd = open_top(runtime_fd, place);
	int unlabelled, r;

	if (fd < 0)
		return record_copy_error(err, fd, "open", place);
	unlabelled = record_copy_label(fd, fd, err);
	r = write_plain(fd, text, err, place);
	if (r < 0)
		return r;
	*ret_fd = move_fd(&fd);
	return unlabelled;
}

static int record_copy_make(
	int runtime_fd, const struct place *place, const char *text, int *ret_fd, struct error *err)
{
	cleanup_close int tmpfs = -EBADF;
	int r = mount_can_clone() ? fs_context_mount(FS_CONTEXT_SHOWN, &tmpfs) : -EOPNOTSUPP;

	if (r == -EOPNOTSUPP)
		return make_plain(runtime_fd, place, text, ret_fd, err);
	if (r < 0)
		return record_copy_error(err, r, "make a file system for", place);
	r = make_private(runtime_fd, err);
	return r < 0 ? r : record_copy_attach(runtime_fd, place, tmpfs, text, ret_fd, err);
}

int record_copy_open(
	int runtime_fd, const char *pod_uid, const char *text, int *ret_fd, struct error *err)
{
	const struct place place = place_of(pod_uid);
	cleanup_close int fd = -EBADF;
	int r = record_copy_mark(runtime_fd, pod_uid, err);

	if (r < 0)
		return r;
	fd = open_top(runtime_fd, &place);
	r = fd < 0 ? fd : find_copy(runtime_fd, fd);
	if (r < 0)
		return record_copy_error(err, r, "open", &place);
	if (r == COPY_NONE)
		return record_copy_make(runtime_fd, &place, text, ret_fd, err);
	*ret_fd = move_fd(&fd);
	return 0;
}

/* Emptied, since a mount namespace that was made meanwhile may keep it for long. */
static int remove_copy(int runtime_fd, int fd)
{
	int r = is_tmpfs(runtime_fd, fd);

	if (r < 0)
		return r;
	if (r == 0) {
		clear_directory(fd);
		return 0;
	}
	if (mount_legacy_read_only(fd, false) == 0) {
		clear_directory(fd);
		/* Nobody is left who could be told of one that has a file open for writing. */
		(void)mount_legacy_read_only(fd, true);
	}
	return mount_detach(fd);
}

int record_copy_remove(int runtime_fd, const char *pod_uid, struct error *err)
{
	const struct place place = place_of(pod_uid);
	cleanup_close int fd = open_top(runtime_fd, &place);
	int r = fd < 0 ? fd : remove_copy(runtime_fd, fd);

	if (r == -ENOENT)
		return 0;
	if (r == 0 && unlinkat(runtime_fd, place.path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? record_copy_error(err, r, "remove", &place) : 0;
}
