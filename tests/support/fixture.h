/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that tests read, below the directory $TESTS_DIR ("tests" without it). Where one cannot be
 * had the running test fails.
 */
#ifndef FSH_TESTS_SUPPORT_FIXTURE_H
#define FSH_TESTS_SUPPORT_FIXTURE_H

#include "oci/base/strv.h"
#include <stddef.h>

/* The path of `name` ("fixtures/crio/…"). Owned by the caller. */
char *fixture_path(const char *name);

/* The whole file, NUL-terminated; `ret_size` may be NULL. Owned by the caller. */
char *fixture_read(const char *name, size_t *ret_size);

/* The names (as for fixture_read()) that match a glob(7) pattern, sorted; at least one. Appended to
 * `ret`. */
void fixture_glob(const char *pattern, struct strv *ret);

/* `n` repetitions of `unit` between `head` and `tail`: inputs at a limit. Owned by the caller. */
char *fixture_repeat(const char *head, const char *unit, size_t n, const char *tail);

#endif
