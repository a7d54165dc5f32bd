/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new file and rename(2): a reader has the old or the new text, and a hook that is killed in
 * between leaves a temporary name that the next one takes.
 */
#include "hook/sys/write_whole.h"

#include "oci/base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int write_whole_fd(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int write_temporary(
	const struct whole_file *file, const char *text, struct stat *ret_written)
{
	cleanup_close int fd = -EBADF;
	int r;

	if (unlinkat(file->temporary_directory, file->temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(file->temporary_directory, file->temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_whole_fd(fd, text, strlen(text));
	if (r < 0)
		return r;
	if (fchmod(fd, file->mode) < 0 || fstat(fd, ret_written) < 0)
		return -errno;
	return 0;
}

int write_whole_file(const struct whole_file *file, const char *text, struct stat *ret_written)
{
	struct stat written;
	int r = write_temporary(file, text, &written);

	if (r == 0 && renameat(file->temporary_directory, file->temporary, file->directory,
			      file->name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(file->temporary_directory, file->temporary, 0);
	else if (ret_written)
		*ret_written = written;
	return r;
}
