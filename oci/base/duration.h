/* SPDX-License-Identifier: Apache-2.0 */
/* Durations as Go writes them (time.ParseDuration): "300ms", "1m30s", "1.5h", "0". */
#ifndef FSH_OCI_BASE_DURATION_H
#define FSH_OCI_BASE_DURATION_H

#include <stdint.h>

/*
 * Parse into microseconds. Units ns, us (and the micro sign's two spellings), ms, s, m, h;
 * fractions allowed; "0" needs no unit. 0, -EINVAL for bad syntax or a sign, -ERANGE above 2^62
 * microseconds.
 */
int duration_parse(const char *text, uint64_t *ret_usec);

/* "1m30s", "250ms": the shortest spelling that a person would write. Owned by the caller, NULL
 * without memory. */
char *duration_format(uint64_t usec);

#endif
