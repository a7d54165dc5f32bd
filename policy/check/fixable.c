/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One place for both questions, "is it a finding?" and "is it a step?": were they answered in two,
 * a pod could be refused for what the hook fixes, or let start without it.
 */
#include "policy/check/fixable.h"

#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include "policy/check/propagation_path.h"
#include "policy/config/own_volume.h"
#include <string.h>

static bool fixable_is_on_path(const struct target *target)
{
	return target->relation == TARGET_PROVIDES || target->relation == TARGET_SEES;
}

enum fixable_host fixable_host(const struct facts *facts, const struct target *target)
{
	const struct mount_entry *carrier = target->host_carrier;

	if (!fixable_is_on_path(target) || !carrier || carrier->shared)
		return FIXABLE_NOT_NEEDED;
	if (target->request->node)
		return FIXABLE_NODE;
	if (!target->anchor)
		return FIXABLE_NAMELESS;
	if (!config_prefix_of(&facts->config->roots, target->anchor))
		return FIXABLE_OUTSIDE;
	if (!own_volume_is(facts->config, facts->identity->pod_uid, target->anchor))
		return FIXABLE_FOREIGN;
	if (carrier->unbindable && !target->anchor_is_mountpoint)
		return FIXABLE_UNBINDABLE;
	return FIXABLE_SHARE;
}

bool fixable_declared(const struct target *target)
{
	enum propagation declared;

	if (!target->mount)
		return false;
	declared = target->mount->propagation;
	return declared == PROPAGATION_SHARED ||
	       (declared == PROPAGATION_SLAVE && target->relation == TARGET_SEES);
}

/* True where the container's mount shows the anchor's directory: a clone of the host's mount would
 * change what happens to later mounts, and nothing else. 0 or -ENOMEM. */
static int shows_anchor(const struct facts *facts, const struct target *target, bool *ret)
{
	const struct mount_entry *mount;
	cleanup_free char *place = NULL;

	*ret = false;
	if (!target->container_anchor)
		return 0;
	mount = mounts_at(facts->container, target->container_anchor);
	place = mounts_fs_path(target->host_carrier, target->anchor);
	if (!place)
		return -ENOMEM;
	*ret = mount && mount->major == target->host_carrier->major &&
	       mount->minor == target->host_carrier->minor && strcmp(mount->root, place) == 0;
	return 0;
}

int fixable_replaces(const struct facts *facts, const struct target *target, bool *ret)
{
	enum fixable_host host = fixable_host(facts, target);
	enum propagation_path way;
	int r;

	*ret = false;
	if (!fixable_is_on_path(target) || target->request->node || !target->anchor ||
		!fixable_declared(target))
		return 0;
	/* Not seen: the plan goes by what the host's side needs. */
	if (!target->container_path) {
		*ret = host == FIXABLE_SHARE;
		return 0;
	}
	r = propagation_path_find(facts, target, &way);
	if (r < 0)
		return r;
	if ((way == PROPAGATION_HOST_PRIVATE && host == FIXABLE_SHARE) ||
		way == PROPAGATION_CONTAINER_PRIVATE || way == PROPAGATION_APART)
		return shows_anchor(facts, target, ret);
	return 0;
}
