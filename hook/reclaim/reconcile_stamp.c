/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One small record written over itself: two clocks in it tell a timer that does not run from a
 * clock that was set.
 */
#include "hook/reclaim/reconcile_stamp.h"

#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>

#define FILE_NAME "reconciled"
#define TEXT_SIZE 43 /* always: a new one is written over the old one, and no reader sees half */

static uint64_t clock_usec(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct reconcile_stamp reconcile_stamp_now(void)
{
	return (struct reconcile_stamp){
		.realtime_usec = clock_usec(CLOCK_REALTIME),
		.boottime_usec = clock_usec(CLOCK_BOOTTIME),
	};
}

int reconcile_stamp_write(int runtime_fd, const struct reconcile_stamp *stamp)
{
	cleanup_close int fd =
		openat(runtime_fd, FILE_NAME, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	char text[TEXT_SIZE];
	int n = snprintf(text, sizeof(text), "%020" PRIu64 " %020" PRIu64 "\n",
		stamp->realtime_usec, stamp->boottime_usec);

	if (fd < 0)
		return -errno;
	if (pwrite(fd, text, (size_t)n, 0) != n)
		return errno ? -errno : -EIO;
	return 0;
}

int reconcile_stamp_read(int runtime_fd, struct reconcile_stamp *ret)
{
	cleanup_close int fd =
		openat(runtime_fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct reconcile_stamp stamp = {0};
	char text[TEXT_SIZE], *end = NULL;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n != TEXT_SIZE - 1)
		return -EINVAL;
	text[n] = '\0';
	stamp.realtime_usec = strtoull(text, &end, 10);
	if (end == text || *end != ' ')
		return -EINVAL;
	stamp.boottime_usec = strtoull(end + 1, &end, 10);
	if (*end != '\n')
		return -EINVAL;
	*ret = stamp;
	return 0;
}
