/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target on the container's side: its mounts are found in its own table, where the runtime may
 * have put them elsewhere than config.json says, since it follows the symbolic links of the image.
 */
#include "policy/check/target_container.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/mounts.h"
#include "policy/check/target_place.h"
#include "policy/check/target_source.h"
#include <string.h>

int target_table_root(const struct facts *facts, char **ret)
{
	const char *root = facts->container_root ? facts->container_root : facts->spec->root_path;
	cleanup_free char *joined = NULL, *simple = NULL;

	*ret = NULL;
	if (!facts->container || !root || (root[0] != '/' && !facts->bundle))
		return 0;
	joined = path_join(root[0] == '/' ? "/" : facts->bundle, root);
	if (!joined)
		return -ENOMEM;
	simple = path_simplify(joined);
	if (!simple)
		return -ENOMEM;
	/* Runtimes make the root a mountpoint before anything else. */
	if (!mounts_at(facts->container, simple)) {
		*ret = strdup("/");
		return *ret ? 0 : -ENOMEM;
	}
	*ret = move_ptr(simple);
	return 0;
}

/* The one mountpoint below `root` that shows the place; NULL where there is none or a second. */
static const char *find_mountpoint_of(
	const struct mount_table *table, const char *root, const struct target_place *place)
{
	const char *found = NULL;

	for (size_t i = 0; i < table->n; i++) {
		const struct mount_entry *mount = &table->entries[i];

		if (mount->major != place->major || mount->minor != place->minor ||
			strcmp(mount->root, place->path) != 0 || !path_below(mount->target, root))
			continue;
		if (found)
			return NULL;
		found = mount->target;
	}
	return found;
}

/*
 * The mountpoint of target->mount in the container's table. Runtimes resolve a destination inside
 * the image, whose symbolic links are not to be seen from here: where nothing is mounted at the
 * plain path, the mount that shows the same directory is it. *ret NULL where there is none. 0 or
 * -ENOMEM.
 */
static int find_mountpoint(
	const struct facts *facts, struct target *target, const char *root, char **ret)
{
	cleanup_free char *plain = path_join(root, target->mount->destination), *source = NULL;
	cleanup_target_place struct target_place place = {0};
	const char *found;
	int r;

	*ret = NULL;
	if (!plain)
		return -ENOMEM;
	if (mounts_at(facts->container, plain)) {
		*ret = move_ptr(plain);
		return 0;
	}
	r = target_mount_source(facts, target->mount, &source);
	if (r < 0 || !source || !facts->host)
		return r;
	r = target_place_find(mounts_cover(facts->host, source), source, &place);
	if (r < 0 || !place.path)
		return r;
	target->unplaced = facts->container->partial;
	if (target->unplaced)
		return 0;
	found = find_mountpoint_of(facts->container, root, &place);
	if (found)
		*ret = strdup(found);
	return found && !*ret ? -ENOMEM : 0;
}

static int resolve_container_anchor(
	const struct facts *facts, const char *mountpoint, struct target *target)
{
	const char *rest = target->anchor ? path_below(target->anchor, target->source) : NULL;
	cleanup_free char *anchor = NULL;

	if (!rest)
		return 0;
	anchor = path_join(mountpoint, rest);
	if (!anchor)
		return -ENOMEM;
	if (mounts_at(facts->container, anchor))
		target->container_anchor = move_ptr(anchor);
	return 0;
}

int target_resolve_container(const struct facts *facts, const char *root, struct target *target)
{
	cleanup_free char *mountpoint = NULL;
	int r;

	if (!root || !target->mount)
		return 0;
	r = find_mountpoint(facts, target, root, &mountpoint);
	if (r < 0 || !mountpoint)
		return r;
	if (target->relation == TARGET_INSIDE) {
		target->container_carrier = mounts_at(facts->container, mountpoint);
		return 0;
	}
	target->container_path =
		path_join(mountpoint, path_below(target->seen_path, target->mount->destination));
	if (!target->container_path)
		return -ENOMEM;
	target->container_carrier = mounts_carrier(facts->container, target->container_path);
	return resolve_container_anchor(facts, mountpoint, target);
}
