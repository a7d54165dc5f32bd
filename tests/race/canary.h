/* SPDX-License-Identifier: Apache-2.0 */
/* A tree that nobody may touch: what it is, down to the last byte, to be compared afterwards. */
#ifndef FSH_TESTS_RACE_CANARY_H
#define FSH_TESTS_RACE_CANARY_H

#include <stdbool.h>

/*
 * Make canaries in the directory `path`: files and directories with bytes, modes, owners and
 * extended attributes. `like_the_volume`: also what a path of the race is called, so that a walk
 * that has gone astray finds it; without, it would have to make it. Fails the test where it cannot.
 */
void canary_furnish(const char *path, bool like_the_volume);

/*
 * A text with one line for everything below `path` on that file system: name, inode, type and mode,
 * owner, links, size, times of change, extended attributes, content. Owned by the caller; NULL
 * where it cannot be read.
 */
char *canary_look(const char *path);

/* The mounts that are not below `except`, one line each: id, device, place. Owned by the caller. */
char *canary_mounts(const char *except);

/* Fail the test where two such texts differ, naming the first line that does. */
void canary_compare(const char *what, const char *before, const char *after);

#endif
