/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/walk.h"

#include "hook/mount_id.h"
#include "hook/probe.h"
#include "hook/process.h"
#include "hook/resolve.h"
#include "hook/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/mountinfo.h"
#include "policy/mounts.h"
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

/* Without O_NOFOLLOW, which would open a symlink itself where RESOLVE_NO_SYMLINKS refuses it. */
#define WALK_FLAGS (O_PATH | O_CLOEXEC | O_DIRECTORY)
#define WALK_RESOLVE (SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS)

static int walk_error(struct error *err, int r, const char *volume, const char *rest)
{
	cleanup_free char *path = path_join(volume, rest);

	switch (r) {
	case -ELOOP:
	case -EXDEV:
		return error_set(err, r, FINDING_PATH_UNSAFE, path,
			"remove the symlink from the volume, or name the real directory in the "
			"annotation",
			"%s goes through a symlink or out of the volume", path);
	case -EREMOTE:
		return error_set(err, r, FINDING_PATH_UNSAFE, path,
			"unmount the FUSE mount above it, or choose another FUSE path",
			"%s goes through a FUSE mount, whose daemon may never answer", path);
	case -ENOTDIR:
		return error_set(err, r, FINDING_PATH_UNSAFE, path,
			"remove what is there, or choose another FUSE path",
			"%s is not a directory, or a part of it is not", path);
	default:
		return error_set(err, r, FINDING_HOST_IO, path,
			"see the volume's file system on this node", "cannot open %s: %s", path,
			strerror(-r));
	}
}

static int open_resolved(int dir, const char *path, uint64_t resolve)
{
	return resolve_open(dir, path, WALK_FLAGS, WALK_RESOLVE | resolve);
}

/* -EREMOTE where `fd` is on a FUSE mount, and `above`, from which it was opened, on another. */
static int check_crossing(int above, int fd)
{
	cleanup_mount_table struct mount_table host = {0};
	const struct mount_entry *mount;
	int before = 0, id = 0, r = mount_id_of(above, &before, NULL);

	if (r == 0)
		r = mount_id_of(fd, &id, NULL);
	if (r < 0 || id == before)
		return r;
	r = mountinfo_read("/proc/self/mountinfo", &host, NULL);
	mount = r == 0 ? mounts_by_id(&host, id) : NULL;
	return mount && mount_entry_is_fuse(mount) ? -EREMOTE : r;
}

/*
 * One component after the other, for walks across mounts. The last may be on a FUSE mount, since
 * opening its root asks nobody; to look anything up below that, its daemon would be asked, and one
 * that does not answer holds the hook for ever, against SIGKILL too.
 */
static int open_stepwise(int dir, const char *path)
{
	cleanup_close int at = -EBADF;
	cleanup_free char *copy = strdup(path);
	char *rest = copy, *name;

	if (!copy)
		return -ENOMEM;
	while ((name = strsep(&rest, "/"))) {
		int above = at < 0 ? dir : at;
		int fd = open_resolved(above, name, 0);
		int r = fd < 0 ? fd : 0;

		if (r == 0 && rest)
			r = check_crossing(above, fd);
		cleanup_close_fd(&at);
		at = fd;
		if (r < 0)
			return r;
	}
	return move_fd(&at);
}

static int open_beneath(int dir, const char *path)
{
	int fd = open_resolved(dir, path, strchr(path, '/') ? SYS_RESOLVE_NO_XDEV : 0);

	return fd == -EXDEV ? open_stepwise(dir, path) : fd;
}

int walk_open(const char *trusted, const char *host_path, int *ret_fd, struct error *err)
{
	cleanup_close int top = -EBADF, fd = -EBADF;
	const char *rest = path_below(host_path, trusted);

	if (!rest)
		return error_set(err, -EINVAL, FINDING_PATH_OUTSIDE_ROOTS, host_path,
			"add its volume to roots in the node's policy", "%s is not below %s",
			host_path, trusted);
	top = open(trusted, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return walk_error(err, -errno, trusted, "");
	if (*rest == '\0') {
		*ret_fd = move_fd(&top);
		return 0;
	}
	fd = open_resolved(top, rest, 0);
	if (fd < 0)
		return walk_error(err, fd, trusted, rest);
	*ret_fd = move_fd(&fd);
	return 0;
}

int walk_below(int volume_fd, const char *volume, const char *rest, int *ret_fd, struct error *err)
{
	int fd = *rest ? open_beneath(volume_fd, rest) : fcntl(volume_fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return walk_error(err, *rest ? fd : -errno, volume, rest);
	*ret_fd = fd;
	return 0;
}

/* A change of the file system's user takes away, without a word, that this process dies with its
 * supervisor (commit_creds() of the kernel). */
static int bind_again(pid_t parent)
{
	return parent ? process_die_with(parent) : 0;
}

/* mkdir(2) as the container's user, with exactly the mode asked for. */
static int make_as(int dir, const char *name, const struct walk_directory *directory)
{
	pid_t parent = process_dies_with();
	mode_t mask;
	int r;

	if (setgroups(directory->n_creator_groups, directory->creator_groups) < 0)
		return -errno;
	mask = umask(0);
	/* setfsuid(2) takes the capabilities that override permissions away with the user id. */
	setfsgid(directory->creator_gid);
	setfsuid(directory->creator_uid);
	r = bind_again(parent);
	if (r == 0 && mkdirat(dir, name, directory->mode) < 0)
		r = -errno;
	setfsuid(0);
	setfsgid(0);
	umask(mask);
	if (setgroups(0, NULL) < 0 && r == 0)
		r = -errno;
	return r < 0 ? r : bind_again(parent);
}

static int give_owner(int fd, const struct walk_directory *directory)
{
	struct stat st;

	if (directory->owner_uid == directory->creator_uid &&
		directory->owner_gid == directory->creator_gid)
		return 0;
	if (fstatat(fd, "", &st, AT_EMPTY_PATH) < 0)
		return -errno;
	/* Another directory may have been moved into its place meanwhile: one of another user's is
	 * not given away. */
	if (st.st_uid != directory->creator_uid)
		return -ELOOP;
	return fchownat(fd, "", directory->owner_uid, directory->owner_gid, AT_EMPTY_PATH) < 0
		       ? -errno
		       : 0;
}

static int make_error(
	struct error *err, int r, const char *path, const struct walk_directory *directory)
{
	if (r == -EACCES || r == -EPERM)
		return error_set(err, r, FINDING_HOST_IO, path,
			"let the provider's user write there (fsGroup, or the volume's "
			"permissions)",
			"cannot make %s as uid %u gid %u: %s", path, directory->creator_uid,
			directory->creator_gid, strerror(-r));
	return error_set(err, r, FINDING_HOST_IO, path, "see the volume's file system on this node",
		"cannot make %s: %s", path, strerror(-r));
}

/* Make one missing directory and open it; put on `undo` as soon as it is there. */
static int make_directory(int dir, const char *name, const struct walk_directory *directory,
	struct undo *undo, int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	int r;

	r = make_as(dir, name, directory);
	if (r < 0)
		return r;
	r = undo_add(undo, UNDO_DIRECTORY, dir, name);
	if (r < 0) {
		unlinkat(dir, name, AT_REMOVEDIR);
		return r;
	}
	fd = open_beneath(dir, name);
	if (fd < 0)
		return fd;
	r = give_owner(fd, directory);
	if (r < 0)
		return r;
	*ret_fd = move_fd(&fd);
	return 0;
}

/* Where a walk stands: the descriptor it has reached, and the path so far for messages. */
struct step {
	int fd;
	const char *volume;
	const char *done;
	bool last; /* nothing is looked up below it */
};

/* Open one component. */
static int enter(const struct step *at, const char *name, int *ret_fd)
{
	cleanup_close int fd = open_beneath(at->fd, name);
	int r = fd < 0 ? fd : 0;

	if (r == 0 && !at->last)
		r = check_crossing(at->fd, fd);
	if (r < 0)
		return r;
	*ret_fd = move_fd(&fd);
	return 0;
}

static int make_step(const struct step *at, const char *name,
	const struct walk_directory *directory, struct undo *undo, int *ret_fd, struct error *err)
{
	cleanup_free char *path = NULL;
	int r;

	r = enter(at, name, ret_fd);
	if (r != -ENOENT)
		return r < 0 ? walk_error(err, r, at->volume, at->done) : 0;
	r = make_directory(at->fd, name, directory, undo, ret_fd);
	if (r == -EEXIST) {
		/* Another hook was faster, or a symlink to nowhere is there: opening tells. */
		r = enter(at, name, ret_fd);
		return r < 0 ? walk_error(err, r, at->volume, at->done) : 0;
	}
	if (r == 0)
		return 1;
	if (r == -ELOOP || r == -ENOTDIR)
		return walk_error(err, r, at->volume, at->done);
	path = path_join(at->volume, at->done);
	return make_error(err, r, path ? path : at->volume, directory);
}

int walk_make(int volume_fd, const char *volume, const char *rest,
	const struct walk_directory *directory, struct undo *undo, struct error *err)
{
	cleanup_close int fd = -EBADF;
	cleanup_free char *done = strdup(rest);
	int made = 0;
	char *name = done, *slash;
	int r;

	if (!done)
		return error_set(err, -ENOMEM, FINDING_INTERNAL, volume, NULL, "out of memory");
	do {
		struct step at = {.fd = fd < 0 ? volume_fd : fd, .volume = volume, .done = done};
		int next = -EBADF;

		slash = strchr(name, '/');
		at.last = !slash;
		if (slash)
			*slash = '\0'; /* `done` ends behind this component */
		r = make_step(&at, name, directory, undo, &next, err);
		if (r < 0)
			return r;
		made += r;
		cleanup_close_fd(&fd);
		fd = next;
		if (slash) {
			*slash = '/';
			name = slash + 1;
		}
	} while (slash);
	return made;
}
