/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between two steps the node may change, by this run as well: paths are pinned anew for each, and
 * tables are read again only where a step has changed one.
 */
#include "hook/apply/context.h"

#include "hook/mount/safe_walk.h"
#include "hook/mount/shared_bind.h"
#include "hook/run/load_mounts.h"
#include "oci/base/cleanup.h"
#include "oci/base/path.h"

/* The policy's root, or mount of the node, that holds it; NULL without. */
static const char *trusted_above(const struct run *run, const char *host_path)
{
	const char *root = config_prefix_of(&run->config.roots, host_path);

	return root ? root : config_prefix_of(&run->config.node_mounts, host_path);
}

int apply_open(const struct run *run, const char *host_path, int *ret_fd, struct error *err)
{
	const char *trusted = trusted_above(run, host_path);

	if (!trusted)
		return error_set(err, -EACCES, FINDING_PATH_OUTSIDE_ROOTS, host_path,
			"add its volume to roots in the node's policy",
			"%s is below no root of the node's policy", host_path);
	return safe_walk_open(trusted, host_path, ret_fd, err);
}

int apply_open_below(const struct run *run, const char *volume, const char *host_path, int *ret_fd,
	struct error *err)
{
	const char *from =
		volume && path_below(host_path, volume) ? volume : trusted_above(run, host_path);
	cleanup_close int fd = -EBADF;
	int r = apply_open(run, from ? from : host_path, &fd, err);

	if (r < 0)
		return r;
	r = safe_walk_below(fd, from, path_below(host_path, from), ret_fd, err);
	return r == -ENOENT ? error_set(err, r, FINDING_PATH_UNSAFE, host_path,
				      "end what renames or mounts directories of the volume while "
				      "the pod starts",
				      "%s has just been removed", host_path)
			    : r;
}

int apply_open_locked(const struct run *run, const char *volume, const char *host_path,
	struct lock *ret_lock, int *ret_fd, struct error *err)
{
	cleanup_close int before = -EBADF;
	int r;

	r = apply_open_below(run, volume, host_path, &before, err);
	worker_status_at(run->progress, "waiting for the lock of", host_path);
	if (r == 0)
		r = shared_bind_lock(run->runtime_fd, before, host_path, ret_lock, err);
	return r < 0 ? r : apply_open_below(run, volume, host_path, ret_fd, err);
}

static int context_resolve(struct run *run, struct error *err)
{
	targets_clear(&run->judgement.targets);
	return targets_resolve(&run->facts, &run->judgement.targets) < 0 ? error_memory(err) : 0;
}

static int context_complete(struct run *run, struct error *err)
{
	int r = load_mounts_complete(run, &run->judgement.targets, err);

	return r > 0 ? context_resolve(run, err) : r;
}

static bool any_unplaced(const struct targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		if (targets->items[i].unplaced)
			return true;
	}
	return false;
}

int apply_refresh(struct run *run, struct error *err)
{
	int r;

	if (!run->tables_changed)
		return 0;
	targets_clear(&run->judgement.targets);
	r = load_mounts(run, err);
	if (r == 0)
		r = context_resolve(run, err);
	if (r == 0 && any_unplaced(&run->judgement.targets))
		r = context_complete(run, err);
	if (r == 0)
		run->tables_changed = false;
	return r;
}

int apply_refresh_way(struct run *run, struct error *err)
{
	int r = apply_refresh(run, err);

	return r < 0 ? r : context_complete(run, err);
}
