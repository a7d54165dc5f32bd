/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a test that need a process of their own. cmocka's assertions do not work there: the
 * child tells by its exit status. */
#ifndef FSH_TESTS_SUPPORT_CHILD_H
#define FSH_TESTS_SUPPORT_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* Fork and exit with what `work` returns; the child's pid. It is killed when the test dies. */
pid_t child_start(int (*work)(void *data), void *data);

/* From now on none leaves a core file: for those that crash on purpose. 0 or a negative errno. */
int child_leaves_no_core(void);

/* Its exit status, or 128 and the number of the signal that ended it. */
int child_wait(pid_t pid);

/* The first of a process's children, 0 where it has none; it need not be the caller's. */
pid_t child_of(pid_t parent);

/* How many other processes in this mount namespace run the program of that path, zombies not
 * counted; NULL: this process's own. */
unsigned int child_count(const char *program);

/* child_start() and child_wait(). */
int child_run(int (*work)(void *data), void *data);

/* child_run() with what it wrote to standard output and standard error in *ret_output, owned by the
 * caller. */
int child_capture(int (*work)(void *data), void *data, char **ret_output);

/* Ask `is_true` every millisecond, for ten seconds at most. */
bool eventually(bool (*is_true)(void *data), void *data);

#endif
