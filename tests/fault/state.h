/* SPDX-License-Identifier: Apache-2.0 */
/* What there is of a pod on the host and in its container, as text that can be compared. */
#ifndef FSH_TESTS_FAULT_STATE_H
#define FSH_TESTS_FAULT_STATE_H

#include "tests/support/fake_pod.h"

/*
 * A line for each mount below the kubelet's directory ("mount PATH FSTYPE shared"), each directory
 * of the volume ("dir PATH MODE UID:GID"), each file and pod's directory of the hook's records
 * ("record PATH"), sorted. Owned by the caller.
 */
char *state_of_host(const struct fake_pod *pod);

/* A line for each mount in its root file system. Owned by the caller. */
char *state_of_container(const struct fake_member *member);

/* The first line that is in one of the two only, with "+" or "-" before it, but for those that
 * contain `ignored` (may be NULL). NULL where they are the same. Owned by the caller. */
char *state_difference(const char *before, const char *after, const char *ignored);

bool state_has_line(const char *text, const char *line);

/* The first line that both `a` and `b` have and `text` has not, NULL without one. Owned by the
 * caller. */
char *state_common_line_missing(const char *text, const char *a, const char *b);

#endif
