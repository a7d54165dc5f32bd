/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listmount(2) lists what cannot be reached from the root, too, and a mount may go between list
 * and question: both are left out, so that callers cannot tell by which way a table was read.
 */
#include "hook/sys/mnttab_read.h"

#include "hook/sys/mnt_ns.h"
#include "hook/sys/statmount.h"
#include "oci/base/cleanup.h"
#include "oci/base/mountlib.h"
#include "oci/base/strv.h"
#include "policy/check/mounts.h"
#include <stdio.h>
#include <string.h>

#define IDS 512 /* asked for at once */

bool mnttab_is_listed(void)
{
	cleanup_mnt_ns struct mnt_ns root = MNT_NS_NONE;

	return mnt_ns_open(0, &root) == 0 && statmount_is_complete(root.id);
}

/* Those that are no more are left out, as are those that cannot be reached from the root, which
 * mountinfo does not list either. */
static int mnttab_add_id(uint64_t id, uint64_t ns, struct mount_table *table)
{
	cleanup_statmount struct statmount_told mount = {0};
	int r = statmount_read(id, ns, &mount);

	if (r < 0)
		return r == -ENOENT || r == -EHOSTUNREACH ? 0 : r;
	if (array_grow(&table->entries, table->n, sizeof(*table->entries)) < 0)
		return -ENOMEM;
	table->entries[table->n++] = mount.entry;
	mount.entry = (struct mount_entry){0};
	return 0;
}

/* Ids of mounts that are left out. */
struct ids {
	int *items; /* owned */
	size_t n;
};

static bool mnttab_has_id(const struct ids *ids, int id)
{
	for (size_t i = 0; i < ids->n; i++) {
		if (ids->items[i] == id)
			return true;
	}
	return false;
}

static int mnttab_remember(struct ids *ids, int id)
{
	if (array_grow(&ids->items, ids->n, sizeof(*ids->items)) < 0)
		return -ENOMEM;
	ids->items[ids->n++] = id;
	return 0;
}

/* What the root is mounted on, and what else is mounted on that. */
static int find_outside(
	const struct mount_table *table, const struct mount_entry *root, struct ids *ids)
{
	const struct mount_entry *below = root;
	size_t before;
	int r = 0;

	while (r == 0 && (below = mounts_by_id(table, below->parent)) &&
		!mnttab_has_id(ids, below->id))
		r = mnttab_remember(ids, below->id);
	do {
		before = ids->n;
		for (size_t i = 0; r == 0 && before > 0 && i < table->n; i++) {
			const struct mount_entry *entry = &table->entries[i];

			if (entry->id != root->id && mnttab_has_id(ids, entry->parent) &&
				!mnttab_has_id(ids, entry->id))
				r = mnttab_remember(ids, entry->id);
		}
	} while (r == 0 && ids->n > before);
	return r;
}

/* From Linux 7.2 on, of another namespace what its root is mounted on is listed too, as a switch
 * from initramfs leaves it; mountinfo lists what can be reached from the root. */
static int leave_out_outside(struct mount_table *table, const struct mount_entry *root)
{
	struct ids outside = {0};
	int r = find_outside(table, root, &outside);
	size_t n = 0;

	for (size_t i = 0; r == 0 && outside.n > 0 && i < table->n; i++) {
		if (mnttab_has_id(&outside, table->entries[i].id))
			mount_entry_clear(&table->entries[i]);
		else
			table->entries[n++] = table->entries[i];
	}
	if (r == 0 && outside.n > 0)
		table->n = n;
	free(outside.items);
	return r;
}

int mnttab_list(pid_t pid, struct mount_table *ret)
{
	cleanup_mnt_ns struct mnt_ns root = MNT_NS_NONE;
	cleanup_mount_table struct mount_table table = {0};
	cleanup_statmount struct statmount_told at_root = {0};
	uint64_t ids[IDS], last = 0;
	int n = 0, r = mnt_ns_open(pid, &root);

	if (r == 0)
		r = statmount_read(root.id, root.ns, &at_root);
	if (r < 0)
		return r;
	do {
		n = statmount_list_all(root.ns, last, ids, IDS);
		r = n < 0 ? n : 0;
		for (int i = 0; r == 0 && i < n; i++)
			r = mnttab_add_id(ids[i], root.ns, &table);
		if (r < 0)
			return r;
		last = n > 0 ? ids[n - 1] : last;
	} while (n == IDS);
	r = leave_out_outside(&table, &at_root.entry);
	if (r < 0)
		return r;
	*ret = move_struct(table);
	return 0;
}

int mnttab_read(pid_t pid, struct mount_table *ret, struct error *err)
{
	char path[64] = "/proc/self/mountinfo";
	int r;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	if (mountlib_usable())
		return mountinfo_read(path, ret, err);
	r = mnttab_list(pid, ret);
	return r == 0 ? 0
		      : error_set(err, r, FINDING_HOST_IO, path, NULL,
				"cannot read the mounts in %s by statmount(2): %s", path,
				strerror(-r));
}
