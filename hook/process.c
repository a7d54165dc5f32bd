/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/process.h"

#include "hook/syscalls.h"
#include "oci/base/cleanup.h"
#include <stdlib.h>
#include <string.h>

/* Field 2 of /proc/PID/stat is the command in parentheses, and may hold anything, ')' too. */
static const char *after_command(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] == ' ' ? end + 2 : NULL;
}

static int parse_start(const char *fields, uint64_t *ret_ticks)
{
	char *end;
	unsigned long long ticks;

	/* `fields` starts with field 3, the state; field 22 is 19 further. */
	if (*fields == 'Z' || *fields == 'X')
		return -ESRCH;
	for (int field = 3; field < 22; field++) {
		fields = strchr(fields, ' ');
		if (!fields)
			return -EBADMSG;
		fields++;
	}
	errno = 0;
	ticks = strtoull(fields, &end, 10);
	if (errno || end == fields)
		return -EBADMSG;
	*ret_ticks = ticks;
	return 0;
}

int process_start(pid_t pid, uint64_t *ret_ticks)
{
	char path[64], stat[1024];
	cleanup_close int fd = -EBADF;
	const char *fields;
	ssize_t n;

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, stat, sizeof(stat) - 1);
	if (n < 0)
		return -errno;
	stat[n] = '\0';
	fields = after_command(stat);
	return fields ? parse_start(fields, ret_ticks) : -EBADMSG;
}

bool process_is_alive(pid_t pid, uint64_t start_ticks)
{
	uint64_t ticks = 0;
	int r = process_start(pid, &ticks);

	/* Callers clean up behind processes that are gone: an error that says nothing about this
	 * one, such as EMFILE, must not look like its end. */
	return r == 0 ? ticks == start_ticks : r != -ESRCH;
}

int process_open(pid_t pid, uint64_t start_ticks)
{
	cleanup_close int fd = -EBADF;
	uint64_t ticks;
	int r;

	fd = sys_pidfd_open(pid);
	if (fd < 0)
		return fd == -EINVAL ? -ESRCH : fd;
	/* Looked at after the descriptor pins it: a match now is the process that the descriptor is
	 * of. */
	r = process_start(pid, &ticks);
	if (r < 0)
		return r;
	if (ticks != start_ticks)
		return -ESRCH;
	return move_fd(&fd);
}
