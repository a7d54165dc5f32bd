/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text, compared by component: "/a/b" is below "/a", "/ab" is not. */
#ifndef FSH_OCI_BASE_PATH_H
#define FSH_OCI_BASE_PATH_H

#include <stdbool.h>

/*
 * True where `path` is absolute, has no "." or ".." component, no empty component, no trailing
 * slash (but "/" itself), no control character, and is shorter than PATH_MAX.
 */
bool path_is_normalized(const char *path);

/* The same, where control characters may be in it: a name that others gave. */
bool path_is_straight(const char *path);

/*
 * The part of `path` below `prefix`, without a leading slash: "" where they are equal, NULL where
 * `path` is not `prefix` or below it. Points into `path`. Both absolute and normalized.
 */
const char *path_below(const char *path, const char *prefix);

/* `prefix` and `rest` joined by one slash; `rest` may be "" or start with slashes. Owned by the
 * caller; NULL when memory runs out. */
char *path_join(const char *prefix, const char *rest);

/* `path` with repeated, trailing slashes and "." components removed; ".." stays as it is. Owned by
 * the caller; NULL when memory runs out. */
char *path_simplify(const char *path);

/* The path above `path` ("/" for "/a" and for "/"). Owned by the caller; NULL without memory. */
char *path_parent(const char *path);

#endif
