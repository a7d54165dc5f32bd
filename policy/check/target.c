/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each FUSE path of the request, resolved in the order in which one needs the other: the relation
 * of the container's mounts to it (target_relation.c), the host's mount that carries it, the
 * container's (target_container.c).
 */
#include "policy/check/target.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/mounts.h"
#include "policy/check/target_container.h"
#include "policy/check/target_relation.h"
#include <string.h>

static int resolve_host(const struct facts *facts, struct target *target)
{
	const struct mount_entry *carrier;

	if (!facts->host || !target->host_path)
		return 0;
	carrier = mounts_carrier(facts->host, target->host_path);
	target->host_carrier = carrier;
	if (!carrier || !target->source || target->relation == TARGET_INSIDE)
		return 0;
	target->anchor_is_mountpoint = path_below(carrier->target, target->source) != NULL;
	target->anchor = strdup(target->anchor_is_mountpoint ? carrier->target : target->source);
	target->anchor_self_bind =
		target->anchor_is_mountpoint && mounts_is_self_bind(facts->host, carrier);
	return target->anchor ? 0 : -ENOMEM;
}

int targets_resolve(const struct facts *facts, struct targets *ret)
{
	const struct request *request = facts->request;
	cleanup_targets struct targets targets = {0};
	cleanup_free char *root = NULL;
	int r;

	if (request->n_mounts > 0) {
		targets.items = calloc(request->n_mounts, sizeof(*targets.items));
		if (!targets.items)
			return -ENOMEM;
	}
	targets.n = request->n_mounts;
	r = target_table_root(facts, &root);
	for (size_t i = 0; r == 0 && i < targets.n; i++) {
		struct target *target = &targets.items[i];

		target->request = &request->mounts[i];
		r = target_relate(facts, target);
		if (r == 0)
			r = resolve_host(facts, target);
		if (r == 0)
			r = target_resolve_container(facts, root, target);
	}
	if (r < 0)
		return r;
	*ret = move_struct(targets);
	return 0;
}

const struct target *targets_first(const struct targets *targets, enum target_relation relation)
{
	for (size_t i = 0; i < targets->n; i++)
		if (targets->items[i].relation == relation)
			return &targets->items[i];
	return NULL;
}

enum role targets_role(const struct targets *targets)
{
	if (targets_first(targets, TARGET_PROVIDES))
		return ROLE_PROVIDER;
	if (targets_first(targets, TARGET_SEES) || targets_first(targets, TARGET_INSIDE))
		return ROLE_CONSUMER;
	return ROLE_BYSTANDER;
}

static void target_clear(struct target *target)
{
	free(target->volume);
	free(target->host_path);
	free(target->source);
	free(target->seen_path);
	free(target->anchor);
	free(target->container_path);
	free(target->container_anchor);
}

void targets_clear(struct targets *targets)
{
	if (!targets)
		return;
	for (size_t i = 0; i < targets->n; i++)
		target_clear(&targets->items[i]);
	free(targets->items);
	*targets = (struct targets){0};
}
