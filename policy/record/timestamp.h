/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as the record writes them: RFC 3339, UTC, microseconds. */
#ifndef FSH_POLICY_RECORD_TIMESTAMP_H
#define FSH_POLICY_RECORD_TIMESTAMP_H

#include <stdint.h>

#define TIMESTAMP_SIZE 32 /* bytes of the text with its NUL */

/* `usec`, microseconds since 1970 UTC (CLOCK_REALTIME), as "2025-01-31T23:59:59.000001Z". Beyond
 * the year 9999 the last microsecond of it: the format has no more digits. */
void timestamp_format(uint64_t usec, char ret[TIMESTAMP_SIZE]);

/*
 * The reverse. A fraction is optional and cut after six digits; "Z" is the only zone. 0, or -EINVAL
 * with *ret_usec untouched (a date before 1970 or that no calendar has included).
 */
int timestamp_parse(const char *text, uint64_t *ret_usec);

#endif
