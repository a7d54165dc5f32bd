/* SPDX-License-Identifier: Apache-2.0 */
/* The errors that a system call may meet on a node in trouble: full, out of memory, broken, busy.
 */
#ifndef FSH_TESTS_FAULT_ERRNOS_H
#define FSH_TESTS_FAULT_ERRNOS_H

#include <stddef.h>

#define ERRNOS_MAX 10

/* The errnos that fit the call of that name, most telling first; those of `ret` up to the count.
 * None for a call that cannot fail for such a reason. */
size_t errnos_of(const char *call, int ret[ERRNOS_MAX]);

/* Of the sort that stays: a full disk does not go away by the next call. */
int errno_stays(int error);

/* "ENOSPC". Static storage. */
const char *errno_name(int error);

#endif
