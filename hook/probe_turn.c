/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/probe_turn.h"

#include "hook/deadline.h"
#include "hook/lock_holder.h"
#include "hook/runtime_dir.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define PREFIX "probe-"

/*
 * What the file of the runtime directory says: `asked` by who takes the turn, `answered` when the
 * answer is there. It is believed as far as it can be checked: the first where its writer has the
 * lock now, the second where it is no older than the reader's own question.
 */
struct said {
	struct asked {
		int64_t pid;
		uint64_t since_usec;
	} asked;
	struct answered {
		int64_t state; /* enum path_state */
		uint64_t at_usec;
	} answered;
};

/* Where the file is. */
struct place {
	int directory; /* -EBADF: it cannot be had */
	char name[64];
	int flags; /* of open(2) */
};
#define PLACE_NONE                                                                                 \
	(struct place)                                                                             \
	{                                                                                          \
		.directory = -EBADF                                                                \
	}

static void place_clear(struct place *place)
{
	cleanup_close_fd(&place->directory);
}

#define cleanup_place __attribute__((cleanup(place_clear)))

static int open_at(const struct place *place, int flags)
{
	int fd = openat(
		place->directory, place->name, place->flags | flags | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

static void find_own(const struct fuse_connection *connection, struct place *ret)
{
	*ret = (struct place){.directory = -EBADF, .flags = O_RDWR};
	(void)runtime_dir_open(false, &ret->directory, NULL);
	snprintf(ret->name, sizeof(ret->name), "locks/" PREFIX "%u-%u", connection->major,
		connection->minor);
}

/*
 * The kernel's own file of the connection: where no hook has run yet, and where /run is full or
 * read-only. There is one fusectl, wherever it is mounted. Nothing can be written into it.
 */
static void find_kernels(const struct fuse_connection *connection, struct place *ret)
{
	*ret = (struct place){
		.directory = fusectl_open(connection),
		.name = "waiting",
		.flags = O_RDONLY,
	};
}

/* A descriptor of the file, and where that is. */
static int open_any(const struct fuse_connection *connection, struct place *ret)
{
	int fd;

	find_own(connection, ret);
	fd = ret->directory < 0 ? -ENOENT : open_at(ret, O_CREAT);
	if (fd >= 0)
		return fd;
	place_clear(ret);
	find_kernels(connection, ret);
	return ret->directory < 0 ? ret->directory : open_at(ret, 0);
}

/* Whether it is the one that a newcomer would open: who was before may have removed it. */
static bool is_named(const struct place *place, int fd)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 &&
	       fstatat(place->directory, place->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static int lock(int fd, int how)
{
	int r;

	do
		r = flock(fd, how);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/* What the one before found out while this process waited for it; UNKNOWN: nothing. */
static enum path_state answer_since(int fd, uint64_t since_usec)
{
	struct answered answered = {0};

	if (pread(fd, &answered, sizeof(answered), offsetof(struct said, answered)) !=
			(ssize_t)sizeof(answered) ||
		answered.at_usec < since_usec)
		return PATH_UNKNOWN;
	return answered.state == PATH_LIVE || answered.state == PATH_DEAD
		       ? (enum path_state)answered.state
		       : PATH_UNKNOWN;
}

/* On a full file system, or fusectl, the others do not see it, which costs them time. */
static bool say(int fd, const void *part, size_t size)
{
	return write(fd, part, size) == (ssize_t)size;
}

/* 1 where it is taken, or needless, 0 where the file has just been removed, or a negative errno. */
static int take(
	const struct place *place, int fd, bool wait, uint64_t since_usec, struct probe_turn *ret)
{
	const struct asked asked = {.pid = getpid(), .since_usec = deadline_now()};
	int r = lock(fd, LOCK_EX | LOCK_NB);

	if (r == -EWOULDBLOCK && wait) {
		r = lock(fd, LOCK_EX);
		ret->answer = r < 0 ? PATH_UNKNOWN : answer_since(fd, since_usec);
		if (ret->answer != PATH_UNKNOWN)
			return 1;
	}
	if (r < 0 || !is_named(place, fd))
		return r;
	ret->can_say = say(fd, &asked, sizeof(asked));
	return 1;
}

/* Only a file of its own is removed. */
static void keep(struct place *place, int *fd, struct probe_turn *ret)
{
	ret->fd = move_fd(fd);
	if (place->flags == O_RDONLY)
		return;
	ret->directory = move_fd(&place->directory);
	memcpy(ret->name, place->name, sizeof(ret->name));
}

int probe_turn_take(const struct fuse_connection *connection, bool wait, uint64_t since_usec,
	struct probe_turn *ret)
{
	int r = 0;

	while (r == 0) {
		cleanup_place struct place place = PLACE_NONE;
		cleanup_close int fd = open_any(connection, &place);

		/* Rather a process too many than no answer. */
		if (fd < 0)
			return 0;
		r = take(&place, fd, wait, since_usec, ret);
		if (r > 0 && ret->answer == PATH_UNKNOWN)
			keep(&place, &fd, ret);
	}
	return r < 0 ? r : 0;
}

void probe_turn_clear(struct probe_turn *turn)
{
	cleanup_close_fd(&turn->fd);
	cleanup_close_fd(&turn->directory);
	*turn = PROBE_TURN_NONE;
}

void probe_turn_end(struct probe_turn *turn, enum path_state answer)
{
	if (turn->can_say && answer != PATH_UNKNOWN) {
		const struct answered answered = {.state = answer, .at_usec = deadline_now()};

		(void)say(turn->fd, &answered, sizeof(answered));
	}
	/* With the lock held, so that nobody has it when he gets it. */
	if (turn->directory >= 0)
		(void)unlinkat(turn->directory, turn->name, 0);
	probe_turn_clear(turn);
}

/* Who has that file locked. */
static bool find_waiter(const struct place *place, struct probe_waiter *ret)
{
	cleanup_close int fd = place->directory < 0 ? -EBADF : open_at(place, 0);
	struct asked asked = {0};
	char state;

	/* Before anybody is looked for: nearly always it is free. */
	if (fd < 0 || lock(fd, LOCK_SH | LOCK_NB) != -EWOULDBLOCK)
		return false;
	*ret = (struct probe_waiter){.pid = lock_holder(fd)};
	state = ret->pid > 0 ? lock_holder_state(ret->pid) : '?';
	/* One that runs has been answered just now. */
	if (state != 'S' && state != 'D')
		return false;
	if (pread(fd, &asked, sizeof(asked), offsetof(struct said, asked)) ==
			(ssize_t)sizeof(asked) &&
		asked.pid == ret->pid)
		ret->since_usec = asked.since_usec;
	return true;
}

bool probe_turn_waiter(const struct fuse_connection *connection, struct probe_waiter *ret)
{
	cleanup_place struct place own = PLACE_NONE, kernels = PLACE_NONE;

	find_own(connection, &own);
	if (find_waiter(&own, ret))
		return true;
	find_kernels(connection, &kernels);
	return find_waiter(&kernels, ret);
}

bool probe_turn_is_file(const char *name)
{
	return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}
