/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asked before the judge and not at the step: who is refused for a mount on its path is refused
 * while nothing has been made, shared, bound or detached for it.
 */
#include "hook/run/facts_mounted.h"

#include "hook/mount/probe.h"
#include "hook/mount/safe_walk.h"
#include "hook/run/authority.h"
#include "hook/run/mount_owner.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "policy/check/mounts.h"
#include <stdio.h>
#include <string.h>

/* The instance before this one, where it still runs; 0 without. */
static pid_t mounted_former(const struct run *run, const struct target *target)
{
	const struct topology_container *container =
		topology_container(&run->session.topology, target->request->provider);

	if (!container || !container->id ||
		strcmp(container->id, run->input.identity.container_id) == 0 ||
		!process_is_alive(container->pid, container->pid_start_ticks))
		return 0;
	return container->pid;
}

/* Which other pod provides that directory, or has that mount. */
static int mounted_name_owner(
	const struct run *run, const char *host_path, char **ret, struct error *err)
{
	const struct mount_entry *mount = mounts_at(&run->known.node.host, host_path);
	struct mount_owner_question question = {.host_path = host_path};
	cleanup_mount_owner struct mount_owner owner = {0};
	char device[32];
	int r;

	if (mount) {
		snprintf(device, sizeof(device), "%u:%u", mount->major, mount->minor);
		question.device = device;
	}
	r = mount_owner_find(run, &question, &owner, err);
	if (r < 0 || !owner.provider)
		return r;
	*ret = strformat("%s of the pod %s/%s", owner.provider,
		owner.pod_namespace ? owner.pod_namespace : "?",
		owner.pod_name ? owner.pod_name : "?");
	return *ret ? 0 : error_memory(err);
}

int facts_mounted_describe(const struct run *run, const struct target *target,
	enum path_state state, struct mounted_path *ret, struct error *err)
{
	cleanup_mounted_path struct mounted_path found = {
		.path = strdup(target->request->path), .state = state};
	int r = 0;

	if (!found.path)
		return error_memory(err);
	if (state == PATH_LIVE)
		found.former_pid = mounted_former(run, target);
	if (state != PATH_HUNG && found.former_pid == 0)
		r = mounted_name_owner(run, target->host_path, &found.owner, err);
	if (r == 0)
		*ret = move_struct(found);
	return r;
}

/* Whether the dead mount is the hook's to detach, when the time comes; true as well where it is not
 * there any more: the step looks for itself, and judges what it finds. */
static int mounted_may_heal(struct run *run, const struct target *target,
	const struct mount_entry *entry, bool *ret, struct error *err)
{
	const struct claim_place place = {target->request->path, target->volume, target->host_path};
	struct dead_mount mount = {.major = entry->major, .minor = entry->minor};
	cleanup_mount_owner struct mount_owner owner = {0};
	struct claim claim;
	int r = authority_claim(run, &place, &claim, err);

	if (r < 0)
		return r;
	r = authority_identify(&run->input, &claim, &mount, err);
	if (safe_walk_has_changed(r) || (r == 0 && mount.id != entry->id)) {
		error_clear(err);
		*ret = true;
		return 0;
	}
	return r < 0 ? r : authority_find(run, &claim, &mount, &owner, ret, err);
}

static int mounted_note(struct run *run, const struct target *target,
	const struct probe_question *answer, struct error *err)
{
	cleanup_mounted_path struct mounted_path found = {0};
	bool heals = false;
	int r = 0;

	if (answer->state == PATH_UNKNOWN || answer->state == PATH_ABSENT)
		return 0;
	if (answer->state == PATH_HUNG && strv_add(&run->session.hung, target->host_path) < 0)
		return error_memory(err);
	if (answer->state == PATH_DEAD)
		r = mounted_may_heal(run, target, answer->mount, &heals, err);
	if (r == 0)
		r = facts_mounted_describe(run, target, answer->state, &found, err);
	if (r < 0)
		return r;
	found.detachable = heals;
	return mounted_add(&run->known.mounted, &found) < 0 ? error_memory(err) : 0;
}

/* A path that the policy does not let the hook touch is refused for that, whatever is there. */
static bool mounted_is_looked_at(const struct run_input *input, const struct target *target)
{
	return target->relation == TARGET_PROVIDES && target->host_path && target->volume &&
	       (config_prefix_of(&input->config.roots, target->host_path) ||
		       config_prefix_of(&input->config.node_mounts, target->host_path));
}

static int mounted_probe(struct run *run, const struct targets *targets,
	struct probe_question *questions, struct error *err)
{
	const char *first = NULL;
	int r;

	for (size_t i = 0; i < targets->n; i++) {
		if (!mounted_is_looked_at(&run->input, &targets->items[i]))
			continue;
		questions[i].host_path = targets->items[i].host_path;
		if (!first)
			first = questions[i].host_path;
	}
	if (!first)
		return 0;
	worker_status_at(run->session.progress, "probing the mounts, beginning with", first);
	r = probe_paths(&run->known.node.host, questions, targets->n, run_probe_timeout(run));
	return r < 0 ? error_set(err, r, FINDING_HOST_IO, first, NULL, "cannot probe %s: %s", first,
			       strerror(-r))
		     : 0;
}

int facts_mounted_read(struct run *run, const struct targets *targets, struct error *err)
{
	cleanup_free struct probe_question *questions = calloc(targets->n + 1, sizeof(*questions));
	int r;

	if (!questions)
		return error_memory(err);
	r = mounted_probe(run, targets, questions, err);
	for (size_t i = 0; r == 0 && i < targets->n; i++)
		r = mounted_note(run, &targets->items[i], &questions[i], err);
	if (r == 0)
		run->known.facts.mounted = &run->known.mounted;
	return r;
}
