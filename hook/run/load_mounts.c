/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables are read as narrowly as the questions allow: paths first, the whole only where a path
 * does not settle it. The container's process is seen to be the same one afterwards.
 */
#include "hook/run/load_mounts.h"

#include "hook/mount/mnttab_query.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include "policy/check/propagation_path.h"
#include "policy/check/target_paths.h"
#include <unistd.h>

static int read_host(struct run_known *known, struct error *err)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;
	cleanup_strv struct strv paths = {0};

	if (target_paths_of_host(&known->facts, &paths) < 0)
		return error_memory(err);
	mount_table_clear(&known->node.host);
	known->facts.host = &known->node.host;
	mnttab_query_open(0, MNTTAB_QUERY_ANY, &now);
	return mnttab_query_add(&now, &paths, &known->node.host, err);
}

/* What else has to be known of the container's table: by the targets, as far as they are known
 * without it. */
static int find_container_paths(struct run_known *known, struct strv *ret, struct error *err)
{
	cleanup_targets struct targets targets = {0};
	int r;

	known->facts.container = NULL;
	r = targets_resolve(&known->facts, &targets);
	known->facts.container = &known->node.container;
	if (r == 0)
		r = target_paths_of_container(&known->facts, &targets, ret);
	return r < 0 ? error_memory(err) : 0;
}

static int read_container(struct run *run, struct error *err)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;
	cleanup_strv struct strv root = {0}, paths = {0};
	int r = node_resolve_root(&run->known.node, &run->known.facts, err);

	if (r < 0)
		return r;
	if (strv_add(&root, run->known.node.container_root) < 0)
		return error_memory(err);
	mount_table_clear(&run->known.node.container);
	run->known.facts.container = &run->known.node.container;
	mnttab_query_open(run->input.state.pid, MNTTAB_QUERY_ANY, &now);
	r = mnttab_query_add(&now, &root, &run->known.node.container, err);
	if (r < 0 || !run->known.node.container.partial)
		return r;
	r = find_container_paths(&run->known, &paths, err);
	return r < 0 ? r : mnttab_query_add(&now, &paths, &run->known.node.container, err);
}

/* A bundle that is here makes the container one of this node: its root must be there. */
static bool load_has_bundle(const struct run_input *input)
{
	return input->state.bundle && access(input->state.bundle, F_OK) == 0;
}

/* What was read by its pid was its own: it had not ended, nor had another process the pid. */
static int still_the_container(const struct run_input *input, struct error *err)
{
	if (process_is_alive(input->state.pid, input->pid_start_ticks))
		return 0;
	return error_set(err, -ESRCH, FINDING_HOST_IO, NULL, NULL,
		"the container's init, pid %d, has ended while its mounts were read",
		(int)input->state.pid);
}

static int load_whole(pid_t pid, struct mount_table *table, struct error *err)
{
	cleanup_mnttab_query struct mnttab_query now = MNTTAB_QUERY_NONE;

	mnttab_query_open(pid, MNTTAB_QUERY_WHOLE, &now);
	return mnttab_query_add_all(&now, table, err);
}

static bool load_has_unplaced(const struct targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		if (targets->items[i].unplaced)
			return true;
	}
	return false;
}

/* Whether what was read leaves something open that whole tables may settle. */
static int load_is_incomplete(
	const struct run_known *known, enum load_mounts_how how, bool *ret, struct error *err)
{
	cleanup_targets struct targets targets = {0};
	int r = targets_resolve(&known->facts, &targets);

	*ret = r == 0 && load_has_unplaced(&targets);
	if (r == 0 && !*ret && how == LOAD_MOUNTS_WAYS)
		r = propagation_path_needs_whole(&known->facts, &targets, ret);
	return r < 0 ? error_memory(err) : 0;
}

static int load_complete(struct run *run, enum load_mounts_how how, struct error *err)
{
	bool incomplete = false;
	int r;

	run->known.node.has_ways = how == LOAD_MOUNTS_WAYS;
	if (!run->known.node.host.partial && !run->known.node.container.partial)
		return 0;
	r = load_is_incomplete(&run->known, how, &incomplete, err);
	if (r < 0 || !incomplete)
		return r;
	r = load_whole(0, &run->known.node.host, err);
	return r < 0 ? r : load_whole(run->input.state.pid, &run->known.node.container, err);
}

int load_mounts(struct run *run, enum load_mounts_how how, struct error *err)
{
	int r = read_host(&run->known, err);

	if (r == 0)
		r = read_container(run, err);
	if (r == 0)
		r = load_complete(run, how, err);
	return r < 0 ? r : still_the_container(&run->input, err);
}

/* Only of a container before pivot_root is the root a mountpoint in its own table: a state from
 * elsewhere may have the pid of anything. */
static bool load_is_container(const struct run_known *known)
{
	return known->facts.container &&
	       mounts_at(known->facts.container, known->facts.container_root);
}

int load_mounts_known(struct run *run, struct error *err)
{
	cleanup_error struct error unknown = {0};
	int r = read_host(&run->known, err);

	if (r < 0 || run->input.state.pid <= 0)
		return r;
	r = read_container(run, &unknown);
	if (r == 0 && load_is_container(&run->known))
		return load_complete(run, LOAD_MOUNTS_WAYS, err);
	run->known.facts.container = NULL;
	mount_table_clear(&run->known.node.container);
	if (unknown.code != FINDING_CONFIG_INVALID || !load_has_bundle(&run->input))
		return 0;
	*err = move_struct(unknown);
	return r;
}
