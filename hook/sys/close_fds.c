/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Without close_range(2), what procfs lists is closed and not every number up to the limit, which
 * may be a billion.
 */
#include "hook/sys/close_fds.h"

#include "hook/sys/kernel_features.h"
#include "hook/sys/procfs.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include <dirent.h>

/* procfs lists what is open by ascending number, and does not mind that it is closed meanwhile. */
static int close_listed(unsigned int first, unsigned int last)
{
	cleanup_directory DIR *directory = NULL;
	const struct dirent *entry;
	int r = procfs_list_descriptors(&directory);

	if (r < 0)
		return r;
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
