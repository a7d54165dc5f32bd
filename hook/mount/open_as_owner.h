/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening what lies in directories that may refuse root: a server that squashes root, and a FUSE
 * daemon, judge by the user alone. Such a directory is searched as the user that it belongs to, who
 * is as good as any other for that, and known without asking a container.
 */
#ifndef FSH_HOOK_MOUNT_OPEN_AS_OWNER_H
#define FSH_HOOK_MOUNT_OPEN_AS_OWNER_H

#include <stdint.h>

/* resolve_open() of one name in the directory `dir`, as its owner where it refuses root. */
int open_as_owner_name(int dir, const char *name, uint64_t flags, uint64_t resolve);

/* The same of a path, in one go where nobody refuses. */
int open_as_owner(int dir, const char *path, uint64_t flags, uint64_t resolve);

/*
 * The same, one component after the other, `flags` for the last. Before it goes on from a directory
 * it asks `may_pass` (NULL: nobody), which gets that, `at`, and the one `above` from which it was
 * opened: 0, or the negative errno that ends the search.
 */
int open_as_owner_stepwise(int dir, const char *path, uint64_t flags, uint64_t resolve,
	int (*may_pass)(int above, int at));

#endif
