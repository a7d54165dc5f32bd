/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's walk (path_resolution(7)), one component at a time and each from the descriptor
 * before: what is renamed meanwhile cannot lead out, since ".." goes back along what was opened.
 */
#include "hook/sys/openat2_fallback.h"

#include "hook/sys/mount_id.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>

/* As the kernel has it (path_resolution(7)). */
#define MAX_SYMLINKS 40
/* Directories below a root that are open at once. */
#define MAX_DEPTH 256

/*
 * The directories that a walk came through, each opened from the one before; the first is where it
 * began, and ".." goes back along them: what has been renamed meanwhile leads nowhere else. Without
 * SYS_RESOLVE_IN_ROOT only the last one.
 */
struct trail {
	int fds[MAX_DEPTH];
	size_t depth;
	char rest[2 * PATH_MAX]; /* what is still to be walked */
	uint64_t flags, resolve;
	unsigned int symlinks;
	int mount_id; /* with SYS_RESOLVE_NO_XDEV */
};

static void trail_clear(struct trail *trail)
{
	for (size_t i = 0; i < trail->depth; i++)
		cleanup_close_fd(&trail->fds[i]);
}

#define cleanup_trail __attribute__((cleanup(trail_clear)))

/* The directory that the walk begins with, as a descriptor of its own. */
static int open_start(const struct trail *trail, int dir, const char *path)
{
	int fd;

	if (path[0] == '/' && !(trail->resolve & SYS_RESOLVE_IN_ROOT))
		fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	else if (dir == AT_FDCWD)
		fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	else
		fd = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? -errno : fd;
}

static int trail_prepend(struct trail *trail, const char *first, const char *then)
{
	char joined[sizeof(trail->rest)];
	int n = snprintf(joined, sizeof(joined), "%s%s%s", first, *then ? "/" : "", then);

	if (n < 0 || (size_t)n >= sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(trail->rest, joined, (size_t)n + 1);
	return 0;
}

/*
 * The text of the symlink `fd`. -EINVAL where it is none, which no file system is asked for. Magic
 * links of proc have a text that is no path.
 */
static int read_symlink(int fd, char *text, size_t size)
{
	struct statfs fs;
	ssize_t n = readlinkat(fd, "", text, size);

	if (n < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	text[n] = '\0';
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == PROC_SUPER_MAGIC ? -ELOOP : 0;
}

/* What `name` is, opened without following it; a directory at once, since it must not be asked
 * whether it is one: a FUSE daemon might never answer. */
static int open_component(int at, const char *name, bool *ret_directory)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags | O_DIRECTORY);

	*ret_directory = fd >= 0;
	if (fd < 0 && errno == ENOTDIR)
		fd = openat(at, name, flags);
	return fd < 0 ? -errno : fd;
}

static int trail_follow(struct trail *trail, const char *text)
{
	char rest[sizeof(trail->rest)];

	if (!(trail->resolve & SYS_RESOLVE_IN_ROOT) || trail->resolve & SYS_RESOLVE_NO_SYMLINKS ||
		++trail->symlinks > MAX_SYMLINKS)
		return -ELOOP;
	memcpy(rest, trail->rest, sizeof(rest));
	/* An absolute one begins at the root again. */
	while (text[0] == '/' && trail->depth > 1)
		cleanup_close_fd(&trail->fds[--trail->depth]);
	return trail_prepend(trail, text, rest);
}

static int check_mount(const struct trail *trail, int fd)
{
	int id = 0, r;

	if (!(trail->resolve & SYS_RESOLVE_NO_XDEV))
		return 0;
	r = mount_id_of(fd, &id, NULL);
	if (r < 0)
		return r;
	return id == trail->mount_id ? 0 : -EXDEV;
}

static int trail_push(struct trail *trail, int *fd)
{
	if (!(trail->resolve & SYS_RESOLVE_IN_ROOT))
		cleanup_close_fd(&trail->fds[--trail->depth]);
	if (trail->depth == MAX_DEPTH)
		return -ENAMETOOLONG;
	trail->fds[trail->depth++] = move_fd(fd);
	return 0;
}

/* A component that is no directory: a symlink to follow (0), what the path ends with (1), or an
 * error. */
static int take_other(struct trail *trail, int *fd)
{
	bool last = trail->rest[0] == '\0';
	char text[PATH_MAX];
	int r;

	if (last && trail->flags & O_NOFOLLOW)
		return trail->flags & O_DIRECTORY ? -ENOTDIR : 1;
	r = read_symlink(*fd, text, sizeof(text));
	if (r == 0)
		return trail_follow(trail, text);
	if (r != -EINVAL)
		return r;
	return last && !(trail->flags & O_DIRECTORY) ? 1 : -ENOTDIR;
}

static int go_up(struct trail *trail)
{
	if (!(trail->resolve & SYS_RESOLVE_IN_ROOT))
		return -EXDEV;
	if (trail->depth > 1)
		cleanup_close_fd(&trail->fds[--trail->depth]);
	return 0;
}

static int trail_step(struct trail *trail, const char *name)
{
	cleanup_close int fd = -EBADF;
	bool directory;
	int r;

	if (*name == '\0' || strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return go_up(trail);
	fd = open_component(trail->fds[trail->depth - 1], name, &directory);
	if (fd < 0)
		return fd;
	r = check_mount(trail, fd);
	if (r == 0 && !directory) {
		r = take_other(trail, &fd);
		if (r <= 0)
			return r;
		r = 0;
	}
	return r < 0 ? r : trail_push(trail, &fd);
}

/* A slash at the end: a directory, or a symlink to one. */
static void end_with_directory(struct trail *trail)
{
	trail->flags |= O_DIRECTORY;
	trail->flags &= ~(uint64_t)O_NOFOLLOW;
}

static int walk_on(struct trail *trail)
{
	int r = 0;

	while (r == 0 && trail->rest[0]) {
		char name[NAME_MAX + 1];
		size_t length = strcspn(trail->rest, "/");
		size_t skip = length + strspn(trail->rest + length, "/");

		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, trail->rest, length);
		name[length] = '\0';
		memmove(trail->rest, trail->rest + skip, strlen(trail->rest + skip) + 1);
		if (skip > length && trail->rest[0] == '\0')
			end_with_directory(trail);
		r = trail_step(trail, name);
	}
	return r;
}

int openat2_fallback(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	cleanup_trail struct trail trail = {.flags = flags, .resolve = resolve};
	int fd, r;

	if (!(flags & O_PATH) || !(resolve & (SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_IN_ROOT)))
		return -EINVAL;
	if (*path == '\0')
		return -ENOENT;
	if (*path == '/' && resolve & SYS_RESOLVE_BENEATH)
		return -EXDEV;
	fd = open_start(&trail, dir, path);
	if (fd < 0)
		return fd;
	trail.fds[trail.depth++] = fd;
	r = trail_prepend(&trail, path, "");
	if (r == 0 && resolve & SYS_RESOLVE_NO_XDEV)
		r = mount_id_of(fd, &trail.mount_id, NULL);
	if (r == 0)
		r = walk_on(&trail);
	return r < 0 ? r : trail.fds[--trail.depth];
}
