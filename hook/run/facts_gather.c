/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order is by need: input, record, then the mounts by the targets that these tell. What only a
 * stage may insist on is asked of the caller, and nothing else differs.
 */
#include "hook/run/facts_gather.h"

#include "hook/run/facts_mounted.h"
#include "hook/run/load_mounts.h"
#include "hook/sandbox/drop_privileges.h"
#include "hook/sys/held_process.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include <string.h>

/* A container that has ended listens on no port: an init container, or the one that this one
 * replaces. */
static void facts_forget_servers(struct topology *topology)
{
	for (size_t i = 0; i < topology->n_containers; i++) {
		struct topology_container *container = &topology->containers[i];

		if (container->status == CONTAINER_CREATED &&
			!process_is_alive(container->pid, container->pid_start_ticks))
			strv_clear(&container->rc_addresses);
	}
}

void facts_of_input(struct run *run)
{
	struct facts *facts = &run->known.facts;

	facts->config = &run->input.config;
	facts->identity = &run->input.identity;
	facts->request = &run->input.request;
	facts->spec = &run->input.spec;
	facts->bundle = run->input.state.bundle;
	facts->topology = run->session.has_record ? &run->session.topology : NULL;
}

int facts_require_pid(const struct run *run, struct error *err)
{
	return run->input.state.pid > 0
		       ? 0
		       : error_set(err, -EINVAL, FINDING_STATE_INVALID, "pid",
				 "register the hook at prestart or createRuntime",
				 "the state does not have a pid: the container's init must run at "
				 "this stage");
}

/* The container's namespace and root are opened once, while that is possible: a worker that was
 * taken over later cannot open another process's memory. A run that nobody supervises is not
 * confined. */
static int facts_hold_container(const struct run *run, struct error *err)
{
	int r;

	if (!run->session.progress)
		return 0;
	held_process_hold(run->input.state.pid);
	r = drop_privileges_drop_ptrace();
	return r < 0 ? error_set(err, r, FINDING_INTERNAL, NULL, NULL,
			       "cannot drop CAP_SYS_PTRACE: %s", strerror(-r))
		     : 0;
}

static int facts_find_container(struct run *run, struct error *err)
{
	int r = facts_require_pid(run, err);

	if (r < 0)
		return r;
	r = process_start(run->input.state.pid, &run->input.pid_start_ticks);
	if (r < 0)
		return error_set(err, r, FINDING_STATE_INVALID, "pid", NULL,
			"cannot open the state's pid %d: %s", (int)run->input.state.pid,
			strerror(-r));
	return facts_hold_container(run, err);
}

/* Without the right to look, a user who asks is told the rest. */
static int facts_of_mounted(struct run *run, enum facts_for whom, struct error *err)
{
	cleanup_targets struct targets targets = {0};
	int r;

	if (targets_resolve(&run->known.facts, &targets) < 0)
		return error_memory(err);
	r = facts_mounted_read(run, &targets, err);
	if (whom == FACTS_FOR_STAGE || (r != -EACCES && r != -EPERM))
		return r;
	error_clear(err);
	return 0;
}

int facts_gather(struct run *run, enum facts_for whom, struct error *err)
{
	bool has_container = whom == FACTS_FOR_STAGE || run->input.state.pid > 0;
	int r = 0;

	facts_of_input(run);
	if (has_container)
		r = facts_find_container(run, err);
	if (r < 0)
		return r;
	worker_status_at(run->session.progress, "opening root.path", run->input.spec.root_path);
	facts_forget_servers(&run->session.topology);
	node_query(&run->known.facts);
	if (whom == FACTS_FOR_STAGE)
		r = load_mounts(run, LOAD_MOUNTS_WAYS, err);
	else
		r = load_mounts_known(run, err);
	return r < 0 ? r : facts_of_mounted(run, whom, err);
}
