/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of a namespace now: those that paths lead over, asked one by one where the kernel
 * answers that (hook/sys/statmount.h), so that it does not matter how many others there are; else
 * the whole table (hook/sys/mnttab_read.h), once. Both give the same entries.
 *
 * Asking by path looks the path up, and yet no file system is sent a request: the kernel's cache of
 * names is asked (RESOLVE_CACHED), where every mountpoint is for as long as something is mounted on
 * it. What is not there is looked up on local file systems alone; elsewhere the mounts below are
 * listed.
 */
#ifndef FSH_HOOK_MOUNT_MNTTAB_QUERY_H
#define FSH_HOOK_MOUNT_MNTTAB_QUERY_H

#include "hook/sys/mnt_ns.h"
#include "oci/base/error.h"
#include "oci/base/strv.h"
#include "oci/spec/mountinfo.h"
#include <stdint.h>
#include <sys/types.h>

/* Whose mount table is read, as it is seen from that process's root. */
struct mnttab_query {
	pid_t pid;	    /* 0: this process */
	struct mnt_ns root; /* none: only the whole table can be had */
	uint64_t *ids;	    /* of the entries read, in their order */
};
#define MNTTAB_QUERY_NONE                                                                          \
	(struct mnttab_query)                                                                      \
	{                                                                                          \
		.root = MNT_NS_NONE                                                                \
	}

enum mnttab_query_how {
	MNTTAB_QUERY_ANY,
	MNTTAB_QUERY_WHOLE, /* the whole table, whatever the kernel can do */
};

/* Cannot fail: what the kernel does not answer is read with the whole table. `pid` 0: this process.
 */
void mnttab_query_open(pid_t pid, enum mnttab_query_how how, struct mnttab_query *ret);

/*
 * Add to `table` (empty, or filled by this function) the mounts that lead to each of `paths`,
 * absolute and normalized: all that mounts_cover(), mounts_carrier() and mounts_at() of such a path
 * or one above it need, and their parents. Where they cannot be asked for one by one `table`
 * becomes the whole table (partial is false then), and more paths add nothing. 0 or a negative
 * errno as of mountinfo_read(); `table` is the caller's in each case.
 */
int mnttab_query_add(struct mnttab_query *now, const struct strv *paths, struct mount_table *table,
	struct error *err);

/* Make `table` the whole one, unless it is that already. 0 or a negative errno. */
int mnttab_query_add_all(struct mnttab_query *now, struct mount_table *table, struct error *err);

void mnttab_query_close(struct mnttab_query *now);

#define cleanup_mnttab_query __attribute__((cleanup(mnttab_query_close)))

/* The mounts of this process that lead to one path into `ret`, which is empty: mnttab_query_open()
 * and mnttab_query_add(). 0 or a negative errno. */
int mnttab_query_read(const char *path, struct mount_table *ret, struct error *err);

/*
 * The mount of this process's namespace that `fd` is on. 0 or a negative errno, -ENOENT where it is
 * in the table no more. `table` is where the whole table is kept between calls if it has to be
 * read, empty at first; NULL: it is not kept. `ret` is the caller's.
 */
int mnttab_query_of(int fd, struct mount_table *table, struct mount_entry *ret, struct error *err);

#endif
