/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openat2(2) with RESOLVE_BENEATH for what exists; what is missing is made one by one, each opened
 * from the one before, and given to its owner only when all of them are there.
 */
#include "hook/mount/safe_walk.h"

#include "hook/mount/mnttab_query.h"
#include "hook/mount/open_as_owner.h"
#include "hook/mount/probe.h"
#include "hook/sys/mount_id.h"
#include "hook/sys/resolve.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/strv.h"
#include "oci/spec/mountinfo.h"
#include "policy/check/mounts.h"
#include <string.h>
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
	case -ENOTCONN:
	case -ECONNREFUSED:
	case -ECONNABORTED:
		return error_set(err, r, FINDING_PATH_UNSAFE, path,
			"unmount the FUSE mount above it (umount -l), or choose another FUSE path",
			"%s goes through a FUSE mount, whose daemon is gone", path);
	case -ESTALE:
		return error_set(err, r, FINDING_PATH_UNSAFE, path,
			"end what mounts and unmounts in the volume while the pod starts",
			"a mount on the way to %s has just been unmounted", path);
	case -ENOTDIR:
		return error_set(err, r, FINDING_PATH_UNSAFE, path,
			"remove what is there, or choose another FUSE path",
			"%s is not a directory, or a part of it is not", path);
	case -EACCES:
		return error_set(err, r, FINDING_HOST_IO, path,
			"let the directories' owners search them (mode u+x) on the volume's server",
			"cannot open %s, not even as the owner of the directory above it: %s", path,
			strerror(-r));
	default:
		return error_set(err, r, FINDING_HOST_IO, path,
			"see the volume's file system on this node", "cannot open %s: %s", path,
			strerror(-r));
	}
}

/* -EREMOTE where `fd` is on a FUSE mount, and `above`, from which it was opened, on another.
 * -ESTALE where that mount is in the table no more, which would say what it is: to look something
 * up in it could hold the hook all the same. */
static int check_crossing(int above, int fd)
{
	cleanup_mount_entry struct mount_entry mount = {0};
	int before = 0, id = 0, r = mount_id_of(above, &before, NULL);

	if (r == 0)
		r = mount_id_of(fd, &id, NULL);
	if (r < 0 || id == before)
		return r;
	r = mnttab_query_of(fd, NULL, &mount, NULL);
	if (r < 0)
		return r == -ENOENT ? -ESTALE : r;
	return mount_entry_is_fuse(&mount) ? -EREMOTE : 0;
}

/*
 * Across mounts. The last component may be on a FUSE mount, since opening its root asks nobody; to
 * look anything up below that, its daemon would be asked, and one that does not answer holds the
 * hook for ever, against SIGKILL too.
 */
static int open_stepwise(int dir, const char *path)
{
	return open_as_owner_stepwise(dir, path, WALK_FLAGS, WALK_RESOLVE, check_crossing);
}

static int open_beneath(int dir, const char *path)
{
	int fd;

	if (!strchr(path, '/'))
		return open_as_owner_name(dir, path, WALK_FLAGS, WALK_RESOLVE);
	fd = resolve_open(dir, path, WALK_FLAGS, WALK_RESOLVE | SYS_RESOLVE_NO_XDEV);
	return fd == -EXDEV || fd == -EACCES ? open_stepwise(dir, path) : fd;
}

int safe_walk_open(const char *trusted, const char *host_path, int *ret_fd, struct error *err)
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
	fd = open_as_owner(top, rest, WALK_FLAGS, WALK_RESOLVE);
	if (fd < 0)
		return walk_error(err, fd, trusted, rest);
	*ret_fd = move_fd(&fd);
	return 0;
}

int safe_walk_below(
	int volume_fd, const char *volume, const char *rest, int *ret_fd, struct error *err)
{
	int fd = *rest ? open_beneath(volume_fd, rest) : fcntl(volume_fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return walk_error(err, *rest ? fd : -errno, volume, rest);
	*ret_fd = fd;
	return 0;
}

/* mkdir(2) as the container's user, with exactly the mode asked for. An error may come behind it.
 */
static int safe_walk_make_as(
	int dir, const char *name, const struct safe_walk_directory *directory, bool *ret_made)
{
	mode_t mask;
	int r, back;

	r = fs_user_become(&directory->creator);
	if (r < 0)
		return r;
	mask = umask(0);
	r = mkdirat(dir, name, directory->mode) < 0 ? -errno : 0;
	umask(mask);
	*ret_made = r == 0;
	back = fs_user_return();
	return back < 0 ? back : r;
}

static const char *fix_of_making(int r)
{
	switch (-r) {
	case EDQUOT:
	case ENOSPC:
		return "free space and inodes of the volume, or raise its limit";
	case EROFS:
		return "mount the volume read-write on this node, or make the directory on its "
		       "server";
	default:
		return "see the volume's file system on this node";
	}
}

static int safe_walk_make_error(
	struct error *err, int r, const char *path, const struct safe_walk_directory *directory)
{
	if (r == -EACCES || r == -EPERM)
		return error_set(err, r, FINDING_HOST_IO, path,
			directory->creator.uid == 0
				? "give the sidecar a runAsUser that may write there (a volume "
				  "that squashes root does not let root write)"
				: "let the provider's user write there (fsGroup, or the volume's "
				  "permissions)",
			"cannot make %s as uid %u gid %u: %s", path, directory->creator.uid,
			directory->creator.gid, strerror(-r));
	return error_set(err, r, FINDING_HOST_IO, path, fix_of_making(r), "cannot make %s: %s",
		path, strerror(-r));
}

/* Make one missing directory and open it. On `rollback` before it is there: nothing that fails once
 * it is can leave it behind. */
static int safe_walk_make_directory(int dir, const char *name,
	const struct safe_walk_directory *directory, struct rollback_list *rollback, int *ret_fd)
{
	bool made = false;
	int fd, r;

	r = rollback_list_add_directory(rollback, dir, name, &directory->creator);
	if (r < 0)
		return r;
	r = safe_walk_make_as(dir, name, directory, &made);
	if (!made)
		rollback_list_drop_last(rollback);
	if (r < 0)
		return r;
	fd = open_beneath(dir, name);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
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
static int safe_walk_enter(const struct step *at, const char *name, int *ret_fd)
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

/* Between two system calls of the walk: what was there a moment ago is gone, or is something else.
 */
static int meddled_error(struct error *err, int r, const struct step *at)
{
	cleanup_free char *path = path_join(at->volume, at->done);

	if (r != -ENOENT)
		return walk_error(err, r, at->volume, at->done);
	return error_set(err, r, FINDING_PATH_UNSAFE, path,
		"end what removes directories of the volume while the pod starts",
		"%s is removed while the hook makes it", path ? path : at->volume);
}

static int make_step(const struct step *at, const char *name,
	const struct safe_walk_directory *directory, struct rollback_list *rollback, int *ret_fd,
	struct error *err)
{
	cleanup_free char *path = NULL;
	int r;

	r = safe_walk_enter(at, name, ret_fd);
	if (r != -ENOENT)
		return r < 0 ? walk_error(err, r, at->volume, at->done) : 0;
	r = safe_walk_make_directory(at->fd, name, directory, rollback, ret_fd);
	if (r == -EEXIST) {
		/* Another hook was faster, or a symlink to nowhere is there: opening tells. */
		r = safe_walk_enter(at, name, ret_fd);
		return r < 0 ? meddled_error(err, r, at) : 0;
	}
	if (r == 0)
		return 1;
	if (r == -ELOOP || r == -ENOTDIR || r == -EXDEV || r == -ENOENT)
		return meddled_error(err, r, at);
	path = path_join(at->volume, at->done);
	return safe_walk_make_error(err, r, path ? path : at->volume, directory);
}

/* Those that one walk has made, opened (O_PATH); owned. */
struct made {
	int *fds;
	size_t n;
};

static void made_clear(struct made *made)
{
	for (size_t i = 0; i < made->n; i++)
		close(made->fds[i]);
	free(made->fds);
}

#define cleanup_made __attribute__((cleanup(made_clear)))

static int made_add(struct made *made, int fd)
{
	int copy, r = array_grow(&made->fds, made->n, sizeof(*made->fds));

	if (r < 0)
		return r;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return -errno;
	made->fds[made->n++] = copy;
	return 0;
}

static int owner_error(struct error *err, int r, const char *path, uid_t found,
	const struct safe_walk_directory *directory)
{
	if (r == -ESTALE)
		return error_set(err, r, FINDING_PATH_UNSAFE, path,
			"leave fuse-sidecar.io/dir-owner out",
			"%s or a directory above it belongs to uid %u, not to uid %u, which made "
			"it: it has been exchanged, or the volume maps users",
			path, found, directory->creator.uid);
	return error_set(err, r, FINDING_HOST_IO, path,
		"leave fuse-sidecar.io/dir-owner out: the volume may refuse root (root_squash), "
		"and "
		"only root gives directories away",
		"cannot give %s to uid %u gid %u: %s", path, directory->owner_uid,
		directory->owner_gid, strerror(-r));
}

static int give_owner(
	int fd, const char *path, const struct safe_walk_directory *directory, struct error *err)
{
	struct stat st;

	if (fstatat(fd, "", &st, AT_EMPTY_PATH) < 0)
		return owner_error(err, -errno, path, 0, directory);
	/* Another directory may have been moved into its place meanwhile: one of another user's is
	 * not given away. */
	if (st.st_uid != directory->creator.uid)
		return owner_error(err, -ESTALE, path, st.st_uid, directory);
	if (fchownat(fd, "", directory->owner_uid, directory->owner_gid, AT_EMPTY_PATH) < 0)
		return owner_error(err, -errno, path, 0, directory);
	return 0;
}

/* Only once all of them are made: in one that belongs to somebody else the creator can make
 * nothing. */
static int give_owners(const struct made *made, const char *path,
	const struct safe_walk_directory *directory, struct error *err)
{
	if (directory->owner_uid == directory->creator.uid &&
		directory->owner_gid == directory->creator.gid)
		return 0;
	for (size_t i = 0; i < made->n; i++) {
		int r = give_owner(made->fds[i], path, directory, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* What is made, and what has been made. */
struct making {
	const struct safe_walk_directory *directory;
	struct rollback_list *rollback;
	struct made *made;
};

static int make_all(int volume_fd, const char *volume, const char *rest,
	const struct making *making, struct error *err)
{
	cleanup_close int fd = -EBADF;
	cleanup_free char *done = strdup(rest);
	char *name = done, *slash;

	if (!done)
		return error_memory(err);
	do {
		struct step at = {.fd = fd < 0 ? volume_fd : fd, .volume = volume, .done = done};
		int next = -EBADF, r;

		slash = strchr(name, '/');
		at.last = !slash;
		if (slash)
			*slash = '\0'; /* `done` ends behind this component */
		r = make_step(&at, name, making->directory, making->rollback, &next, err);
		if (r < 0)
			return r;
		cleanup_close_fd(&fd);
		fd = next;
		if (r > 0)
			r = made_add(making->made, fd);
		if (r < 0)
			return walk_error(err, r, volume, done);
		if (slash) {
			*slash = '/';
			name = slash + 1;
		}
	} while (slash);
	return 0;
}

int safe_walk_make(int volume_fd, const char *volume, const char *rest,
	const struct safe_walk_directory *directory, struct rollback_list *rollback,
	struct error *err)
{
	cleanup_made struct made made = {0};
	const struct making making = {.directory = directory, .rollback = rollback, .made = &made};
	cleanup_free char *path = path_join(volume, rest);
	int r;

	if (!path)
		return error_memory(err);
	r = make_all(volume_fd, volume, rest, &making, err);
	if (r == 0)
		r = give_owners(&made, path, directory, err);
	return r < 0 ? r : (int)made.n;
}

bool safe_walk_has_changed(int r)
{
	return r == -ENOENT || r == -ESTALE;
}
