/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables are read as narrowly as the questions allow: paths first, the whole only where a path
 * does not settle it. The container's process is seen to be the same one afterwards.
 */
#include "hook/run/load_mounts.h"

#include "hook/mount/mnttab_query.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "policy/check/propagation_path.h"
#include "policy/check/target_paths.h"

static int read_host(struct run *run, struct error *err)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;
	cleanup_strv struct strv paths = {0};

	if (target_paths_of_host(&run->facts, &paths) < 0)
		return error_memory(err);
	mount_table_clear(&run->node.host);
	run->facts.host = &run->node.host;
	mnttab_query_open(0, MNTTAB_QUERY_ANY, &now);
	return mnttab_query_add(&now, &paths, &run->node.host, err);
}

/* What else has to be known of the container's table: by the targets, as far as they are known
 * without it. */
static int find_container_paths(struct run *run, struct strv *ret, struct error *err)
{
	cleanup_targets struct targets targets = {0};
	int r;

	run->facts.container = NULL;
	r = targets_resolve(&run->facts, &targets);
	run->facts.container = &run->node.container;
	if (r == 0)
		r = target_paths_of_container(&run->facts, &targets, ret);
	return r < 0 ? error_memory(err) : 0;
}

static int read_container(struct run *run, struct error *err)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;
	cleanup_strv struct strv root = {0}, paths = {0};
	int r = node_resolve_root(&run->node, &run->facts, err);

	if (r < 0)
		return r;
	if (strv_add(&root, run->node.container_root) < 0)
		return error_memory(err);
	mount_table_clear(&run->node.container);
	run->facts.container = &run->node.container;
	run->node.has_container = true;
	mnttab_query_open(run->state.pid, MNTTAB_QUERY_ANY, &now);
	r = mnttab_query_add(&now, &root, &run->node.container, err);
	if (r < 0 || !run->node.container.partial)
		return r;
	r = find_container_paths(run, &paths, err);
	return r < 0 ? r : mnttab_query_add(&now, &paths, &run->node.container, err);
}

/* What was read by its pid was its own: it had not ended, nor had another process the pid. */
static int still_the_container(const struct run *run, struct error *err)
{
	if (process_is_alive(run->state.pid, run->pid_start_ticks))
		return 0;
	return error_set(err, -ESRCH, FINDING_HOST_IO, NULL, NULL,
		"the container's init, pid %d, has ended while its mounts were read",
		(int)run->state.pid);
}

int load_mounts(struct run *run, struct error *err)
{
	int r = read_host(run, err);

	if (r == 0)
		r = read_container(run, err);
	return r < 0 ? r : still_the_container(run, err);
}

static int read_whole(pid_t pid, struct mount_table *table, struct error *err)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;

	mnttab_query_open(pid, MNTTAB_QUERY_WHOLE, &now);
	return mnttab_query_add_all(&now, table, err);
}

int load_mounts_complete(struct run *run, const struct targets *targets, struct error *err)
{
	bool incomplete = false;
	int r = propagation_path_needs_whole(&run->facts, targets, &incomplete);

	if (r < 0)
		return error_memory(err);
	if (!incomplete)
		return 0;
	r = read_whole(0, &run->node.host, err);
	if (r == 0)
		r = read_whole(run->state.pid, &run->node.container, err);
	if (r == 0)
		r = still_the_container(run, err);
	return r < 0 ? r : 1;
}
