/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limit holds while reading, not after: the size that a file claims is a pod's word, and a
 * pipe has none.
 */
#include "oci/base/input.h"

#include "oci/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_READ 16384 /* bytes: a container's state, most config.json files in two steps */

/* Read what fits behind data[size]. The bytes read, 0 at the end, or a negative errno. */
static ssize_t read_some(int fd, char *data, size_t size, size_t room)
{
	ssize_t n;

	do
		n = read(fd, data + size, room - size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Room for more than `limit` bytes is never asked for, but one: by it too much is noticed. */
static int input_grow(char **data, size_t *room, size_t limit)
{
	size_t wanted = *room ? *room * 2 : FIRST_READ;
	char *bigger;

	if (wanted > limit + 1)
		wanted = limit + 1;
	/* And one for the NUL. */
	bigger = realloc(*data, wanted + 1);
	if (!bigger)
		return -ENOMEM;
	*data = bigger;
	*room = wanted;
	return 0;
}

int input_read_fd(int fd, size_t limit, char **ret_data, size_t *ret_size)
{
	cleanup_free char *data = NULL;
	size_t size = 0, room = 0;

	for (;;) {
		ssize_t n;

		if (size == room) {
			int r = input_grow(&data, &room, limit);

			if (r < 0)
				return r;
		}
		n = read_some(fd, data, size, room);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > limit)
			return -EFBIG;
	}
	data[size] = '\0';
	*ret_data = move_ptr(data);
	*ret_size = size;
	return 0;
}

int input_open_file(int dir, const char *path)
{
	cleanup_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return move_fd(&fd);
}

int input_read_file(int dir, const char *path, size_t limit, char **ret_data, size_t *ret_size)
{
	cleanup_close int fd = input_open_file(dir, path);

	return fd < 0 ? fd : input_read_fd(fd, limit, ret_data, ret_size);
}
