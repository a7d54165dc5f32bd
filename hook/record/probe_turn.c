/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer that another has just got is as good as one's own: what is written beside the lock
 * spares a second process, and is believed only as far as the lock and the clock bear it out.
 */
#include "hook/record/probe_turn.h"

#include "hook/record/lock_holder.h"
#include "hook/record/runtime_dir.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/*
 * What a connection's part of the file says: `asked` by who takes the turn, `answered` when the
 * answer is there. It is believed as far as it can be checked: the first where its writer has the
 * lock now, the second where it is no older than the reader's own question. Of a connection that
 * had the number before neither is.
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

/* Numbers of devices are low ones: the parts lie side by side, and the file is as good as empty
 * between them. */
static int64_t probe_turn_offset(const struct fuse_connection *connection)
{
	return ((int64_t)connection->major << 32 | connection->minor) *
	       (int64_t)sizeof(struct said);
}

/* runtime_dir_complete() makes it: there are commands that make nothing. */
static int open_own(void)
{
	cleanup_close int runtime = -EBADF;
	int fd, r = runtime_dir_open(false, &runtime, NULL);

	if (r < 0)
		return r;
	fd = openat(runtime, RUNTIME_PROBES, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * The kernel's own file of the connection: where no hook has run yet, and where /run is full or
 * read-only. There is one fusectl, wherever it is mounted. Nothing can be written into it.
 */
static int open_kernels(const struct fuse_connection *connection)
{
	cleanup_close int directory = fusectl_open(connection);

	return directory < 0 ? directory : fusectl_open_file(directory, "waiting", O_RDONLY);
}

static int probe_turn_lock(const struct probe_turn *turn, int command)
{
	struct flock part = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = turn->at,
		.l_len = sizeof(struct said),
	};

	return fcntl(turn->fd, command, &part);
}

static int probe_turn_acquire(const struct probe_turn *turn, bool wait)
{
	int r;

	do
		r = turn->at < 0 ? flock(turn->fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB)
				 : probe_turn_lock(turn, wait ? F_SETLKW : F_SETLK);
	while (r < 0 && errno == EINTR);
	/* fcntl(2) may say either. */
	if (r < 0 && errno == EACCES)
		return -EWOULDBLOCK;
	return r < 0 ? -errno : 0;
}

/* What the one before found out while this process waited for it; UNKNOWN: nothing. */
static enum path_state answer_since(const struct probe_turn *turn, uint64_t since_usec)
{
	const off_t at = turn->at + (off_t)offsetof(struct said, answered);
	struct answered answered = {0};

	if (turn->at < 0 ||
		pread(turn->fd, &answered, sizeof(answered), at) != (ssize_t)sizeof(answered) ||
		answered.at_usec < since_usec)
		return PATH_UNKNOWN;
	return answered.state == PATH_LIVE || answered.state == PATH_DEAD
		       ? (enum path_state)answered.state
		       : PATH_UNKNOWN;
}

/* On a full file system the others do not see it, which costs them time. */
static void probe_turn_write(
	const struct probe_turn *turn, size_t offset, const void *part, size_t size)
{
	if (turn->at >= 0 && lseek(turn->fd, turn->at + (off_t)offset, SEEK_SET) >= 0)
		(void)!write(turn->fd, part, size);
}

static void probe_turn_write_start(const struct probe_turn *turn)
{
	const struct asked asked = {.pid = getpid(), .since_usec = deadline_now()};

	probe_turn_write(turn, offsetof(struct said, asked), &asked, sizeof(asked));
}

static void probe_turn_write_answer(const struct probe_turn *turn, enum path_state answer)
{
	const struct answered answered = {.state = answer, .at_usec = deadline_now()};

	probe_turn_write(turn, offsetof(struct said, answered), &answered, sizeof(answered));
}

int probe_turn_take(const struct fuse_connection *connection, bool wait, uint64_t since_usec,
	struct probe_turn *ret)
{
	cleanup_probe_turn struct probe_turn turn = PROBE_TURN_NONE;
	int r;

	turn.fd = open_own();
	if (turn.fd >= 0)
		turn.at = probe_turn_offset(connection);
	else
		turn.fd = open_kernels(connection);
	/* Rather a process too many than no answer. */
	if (turn.fd < 0)
		return 0;
	r = probe_turn_acquire(&turn, false);
	if (r == -EWOULDBLOCK && wait) {
		r = probe_turn_acquire(&turn, true);
		turn.answer = answer_since(&turn, since_usec);
	}
	if (r < 0)
		return r;
	if (turn.answer == PATH_UNKNOWN)
		probe_turn_write_start(&turn);
	*ret = turn;
	turn = PROBE_TURN_NONE;
	return 0;
}

void probe_turn_clear(struct probe_turn *turn)
{
	cleanup_close_fd(&turn->fd);
	*turn = PROBE_TURN_NONE;
}

void probe_turn_end(struct probe_turn *turn, enum path_state answer)
{
	/* What was found out by another is as old as it says. */
	if (turn->fd >= 0 && turn->answer == PATH_UNKNOWN && answer != PATH_UNKNOWN)
		probe_turn_write_answer(turn, answer);
	probe_turn_clear(turn);
}

/* Who has the connection's part of the file. */
static bool find_own(const struct fuse_connection *connection, struct probe_waiter *ret)
{
	const int64_t at = probe_turn_offset(connection);
	cleanup_close int fd = open_own();
	struct asked asked = {0};
	struct flock part = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = at,
		.l_len = sizeof(struct said),
	};

	if (fd < 0 || fcntl(fd, F_GETLK, &part) < 0 || part.l_type == F_UNLCK || part.l_pid <= 0)
		return false;
	*ret = (struct probe_waiter){.pid = part.l_pid};
	if (pread(fd, &asked, sizeof(asked), at) == (ssize_t)sizeof(asked) &&
		asked.pid == part.l_pid)
		ret->since_usec = asked.since_usec;
	return true;
}

static bool find_kernels(const struct fuse_connection *connection, struct probe_waiter *ret)
{
	cleanup_close int fd = open_kernels(connection);

	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return false;
	*ret = (struct probe_waiter){.pid = lock_holder(fd)};
	return ret->pid > 0;
}

static bool probe_turn_find_holder(
	const struct fuse_connection *connection, struct probe_waiter *ret)
{
	return find_own(connection, ret) || find_kernels(connection, ret);
}

bool probe_turn_is_taken(const struct fuse_connection *connection)
{
	struct probe_waiter holder;

	return probe_turn_find_holder(connection, &holder);
}

bool probe_turn_waiter(const struct fuse_connection *connection, struct probe_waiter *ret)
{
	char state;

	if (!probe_turn_find_holder(connection, ret))
		return false;
	/* One that runs has been answered just now, or has not asked yet. */
	state = lock_holder_state(ret->pid);
	return state == 'S' || state == 'D';
}
