/* SPDX-License-Identifier: Apache-2.0 */
/* broken/ of the runtime directory: records that could not be read, for whoever wants to know why.
 * It is on a tmpfs, and nobody empties it: it keeps few and little, and the oldest go first. */
#ifndef FSH_HOOK_RECLAIM_BROKEN_STORE_H
#define FSH_HOOK_RECLAIM_BROKEN_STORE_H

#include "oci/base/error.h"

#define BROKEN_DIRECTORY "broken"
#define BROKEN_MAX_RECORDS 8
#define BROKEN_MAX_SIZE (1024UL * 1024) /* bytes that they take, all together */

/* Remove what is beyond the limits; a tree, which no hook has made, stays. 0 or a negative errno.
 */
int broken_store_prune(int runtime_fd, struct error *err);

#endif
