/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own walk, repeated on a table: mounts that are stacked, hidden below others, or out
 * of a root's reach are where a search for the longest prefix gives the wrong one.
 */
#include "policy/check/mounts.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/strv.h"
#include <string.h>

const struct mount_entry *mounts_by_id(const struct mount_table *table, int id)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->entries[i].id == id)
			return &table->entries[i];
	return NULL;
}

/*
 * The mount at "/" that nothing in the table carries. A process in another root sees a root mount
 * whose parent is not in its table; the initial one is its own parent (proc(5)).
 */
static const struct mount_entry *find_root(const struct mount_table *table)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct mount_entry *mount = &table->entries[i];

		if (strcmp(mount->target, "/") != 0)
			continue;
		if (mount->parent == mount->id || !mounts_by_id(table, mount->parent))
			return mount;
	}
	return NULL;
}

enum walk {
	WALK_INTO,   /* cross what is mounted on the last component as well */
	WALK_BEFORE, /* stop on the last component itself */
};

/*
 * The child of `mount` that a walk to `path` meets first. Children that share a parent cannot hide
 * each other: the one whose mountpoint is shorter is reached first, and one stacked on the mount's
 * own root before all others. Of equals the later one is on top.
 */
static const struct mount_entry *next_mount(const struct mount_table *table,
	const struct mount_entry *mount, const char *path, enum walk walk)
{
	const struct mount_entry *next = NULL;
	size_t shortest = 0;

	for (size_t i = 0; i < table->n; i++) {
		const struct mount_entry *child = &table->entries[i];
		const char *rest;

		if (child->parent != mount->id || child->id == mount->id)
			continue;
		rest = path_below(path, child->target);
		if (!rest || (walk == WALK_BEFORE && *rest == '\0'))
			continue;
		if (!next || strlen(child->target) <= shortest) {
			next = child;
			shortest = strlen(child->target);
		}
	}
	return next;
}

static const struct mount_entry *walk_to(
	const struct mount_table *table, const char *path, enum walk walk)
{
	const struct mount_entry *mount = find_root(table);
	const struct mount_entry *next = mount;

	/* A walk crosses a mount once. The bound is for captured tables with a cycle in them. */
	for (size_t crossed = 0; next && crossed < table->n; crossed++) {
		mount = next;
		next = next_mount(table, mount, path, walk);
	}
	return mount;
}

const struct mount_entry *mounts_cover(const struct mount_table *table, const char *path)
{
	return walk_to(table, path, WALK_INTO);
}

const struct mount_entry *mounts_carrier(const struct mount_table *table, const char *path)
{
	return walk_to(table, path, WALK_BEFORE);
}

const struct mount_entry *mounts_at(const struct mount_table *table, const char *path)
{
	const struct mount_entry *mount = mounts_cover(table, path);

	return mount && strcmp(mount->target, path) == 0 ? mount : NULL;
}

char *mounts_fs_path(const struct mount_entry *mount, const char *path)
{
	const char *rest = path_below(path, mount->target);

	return rest ? path_join(mount->root, rest) : NULL;
}

enum propagation mounts_propagation(const struct mount_entry *mount)
{
	if (mount->shared)
		return PROPAGATION_SHARED;
	if (mount->master)
		return PROPAGATION_SLAVE;
	return mount->unbindable ? PROPAGATION_UNBINDABLE : PROPAGATION_PRIVATE;
}

bool mounts_has_option(const struct mount_entry *mount, const char *name)
{
	const char *option = mount->vfs_options;
	size_t wanted = strlen(name);

	while (option && *option) {
		size_t length = strcspn(option, ",");

		if (length == wanted && strncmp(option, name, length) == 0)
			return true;
		option += length;
		option += strspn(option, ",");
	}
	return false;
}

bool peer_set_contains(const struct peer_set *set, int group)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->groups[i] == group)
			return true;
	return false;
}

void peer_set_clear(struct peer_set *set)
{
	if (!set)
		return;
	free(set->groups);
	*set = (struct peer_set){0};
}

static int add_group(struct peer_set *set, int group)
{
	int r = array_grow(&set->groups, set->n, sizeof(*set->groups));

	if (r < 0)
		return r;
	set->groups[set->n++] = group;
	return 0;
}

/*
 * A slave of a reached group. Where the master is in no mount that the table's process can see,
 * propagate_from names the closest group that it gets its events from (proc(5)).
 */
static bool is_slave_of(const struct mount_entry *mount, const struct peer_set *reach)
{
	return (mount->master && peer_set_contains(reach, mount->master)) ||
	       (mount->propagate_from && peer_set_contains(reach, mount->propagate_from));
}

/* One pass over a table: every group that is a slave of what is reached. */
static int extend_reach(const struct mount_table *table, struct peer_set *reach)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct mount_entry *mount = &table->entries[i];
		int r;

		if (!mount->shared || peer_set_contains(reach, mount->shared) ||
			!is_slave_of(mount, reach))
			continue;
		r = add_group(reach, mount->shared);
		if (r < 0)
			return r;
	}
	return 0;
}

int mounts_reach(
	int origin, const struct mount_table *const *tables, size_t n_tables, struct peer_set *ret)
{
	cleanup_peer_set struct peer_set reach = {0};
	size_t before;
	int r = 0;

	if (origin)
		r = add_group(&reach, origin);
	if (r < 0)
		return r;
	/* A chain of slaves may stand in the tables in any order: until nothing is added. */
	do {
		before = reach.n;
		for (size_t i = 0; i < n_tables; i++) {
			r = extend_reach(tables[i], &reach);
			if (r < 0)
				return r;
		}
	} while (reach.n > before);
	*ret = reach;
	reach = (struct peer_set){0};
	return 0;
}

bool mounts_receives(const struct mount_entry *mount, const struct peer_set *reach)
{
	return (mount->shared && peer_set_contains(reach, mount->shared)) ||
	       is_slave_of(mount, reach);
}

bool mounts_is_self_bind(const struct mount_table *table, const struct mount_entry *mount)
{
	const struct mount_entry *parent = mounts_by_id(table, mount->parent);
	cleanup_free char *place = NULL;

	if (!parent || parent == mount || parent->major != mount->major ||
		parent->minor != mount->minor)
		return false;
	place = mounts_fs_path(parent, mount->target);
	return place && strcmp(place, mount->root) == 0;
}
