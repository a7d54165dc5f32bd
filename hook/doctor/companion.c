/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By the program's own file in proc: what PATH has under a name need not be the one that was
 * installed with it.
 */
#include "hook/doctor/companion.h"

#include "hook/sys/fd_path.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/programs.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* From the directory that holds this program's own. */
#define INSTALLED_HOOK "oci/hooks.d/" HOOK_PROGRAM

static int companion_own_directory(char **ret)
{
	cleanup_close int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	cleanup_free char *own = NULL;
	int r = fd < 0 ? -errno : fd_path(fd, &own);

	if (r < 0)
		return r;
	*ret = path_parent(own);
	return *ret ? 0 : -ENOMEM;
}

int companion_beside(const char *name, char **ret)
{
	cleanup_free char *directory = NULL;
	int r = companion_own_directory(&directory);

	if (r < 0)
		return r;
	*ret = path_join(directory, name);
	return *ret ? 0 : -ENOMEM;
}

static int companion_installed_hook(char **ret)
{
	cleanup_free char *directory = NULL, *above = NULL;
	int r = companion_own_directory(&directory);

	if (r < 0)
		return r;
	above = path_parent(directory);
	*ret = above ? path_join(above, INSTALLED_HOOK) : NULL;
	return *ret ? 0 : -ENOMEM;
}

int companion_hook(char **ret)
{
	cleanup_free char *beside = NULL, *installed = NULL;
	int r = companion_beside(HOOK_PROGRAM, &beside);

	if (r == 0)
		r = companion_installed_hook(&installed);
	if (r < 0)
		return r;
	if (access(beside, X_OK) == 0)
		*ret = move_ptr(beside);
	else if (access(installed, X_OK) == 0)
		*ret = move_ptr(installed);
	else
		return -ENOENT;
	return 0;
}
