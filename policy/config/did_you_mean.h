/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody may have meant: the known name closest to a misspelt one. */
#ifndef FSH_POLICY_CONFIG_DID_YOU_MEAN_H
#define FSH_POLICY_CONFIG_DID_YOU_MEAN_H

#include <stddef.h>

/*
 * The entry of `known` with the smallest edit distance to `name`, letters' case aside; NULL where
 * none is close enough to be a slip (at most one edit in three letters). Borrowed from `known`.
 */
const char *did_you_mean(const char *name, const char *const *known, size_t n_known);

#endif
