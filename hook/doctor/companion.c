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

/* From the directory above this program's own: of LIBEXECDIR/fuse-sidecar, and of /usr/local/bin.
 */
static const char *const installed_places[] = {
	"oci/hooks.d/" HOOK_PROGRAM,
	"sbin/" HOOK_PROGRAM,
};

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

/* `path` moves to *ret where it can be run. 0, -ENOENT or -ENOMEM. */
static int companion_take(char **path, char **ret)
{
	if (!*path)
		return -ENOMEM;
	if (access(*path, X_OK) < 0)
		return -ENOENT;
	*ret = move_ptr(*path);
	return 0;
}

static int companion_above(char **ret)
{
	cleanup_free char *directory = NULL;
	int r = companion_own_directory(&directory);

	if (r < 0)
		return r;
	*ret = path_parent(directory);
	return *ret ? 0 : -ENOMEM;
}

int companion_hook(char **ret)
{
	cleanup_free char *beside = NULL, *above = NULL;
	int r = companion_beside(HOOK_PROGRAM, &beside);

	if (r == 0)
		r = companion_above(&above);
	if (r < 0)
		return r;
	r = companion_take(&beside, ret);
	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(installed_places); i++) {
		cleanup_free char *path = path_join(above, installed_places[i]);

		r = companion_take(&path, ret);
	}
	return r;
}
