/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening what lies in directories that may refuse root: a server that squashes root, and a FUSE
 * daemon, judge by the user alone. Such a directory is searched as the user that it belongs to, who
 * is as good as any other for that, and known without asking a container.
 */
#ifndef FSH_HOOK_SEARCH_H
#define FSH_HOOK_SEARCH_H

#include <stdint.h>

/* resolve_open() of one name in the directory `dir`, as its owner where it refuses root. */
int search_name(int dir, const char *name, uint64_t flags, uint64_t resolve);

/* The same of a path, in one go where nobody refuses. */
int search_path(int dir, const char *path, uint64_t flags, uint64_t resolve);

#endif
