/* SPDX-License-Identifier: Apache-2.0 */
/* Mount tables: /proc/PID/mountinfo (proc(5)) through libmount, without canonicalising any path. */
#ifndef FSH_OCI_SPEC_MOUNTINFO_H
#define FSH_OCI_SPEC_MOUNTINFO_H

#include "oci/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * libmount 2.38 drops the suffix "\040(deleted)" from a mountpoint after decoding: what it means
 * is a mark of old kernels, what it hits is a directory of exactly such a name. Whoever acts on a
 * target must compare mount ids through a descriptor (design section 11, rule 3).
 */
struct mount_entry {
	int id, parent;		   /* mount IDs, reused by the kernel after an unmount */
	unsigned int major, minor; /* of the file system: st_dev */
	char *root;		   /* the directory of the file system that is this mount's root */
	char *target;	   /* mountpoint, from the root of the process whose table it is; decoded */
	char *vfs_options; /* "rw,nosuid,…" of this mount */
	char *fstype; /* "fuse.rclone": whoever mounts a FUSE file system chooses what follows the
			 dot. Fit for messages and JSON: text_escape(), cut at 255 bytes */
	long fuse_user, fuse_group; /* whose a FUSE mount is; -1: not told, or no FUSE mount */
	int shared;		    /* peer group N of "shared:N", 0 without */
	int master;		    /* N of "master:N", 0 without */
	int propagate_from;	    /* N of "propagate_from:N", 0 without */
	bool unbindable;
};

/* In the order of the file: parents before children, but for moved mounts. */
struct mount_table {
	struct mount_entry *entries;
	size_t n;
	bool partial; /* only the mounts on the way to paths that were asked for, in any order:
			 questions about other paths, or about all mounts, have no answer here */
};

/*
 * Read a table from `path`, a file in mountinfo format. Errors: negative errno with FINDING_HOST_IO
 * naming the path and, for a line that cannot be parsed, its number. `ret` is untouched on failure
 * and owned by the caller on success.
 */
int mountinfo_read(const char *path, struct mount_table *ret, struct error *err);

/* The same from a stream; `name` is for messages. The stream stays the caller's. */
int mountinfo_read_stream(
	FILE *stream, const char *name, struct mount_table *ret, struct error *err);

/* Set what is read of a file system's type, as proc(5) shows it, and of its options. 0 or -ENOMEM.
 */
int mount_entry_set_type(struct mount_entry *entry, const char *type, const char *options);

/* True for the file system types "fuse", "fuse.SUBTYPE" and "fuseblk". */
bool mount_entry_is_fuse(const struct mount_entry *entry);

void mount_entry_clear(struct mount_entry *entry);
void mount_table_clear(struct mount_table *table);

#define cleanup_mount_entry __attribute__((cleanup(mount_entry_clear)))
#define cleanup_mount_table __attribute__((cleanup(mount_table_clear)))

#endif
