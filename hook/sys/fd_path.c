/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By the kernel's own link of the descriptor. What is no path of this root, or was removed, is
 * told apart by the text, for the kernel tells it in no other way.
 */
#include "hook/sys/fd_path.h"

#include "hook/sys/procfs.h"
#include "oci/base/cleanup.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define DELETED " (deleted)"

/* The kernel marks a removed file in the text itself; a name may end like that too. */
static int fd_path_is_gone(const char *text)
{
	size_t length = strlen(text), mark = strlen(DELETED);

	return length > mark && strcmp(text + length - mark, DELETED) == 0 &&
	       access(text, F_OK) < 0;
}

int fd_path(int fd, char **ret_path)
{
	cleanup_close int descriptors = procfs_open_descriptors();
	char name[16];
	char target[PATH_MAX];
	char *path = NULL;
	ssize_t n;

	if (descriptors < 0)
		return descriptors;
	snprintf(name, sizeof(name), "%d", fd);
	n = readlinkat(descriptors, name, target, sizeof(target));
	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(target))
		return -ENAMETOOLONG;
	target[n] = '\0';
	/* "(unreachable)/…" has no slash in front. */
	if (target[0] != '/' || fd_path_is_gone(target))
		return -ENOENT;
	path = strdup(target);
	if (!path)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}
