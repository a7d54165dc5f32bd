/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flock(2) and a file that is unlinked at the pod's end: after each lock it is seen to be still
 * the file of that name, or two hooks would each hold "the" lock.
 */
#include "hook/record/lock.h"

#include "hook/record/lock_holder.h"
#include "hook/record/runtime_dir.h"
#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static bool is_lock_name(const char *name)
{
	if (!*name)
		return false;
	for (const char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && *c != '-')
			return false;
	}
	return true;
}

/*
 * A holder that was sent SIGKILL and waits in the kernel keeps the lock, and this is left so: the
 * hooks that come meanwhile would each get stuck at the same place, where this one says who is.
 */
static int timed_out(int fd, const char *file, uint64_t timeout_usec, struct error *err)
{
	cleanup_free char *limit = duration_format((timeout_usec + 500) / 1000 * 1000);
	pid_t holder = lock_holder(fd);
	bool waits = holder > 0 && lock_holder_state(holder) == 'D';
	char who[96] = "";

	if (holder > 0)
		snprintf(who, sizeof(who), ": process %d%s", (int)holder,
			waits ? ", which waits in the kernel for a file system" : "");
	return error_set(err, -ETIMEDOUT, FINDING_HOST_IO, file,
		waits ? "see the journal for what that process was doing (worker-stuck), and end "
			"or unmount what does not answer there"
		      : "end the process that holds the lock: /proc/locks names it by the file's "
			"inode",
		"another hook has held the lock %s for %s%s", file, limit ? limit : "too long",
		who);
}

/* Wait for the lock itself. The timer is armed only where somebody holds it. */
static int lock_wait(int fd, const char *file, uint64_t timeout_usec, struct error *err)
{
	cleanup_deadline struct deadline deadline = {0};
	int r;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK && errno != EINTR)
		return error_set(err, -errno, FINDING_HOST_IO, file, NULL, "cannot lock %s: %s",
			file, strerror(errno));
	r = deadline_arm(timeout_usec, &deadline);
	if (r < 0)
		return error_set(err, r, FINDING_INTERNAL, file, NULL,
			"cannot arm a timer for the lock %s: %s", file, strerror(-r));
	while (flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return error_set(err, -errno, FINDING_HOST_IO, file, NULL,
				"cannot lock %s: %s", file, strerror(errno));
		if (deadline_passed(&deadline))
			return timed_out(fd, file, timeout_usec, err);
	}
	return 0;
}

/*
 * Whether the locked file is still the one that a newcomer would open: 1, 0, or a negative errno.
 * The last hook of a pod unlinks it while others wait: they would hold a lock that nobody else ever
 * sees.
 */
static int still_there(int runtime_fd, const char *file, int fd)
{
	struct stat held, named;

	if (fstat(fd, &held) < 0)
		return -errno;
	if (fstatat(runtime_fd, file, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	return held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

int lock_take(int runtime_fd, const char *name, uint64_t timeout_usec, struct lock *ret,
	struct error *err)
{
	struct lock lock = {.runtime_fd = runtime_fd};
	uint64_t until = deadline_now() + timeout_usec;
	int n = snprintf(lock.file, sizeof(lock.file), "locks/%s", name);

	if (!is_lock_name(name) || n < 0 || (size_t)n >= sizeof(lock.file))
		return error_set(err, -EINVAL, FINDING_INTERNAL, name, NULL,
			"\"%s\" cannot name a lock", name);
	for (;;) {
		uint64_t now = deadline_now();
		cleanup_close int fd = openat(
			runtime_fd, lock.file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		int r;

		if (fd < 0)
			return error_set(err, -errno, FINDING_HOST_IO, lock.file,
				runtime_dir_fix(-errno), "cannot open the lock %s/%s: %s",
				RUNTIME_DIR, lock.file, strerror(errno));
		r = lock_wait(fd, lock.file, until > now ? until - now : 0, err);
		if (r < 0)
			return r;
		r = still_there(runtime_fd, lock.file, fd);
		if (r < 0)
			return error_set(err, r, FINDING_HOST_IO, lock.file, NULL,
				"cannot stat the lock %s: %s", lock.file, strerror(-r));
		if (r == 0)
			continue;
		lock.fd = move_fd(&fd);
		*ret = lock;
		return 0;
	}
}

int lock_remove_file(const struct lock *lock)
{
	if (lock->fd < 0)
		return -EBADF;
	return unlinkat(lock->runtime_fd, lock->file, 0) < 0 ? -errno : 0;
}

void lock_release(struct lock *lock)
{
	if (lock->fd < 0)
		return;
	/* Not left to close(2): a child that still has the open file would keep the lock. */
	flock(lock->fd, LOCK_UN);
	close(lock->fd);
	*lock = LOCK_NONE;
}
