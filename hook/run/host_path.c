/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing of the host is opened by a path that a pod or a record names without one of the policy's
 * roots above it; below that root the walk is safe_walk.c's.
 */
#include "hook/run/host_path.h"

#include "hook/mount/safe_walk.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"

/* The policy's root, or mount of the node, that holds it; NULL without. */
static const char *host_path_trusted(const struct config *config, const char *host_path)
{
	const char *root = config_prefix_of(&config->roots, host_path);

	return root ? root : config_prefix_of(&config->node_mounts, host_path);
}

int host_path_open(
	const struct config *config, const char *host_path, int *ret_fd, struct error *err)
{
	const char *trusted = host_path_trusted(config, host_path);

	if (!trusted)
		return error_set(err, -EACCES, FINDING_PATH_OUTSIDE_ROOTS, host_path,
			"add its volume to roots in the node's policy",
			"%s is below no root of the node's policy", host_path);
	return safe_walk_open(trusted, host_path, ret_fd, err);
}

int host_path_open_below(const struct config *config, const char *volume, const char *host_path,
	int *ret_fd, struct error *err)
{
	const char *from = volume && path_below(host_path, volume)
				   ? volume
				   : host_path_trusted(config, host_path);
	cleanup_close int fd = -EBADF;
	int r = host_path_open(config, from ? from : host_path, &fd, err);

	if (r < 0)
		return r;
	r = safe_walk_below(fd, from, path_below(host_path, from), ret_fd, err);
	return r == -ENOENT ? error_set(err, r, FINDING_PATH_UNSAFE, host_path,
				      "end what renames or mounts directories of the volume while "
				      "the pod starts",
				      "%s has just been removed", host_path)
			    : r;
}
