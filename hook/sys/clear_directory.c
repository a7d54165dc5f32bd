/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container put there is unlinked by name from the pinned directory, up to a limit, and
 * nothing is descended into: it may have made a tree as deep as it likes.
 */
#include "hook/sys/clear_directory.h"

#include "oci/base/cleanup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define MAX_ENTRIES 1000

static bool clear_directory_is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void clear_directory(int fd)
{
	cleanup_close int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_directory DIR *directory = own < 0 ? NULL : fdopendir(own);
	const struct dirent *entry;

	if (!directory)
		return;
	(void)move_fd(&own); /* the stream's now */
	for (int i = 0; i < MAX_ENTRIES && (entry = readdir(directory)); i++) {
		if (!clear_directory_is_dot(entry->d_name) && unlinkat(fd, entry->d_name, 0) < 0)
			unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
}
