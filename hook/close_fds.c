/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/close_fds.h"

#include "hook/kernel_features.h"
#include "hook/syscalls.h"
#include "oci/base/cleanup.h"
#include <dirent.h>

static int close_listed(unsigned int first, unsigned int last)
{
	cleanup_directory DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!directory)
		return -errno;
	while ((entry = readdir(directory))) {
		char *end = NULL;
		unsigned long fd = strtoul(entry->d_name, &end, 10);

		if (*end || end == entry->d_name || fd < first || fd > last ||
			fd == (unsigned long)dirfd(directory))
			continue;
		close((int)fd);
	}
	return 0;
}

int close_fds(unsigned int first, unsigned int last)
{
	int r;

	if (last < first)
		return 0;
	r = sys_close_range(first, last);
	return kernel_lacks(KERNEL_CLOSE_RANGE, r) ? close_listed(first, last) : r;
}
