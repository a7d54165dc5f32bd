/* SPDX-License-Identifier: Apache-2.0 */
/* Whether mounts can travel: out of the provider, through the host, into the consumer. */
#include "policy/check/checks.h"

#include "oci/base/cleanup.h"
#include "oci/base/programs.h"
#include "policy/check/fixable.h"
#include "policy/check/mounts.h"
#include "policy/check/propagation_path.h"
#include "policy/check/target_container.h"
#include <string.h>

/* A container's mount is a matter of its own, however many FUSE paths it holds. */
static bool is_first_of_mount(const struct targets *targets, const struct target *target)
{
	for (const struct target *earlier = targets->items; earlier < target; earlier++)
		if (earlier->relation == target->relation && earlier->mount == target->mount)
			return false;
	return true;
}

static bool is_first_of_carrier(const struct targets *targets, const struct target *target)
{
	for (const struct target *earlier = targets->items; earlier < target; earlier++)
		if (earlier->relation == target->relation &&
			earlier->host_carrier == target->host_carrier)
			return false;
	return true;
}

static int add_host_not_shared(const struct facts *facts, const struct target *target,
	const char *why, const char *fix, struct findings *findings)
{
	return findings_add(findings, facts->config, FINDING_HOST_NOT_SHARED, target->host_path,
		fix, "the host's mount at %s, which carries %s, is %s, and %s",
		target->host_carrier->target, target->host_path,
		target->host_carrier->unbindable ? "unbindable" : "not shared", why);
}

static int check_host(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	switch (fixable_host(facts, target)) {
	case FIXABLE_NOT_NEEDED:
	case FIXABLE_SHARE:
		return 0;
	case FIXABLE_NODE:
		return add_host_not_shared(facts, target,
			"the hook does not change other pods' mounts",
			"list it in nodeMounts of the node's policy.json and run "
			"`" HOOK_PROGRAM " prepare`",
			findings);
	case FIXABLE_OUTSIDE:
		/* Where the volume is outside as well, path-outside-roots has said so. */
		if (target->volume && !config_prefix_of(&facts->config->roots, target->volume))
			return 0;
		return add_host_not_shared(facts, target,
			"the hook shares nothing outside the policy's roots",
			"mount the volume itself in the container, not a directory above it",
			findings);
	case FIXABLE_FOREIGN:
		return add_host_not_shared(facts, target,
			"the hook shares a volume of the pod's own only",
			"list it in nodeMounts of the node's policy.json and run "
			"`" HOOK_PROGRAM " prepare`",
			findings);
	case FIXABLE_UNBINDABLE:
		return add_host_not_shared(facts, target,
			"a directory of it cannot be bound to a shared mount of its own",
			"make that mount bindable (mount --make-private)", findings);
	case FIXABLE_NAMELESS:
		return add_host_not_shared(facts, target, "the container mounts it from elsewhere",
			"restart the provider, which makes its volume shared", findings);
	}
	return 0;
}

/* Nothing declared is what the runtime makes of it: the container's table shows that. */
static bool is_declared_well(const struct target *target)
{
	const struct mount_entry *mount = target->container_carrier;

	if (target->mount->propagation != PROPAGATION_UNSET || !mount)
		return fixable_declared(target);
	return mount->shared || (mount->master && target->relation == TARGET_SEES);
}

static int propagation_check_provider(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	const char *destination = target->mount->destination;

	/* Where a grant was asked for instead, grant-not-allowed says what to do. */
	if (facts->request->grant)
		return 0;
	return findings_add(findings, facts->config, FINDING_PROVIDER_NOT_SHARED, destination,
		"set mountPropagation: Bidirectional on the provider's volumeMount",
		"the volume at %s of container %s has propagation %s: the FUSE mount at %s would "
		"never leave the container",
		destination, facts->identity->container_name,
		propagation_name(target->mount->propagation), target->request->path);
}

static int propagation_check_consumer(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	const char *destination = target->mount->destination;
	bool unseen = target->mount->propagation == PROPAGATION_UNSET && !target->container_carrier;

	return findings_add_capped(findings, facts->config, FINDING_CONSUMER_NO_PROPAGATION,
		unseen ? SEVERITY_WARN : SEVERITY_DENY, destination,
		"set mountPropagation: HostToContainer on the consumer's volumeMount",
		"the volume at %s of container %s has propagation %s: %s would be an empty "
		"directory there",
		destination, facts->identity->container_name,
		propagation_name(target->mount->propagation), target->seen_path);
}

static bool shows_fuse(const struct target *target)
{
	const struct mount_entry *mount = target->container_carrier;

	return mount && mount_entry_is_fuse(mount);
}

/*
 * A mount inside the FUSE path shows data only where it was made from a live FUSE mount, and then
 * for as long as that one lives. A mount of exactly the path does receive a later FUSE mount (it is
 * put on top of its root), but is of the first kind as soon as the container is made anew.
 */
static int propagation_check_inside(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	enum propagation declared = target->mount->propagation;
	bool receives =
		target->exact && (declared == PROPAGATION_SLAVE || declared == PROPAGATION_SHARED);
	bool captured = shows_fuse(target);
	const char *why = "a mount made there later never appears in it";

	if (captured)
		why = "it shows the FUSE mount of now, and stays dead when that one dies";
	else if (receives)
		why = "made while the FUSE mount is live, it stays dead when that one dies";
	return findings_add_capped(findings, facts->config, FINDING_CONSUMER_NO_PROPAGATION,
		captured || receives ? SEVERITY_WARN : SEVERITY_DENY, target->mount->destination,
		"mount a directory above the FUSE path, with mountPropagation: HostToContainer",
		"the volume at %s of container %s is %s %s, not a directory above it: %s",
		target->mount->destination, facts->identity->container_name,
		target->exact ? "the mountpoint" : "a directory below", target->request->path, why);
}

/* Its id map (of a pod with hostUsers: false) is the mount's own: a clone of the host's has none.
 */
static int check_id_map(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	if (!target->container_carrier ||
		!mounts_has_option(target->container_carrier, MOUNTS_IDMAPPED))
		return 0;
	return findings_add(findings, facts->config, FINDING_PEER_GROUP_MISMATCH,
		target->mount->destination,
		"make the host's mount shared (mount --make-shared) before the pod starts",
		"the volume at %s of container %s is idmapped and not in the host's peer group: "
		"the hook cannot replace it, since every file would change its owner",
		target->mount->destination, facts->identity->container_name);
}

/* The table is that of the container before pivot_root, and has no mount of the volume: the runtime
 * has made none. In one that was captured in another root nothing is found either, and that says
 * nothing. */
static int is_absent(const struct facts *facts, const struct target *target, bool *ret)
{
	cleanup_free char *root = NULL;
	int r = target_table_root(facts, &root);

	*ret = r == 0 && root && strcmp(root, "/") != 0 && target->host_carrier &&
	       mounts_at(facts->container, root);
	return r;
}

/* What the declarations promise and the tables disprove, and the plan would not fix. */
static int check_tables(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	bool replaces, disproved;
	enum propagation_path way;
	int r;

	r = fixable_replaces(facts, target, &replaces);
	if (r < 0)
		return r;
	if (replaces)
		return check_id_map(facts, target, findings);
	r = propagation_path_find(facts, target, &way);
	disproved = way == PROPAGATION_ELSEWHERE || way == PROPAGATION_CONTAINER_PRIVATE ||
		    way == PROPAGATION_APART;
	if (r == 0 && way == PROPAGATION_ABSENT)
		r = is_absent(facts, target, &disproved);
	if (r < 0 || !disproved)
		return r;
	return check_propagation_path(facts, target, findings);
}

static int check_target(const struct facts *facts, const struct targets *targets,
	const struct target *target, struct findings *findings)
{
	bool first_of_carrier = is_first_of_carrier(targets, target);
	bool first_of_mount = is_first_of_mount(targets, target);
	int r = first_of_carrier ? check_host(facts, target, findings) : 0;

	if (r < 0 || !target->mount || (!first_of_carrier && !first_of_mount))
		return r;
	if (is_declared_well(target))
		return check_tables(facts, target, findings);
	if (!first_of_mount)
		return 0;
	if (target->relation == TARGET_PROVIDES)
		return propagation_check_provider(facts, target, findings);
	return propagation_check_consumer(facts, target, findings);
}

/*
 * crun applies linux.rootfsPropagation to every mount after pivot_root, so after this hook, and so
 * does runc 1.3 (1.1 did it before the mounts). What a provider needs shared must be shared there
 * too; slave is enough for a consumer, and unset is runc's default for it.
 */
static int check_rootfs(
	const struct facts *facts, const struct target *target, struct findings *findings)
{
	enum propagation rootfs = facts->spec->rootfs_propagation;
	bool provides = target->relation == TARGET_PROVIDES;

	if (rootfs == PROPAGATION_SHARED || (rootfs == PROPAGATION_SLAVE && !provides))
		return 0;
	return findings_add_capped(findings, facts->config, FINDING_ROOTFS_PROPAGATION,
		rootfs == PROPAGATION_UNSET && !provides ? SEVERITY_WARN : SEVERITY_DENY,
		"linux.rootfsPropagation",
		provides ? "set linux.rootfsPropagation to \"rshared\""
			 : "set linux.rootfsPropagation to \"rslave\"",
		"linux.rootfsPropagation of container %s is %s, which the runtime applies to every "
		"mount after this hook: the volume at %s would then not %s mounts",
		facts->identity->container_name, propagation_name(rootfs),
		target->mount->destination, provides ? "send" : "receive");
}

int check_propagation(
	const struct facts *facts, const struct targets *targets, struct findings *findings)
{
	bool provider = targets_role(targets) == ROLE_PROVIDER;
	const struct target *well = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < targets->n; i++) {
		const struct target *target = &targets->items[i];

		/* What a provider sees of others is its own affair. */
		if (target->relation == TARGET_NONE ||
			(target->relation == TARGET_PROVIDES) != provider)
			continue;
		if (target->relation == TARGET_INSIDE) {
			r = propagation_check_inside(facts, target, findings);
			continue;
		}
		r = check_target(facts, targets, target, findings);
		if (!well && target->mount && is_declared_well(target))
			well = target;
	}
	return r < 0 || !well ? r : check_rootfs(facts, well, findings);
}
