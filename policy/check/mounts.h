/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a mount table, answered without touching the kernel. */
#ifndef FSH_POLICY_CHECK_MOUNTS_H
#define FSH_POLICY_CHECK_MOUNTS_H

#include "oci/spec/mountinfo.h"
#include "oci/spec/spec.h"
#include <stdbool.h>

/* What the kernel shows of a mount that has an id map (Linux 5.12). */
#define MOUNTS_IDMAPPED "idmapped"

/*
 * The mount that a path walk ends on (the covering mount): mounts are crossed from the root down as
 * the kernel does, so that shadowed mounts are not seen. `path` is absolute and normalized. NULL in
 * a table without a root mount. O(n) for each mount crossed.
 */
const struct mount_entry *mounts_cover(const struct mount_table *table, const char *path);

/*
 * The mount that carries `path`: the covering mount of the directory entry itself, below anything
 * mounted exactly on `path`. A mount made on `path` becomes a child of this one (or of the topmost
 * mount that is stacked on `path`).
 */
const struct mount_entry *mounts_carrier(const struct mount_table *table, const char *path);

/* The topmost mount whose mountpoint is exactly `path` and that a walk reaches; NULL without one.
 */
const struct mount_entry *mounts_at(const struct mount_table *table, const char *path);

const struct mount_entry *mounts_by_id(const struct mount_table *table, int id);

/* The place of `path` in the file system of `mount`, which covers it: mount->root + (path -
 * mount->target). Owned by the caller, NULL without memory or where `path` is not below the
 * mountpoint. */
char *mounts_fs_path(const struct mount_entry *mount, const char *path);

/* "shared", "slave" (also where shared as well as slave: use the fields), "private", "unbindable"
 * of an entry. */
enum propagation mounts_propagation(const struct mount_entry *mount);

/* True where the option list of the mount itself (not of its file system) has this word. */
bool mounts_has_option(const struct mount_entry *mount, const char *name);

/* A set of peer groups. */
struct peer_set {
	int *groups;
	size_t n;
};

/*
 * The peer groups that see what happens in group `origin`: itself, and the groups of mounts that
 * are slave and shared at once with a master in the set, over all `tables`. Empty for origin 0. 0
 * or -ENOMEM. Owned by the caller.
 */
int mounts_reach(
	int origin, const struct mount_table *const *tables, size_t n_tables, struct peer_set *ret);
bool peer_set_contains(const struct peer_set *set, int group);
void peer_set_clear(struct peer_set *set);

/* True where an event of the reached groups arrives at `mount`: as a peer or as a slave of one. */
bool mounts_receives(const struct mount_entry *mount, const struct peer_set *reach);

/* True for a bind of a directory on itself: the parent mount shows the same directory of the same
 * file system there. */
bool mounts_is_self_bind(const struct mount_table *table, const struct mount_entry *mount);

#define cleanup_peer_set __attribute__((cleanup(peer_set_clear)))

#endif
