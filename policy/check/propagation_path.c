/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peer groups and masters say where a mount event can go; a table that shows only a part of the
 * mounts can prove that there is a way and never that there is none.
 */
#include "policy/check/propagation_path.h"

#include "oci/base/cleanup.h"
#include "oci/base/strv.h"
#include "policy/check/mounts.h"
#include <string.h>

static int shows_same_place(const struct target *target, bool *ret)
{
	const struct mount_entry *host = target->host_carrier;
	const struct mount_entry *container = target->container_carrier;
	cleanup_free char *host_place = mounts_fs_path(host, target->host_path);
	cleanup_free char *container_place = mounts_fs_path(container, target->container_path);

	if (!host_place || !container_place)
		return -ENOMEM;
	*ret = host->major == container->major && host->minor == container->minor &&
	       strcmp(host_place, container_place) == 0;
	return 0;
}

static bool is_private(const struct mount_entry *mount)
{
	return !mount->shared && !mount->master;
}

static int find_reach(const struct facts *facts, int origin, struct peer_set *ret)
{
	const struct mount_table *tables[] = {facts->host, facts->container};

	return mounts_reach(origin, tables, ARRAY_SIZE(tables), ret);
}

/* From the provider's mount, where its FUSE mount is made, to the host's. */
static int find_path_out(
	const struct facts *facts, const struct target *target, enum propagation_path *ret)
{
	cleanup_peer_set struct peer_set reach = {0};
	int r;

	if (!target->container_carrier->shared) {
		*ret = PROPAGATION_CONTAINER_PRIVATE;
		return 0;
	}
	r = find_reach(facts, target->container_carrier->shared, &reach);
	if (r < 0)
		return r;
	*ret = mounts_receives(target->host_carrier, &reach) ? PROPAGATION_OPEN : PROPAGATION_APART;
	return 0;
}

/* From the host's mount to the consumer's. */
static int find_path_in(
	const struct facts *facts, const struct target *target, enum propagation_path *ret)
{
	cleanup_peer_set struct peer_set reach = {0};
	int r;

	if (is_private(target->container_carrier)) {
		*ret = PROPAGATION_CONTAINER_PRIVATE;
		return 0;
	}
	r = find_reach(facts, target->host_carrier->shared, &reach);
	if (r < 0)
		return r;
	*ret = mounts_receives(target->container_carrier, &reach) ? PROPAGATION_OPEN
								  : PROPAGATION_APART;
	return 0;
}

int propagation_path_find(
	const struct facts *facts, const struct target *target, enum propagation_path *ret)
{
	bool same = false;
	int r;

	*ret = PROPAGATION_UNKNOWN;
	if (!facts->host || !facts->container || !target->host_path)
		return 0;
	if (!target->host_carrier || !target->container_carrier || !target->container_path) {
		*ret = PROPAGATION_ABSENT;
		return 0;
	}
	r = shows_same_place(target, &same);
	if (r < 0)
		return r;
	if (!same) {
		*ret = PROPAGATION_ELSEWHERE;
		return 0;
	}
	if (!target->host_carrier->shared) {
		*ret = PROPAGATION_HOST_PRIVATE;
		return 0;
	}
	if (target->relation == TARGET_PROVIDES)
		return find_path_out(facts, target, ret);
	return find_path_in(facts, target, ret);
}

int propagation_path_needs_whole(
	const struct facts *facts, const struct targets *targets, bool *ret)
{
	*ret = false;
	if (!facts->host || !facts->container ||
		(!facts->host->partial && !facts->container->partial))
		return 0;
	for (size_t i = 0; i < targets->n && !*ret; i++) {
		const struct target *target = &targets->items[i];
		enum propagation_path way = PROPAGATION_UNKNOWN;
		int r = 0;

		if (target->relation == TARGET_PROVIDES || target->relation == TARGET_SEES)
			r = propagation_path_find(facts, target, &way);
		if (r < 0)
			return r;
		*ret = target->unplaced || way == PROPAGATION_APART;
	}
	return 0;
}
