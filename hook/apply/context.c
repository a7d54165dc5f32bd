/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between two steps the node may change, by this run as well: paths are pinned anew for each, and
 * tables are read again only where a step has changed one.
 */
#include "hook/apply/context.h"

#include "hook/mount/shared_bind.h"
#include "hook/run/host_path.h"
#include "hook/run/load_mounts.h"
#include "oci/base/cleanup.h"
#include <string.h>

int apply_open_locked(const struct run *run, const char *volume, const char *host_path,
	struct lock *ret_lock, int *ret_fd, struct error *err)
{
	cleanup_close int before = -EBADF;
	int r;

	r = host_path_open_below(&run->input.config, volume, host_path, &before, err);
	worker_status_at(run->session.progress, "waiting for the lock of", host_path);
	if (r == 0)
		r = shared_bind_lock(run->session.runtime_fd, before, host_path, ret_lock, err);
	return r < 0 ? r : host_path_open_below(&run->input.config, volume, host_path, ret_fd, err);
}

static int context_load(struct run *run, enum load_mounts_how how, struct error *err)
{
	int r;

	if (!run->known.tables_changed && (how == LOAD_MOUNTS_PLACES || run->known.node.has_ways))
		return 0;
	targets_clear(&run->judgement.targets);
	r = load_mounts(run, how, err);
	if (r < 0)
		return r;
	run->known.tables_changed = false;
	return targets_resolve(&run->known.facts, &run->judgement.targets) < 0 ? error_memory(err)
									       : 0;
}

int apply_refresh(struct run *run, struct error *err)
{
	return context_load(run, LOAD_MOUNTS_PLACES, err);
}

int apply_refresh_path(struct run *run, struct error *err)
{
	return context_load(run, LOAD_MOUNTS_WAYS, err);
}

const struct target *apply_target(const struct judgement *judgement, const char *path)
{
	for (size_t i = 0; path && i < judgement->targets.n; i++) {
		const struct target *target = &judgement->targets.items[i];

		if (strcmp(target->request->path, path) == 0)
			return target;
	}
	return NULL;
}
